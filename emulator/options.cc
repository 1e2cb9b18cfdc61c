// Room: emulator.
#include "emulator/options.h"

#include <CLI/CLI.hpp>
#include <charconv>

#ifndef GW_VERSION
#define GW_VERSION "unknown"
#endif

namespace gw::emulator {
namespace {

constexpr const char* kDescription =
    "grep11-emulator - a software EP11 behind the GREP11 gRPC interface\n"
    "\n"
    "Serves the GREP11 \"Crypto\" service over TLS, the IAM token endpoint over HTTPS, and a "
    "control page over HTTP on\n"
    "loopback. Keys are wrapped under a master key in a file and given to the caller, operation "
    "states likewise; the\n"
    "server itself remembers nothing, so that any instance with the same master key serves any "
    "key.\n"
    "\n"
    "IT IS NO HSM AND PROTECTS NOTHING. Use it to develop, to test and to measure.";

constexpr const char* kFooter =
    "EXAMPLES\n"
    "  Everything on ports it picks, with certificates and API keys made at start; the ready file "
    "says which:\n"
    "    grep11-emulator --ready-file ready.json\n"
    "  Certificates and a master key that last:\n"
    "    grep11-emulator --make-certs certs\n"
    "    grep11-emulator --listen 127.0.0.1:9876 --iam-listen 127.0.0.1:9443 --control "
    "127.0.0.1:9870 \\\n"
    "      --tls-cert certs/server.pem --tls-key certs/server.key --master-key master.key "
    "--api-keys api-keys.json\n"
    "  A stand-alone server as on premises: mutual TLS, no IAM:\n"
    "    grep11-emulator --no-auth --tls-cert certs/server.pem --tls-key certs/server.key "
    "--client-ca certs/ca.pem\n"
    "  Three crypto units of 500 requests per second, 2 ms each with now and then 30 ms:\n"
    "    grep11-emulator --units 3 --rate 500 --latency longtail:2ms,30ms,0.005\n"
    "  The same trouble in each run:\n"
    "    grep11-emulator --faults faults.json --seed 7\n"
    "  Two refused signatures, then well again:\n"
    "    curl -d '{\"rpc\":\"SignSingle\",\"status\":\"UNAVAILABLE\",\"count\":2}' "
    "http://127.0.0.1:9870/faults\n"
    "\n"
    "FILES\n"
    "  The API key file is a JSON list; emulator/api-keys.example.json shows one, docs/emulator.md "
    "explains it.\n"
    "\n"
    "EXIT STATUS\n"
    "  0 after SIGTERM or SIGINT, 78 for bad options or files (all complaints are printed), 1 for "
    "anything else.";

void AddNetworkOptions(CLI::App& app, Options& o) {
  app.add_option("--listen", o.listen, "Address of the GREP11 service; port 0 picks one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--iam-listen", o.iam_listen, "Address of the IAM token endpoint")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--control", o.control, "Address of the control page; loopback only")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--tls-cert", o.tls_cert,
                 "Server certificate chain, PEM. Without it a CA and a certificate for "
                 "localhost are made at start and the CA is put into the ready file")
      ->type_name("FILE");
  app.add_option("--tls-key", o.tls_key, "Key of --tls-cert, PEM")->type_name("FILE");
  app.add_option("--tls-expired-cert", o.tls_expired_cert,
                 "A certificate of --tls-key whose time is over, PEM, for the trouble of that name")
      ->type_name("FILE");
  app.add_option("--client-ca", o.client_ca,
                 "Require client certificates of this CA (mutual TLS), PEM")
      ->type_name("FILE");
  app.add_flag("--no-tls", o.no_tls, "Plaintext gRPC and HTTP; loopback only");
}

void AddKeyOptions(CLI::App& app, Options& o) {
  app.add_option("--master-key", o.master_key,
                 "Master key, 64 hex digits; made with mode 0600 if absent. Without it "
                 "the key dies with the process, and all blobs with it")
      ->type_name("FILE");
  app.add_option("--api-keys", o.api_keys,
                 "API keys with identities and roles. Without it three random ones are made "
                 "at start and put into the ready file")
      ->type_name("FILE");
  app.add_option("--token-lifetime", o.token_lifetime, "Life of an access token")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_flag("--no-auth", o.no_auth,
               "Ask for no access token; without --client-ca loopback only");
}

void AddOpenPointOptions(CLI::App& app, Options& o) {
  app.add_option(
         "--schnorr-s256", o.schnorr_s256,
         "What the Schnorr signatures of type S256 are, which is not documented: iso-ecsdsa, "
         "iso-ecsdsa-opt or bsi-ecschnorr")
      ->type_name("RULE")
      ->capture_default_str();
}

void AddMechanismOptions(CLI::App& app, Options& o) {
  app.add_option("--mechanism", o.mechanisms,
                 "Offer a mechanism under a further number, as a newer HSM has some that its "
                 "clients do not know; may be given again")
      ->type_name("NUMBER=CKM_NAME");
}

void AddTroubleOptions(CLI::App& app, Options& o) {
  app.add_option("--latency", o.latency,
                 "Time a request takes: 5ms, normal:MEAN,DEVIATION or "
                 "longtail:USUAL,RARE,PROBABILITY")
      ->type_name("TEXT")
      ->capture_default_str();
  app.add_option("--rate", o.rate_per_s, "Requests per second and crypto unit; 0 for no limit")
      ->type_name("NUMBER")
      ->capture_default_str();
  app.add_option("--burst", o.burst,
                 "Requests a unit takes at once; 0 for a tenth of a second's worth")
      ->type_name("NUMBER")
      ->capture_default_str();
  app.add_flag(
      "--canned-signatures", o.canned_signatures,
      "Make each signature once for a key, mechanism and length of input, and give it again: "
      "for measuring clients. Such signatures DO NOT VERIFY");
  app.add_option("--faults", o.faults,
                 "Trouble from the start: JSON as POST /faults takes it at run time")
      ->type_name("FILE");
  app.add_option("--seed", o.seed,
                 "What the chances of faults are drawn from; without it a random number, printed")
      ->type_name("NUMBER");
  app.add_option("--units", o.units, "Crypto units that share the requests")
      ->type_name("NUMBER")
      ->capture_default_str();
}

}  // namespace

bool Address::loopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool ParseAddress(const std::string& text, Address& out) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  std::string host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + colon + 1, end, out.port);
  out.host = host == "localhost" ? "127.0.0.1" : host;
  return error == std::errc() && at == end && !host.empty();
}

ParseResult ParseCommandLine(int argc, char** argv, Options& out) {
  CLI::App app(kDescription, "grep11-emulator");
  app.set_version_flag("--version", std::string("grep11-emulator ") + GW_VERSION);
  app.footer(kFooter);
  app.get_formatter()->column_width(34);
  AddNetworkOptions(app, out);
  AddKeyOptions(app, out);
  AddOpenPointOptions(app, out);
  AddMechanismOptions(app, out);
  AddTroubleOptions(app, out);
  app.add_option("--ready-file", out.ready_file,
                 "JSON with the addresses in use, written when all of them answer")
      ->type_name("FILE");
  app.add_option("--make-certs", out.make_certs,
                 "Make ca.pem, server.pem, server.key, client.key and expired.pem for "
                 "localhost in this folder, and exit")
      ->type_name("DIR");
  app.add_flag("--verbose", out.verbose, "Log debug lines too");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return {ParseOutcome::kExit, code == 0 ? 0 : kExitBadConfig};
  }
  return {ParseOutcome::kRun, 0};
}

}  // namespace gw::emulator

// Room: emulator. What the command line says.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gw::emulator {

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string iam_listen = "127.0.0.1:0";
  std::string control = "127.0.0.1:0";
  std::string tls_cert;
  std::string tls_key;
  std::string tls_expired_cert;  // empty: with --tls-cert there is none
  std::string client_ca;
  bool no_tls = false;
  bool no_auth = false;
  std::string master_key;  // empty: a random one that dies with the process
  std::string api_keys;    // empty: three random ones
  std::string token_lifetime = "3600s";
  std::string latency = "0";
  double rate_per_s = 0;
  double burst = 0;  // 0: a tenth of a second's worth
  std::size_t units = 1;
  std::string faults;  // a file in the language of POST /faults
  std::optional<std::uint64_t> seed;
  bool canned_signatures = false;
  std::string schnorr_s256 = "iso-ecsdsa";
  std::vector<std::string> mechanisms;  // "NUMBER=CKM_...", beside those of the table
  std::string ready_file;
  std::string make_certs;
  bool verbose = false;
};

struct Address {
  std::string host;
  std::uint16_t port = 0;

  bool loopback() const;
  std::string text() const {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
           std::to_string(port);
  }
};

// "127.0.0.1:9876", "[::1]:0", "localhost:0".
bool ParseAddress(const std::string& text, Address& out);

enum class ParseOutcome : std::uint8_t { kRun, kExit };
struct ParseResult {
  ParseOutcome outcome;
  int exit_code;  // for kExit
};
// Reads the command line; prints help, version or what it does not understand.
ParseResult ParseCommandLine(int argc, char** argv, Options& out);

// EX_CONFIG
inline constexpr int kExitBadConfig = 78;

}  // namespace gw::emulator

// Room: bench/load. The options that grep11-load --direct and floor_grpc have in common.
#include "bench/load/direct_options.h"

#include <CLI/CLI.hpp>

namespace gw::bench {

std::vector<CLI::Option*> AddGrep11Options(CLI::App& app, DirectOptions& options,
                                           const std::string& group) {
  std::vector<CLI::Option*> added;
  const auto add = [&](const char* name, std::string& value, const char* type, const char* help) {
    return added.emplace_back(app.add_option(name, value, help)->type_name(type)->group(group));
  };
  add("--grep11", options.address, "ADDRESS", "HOST:PORT of the service");
  add("--ca", options.ca_file, "FILE", "Certificates to trust, PEM, for the service and for IAM");
  auto* iam = add("--iam", options.iam_url, "URL", "IAM endpoint for a bearer token, https only");
  auto* api_key =
      add("--apikey-file", options.api_key_file, "FILE", "File whose first line is the API key");
  auto* cert = add("--cert", options.cert_file, "FILE", "Client certificate for mutual TLS, PEM");
  auto* key = add("--key", options.key_file, "FILE", "Its private key, PEM");
  iam->needs(api_key);
  api_key->needs(iam);
  cert->needs(key);
  key->needs(cert);
  return added;
}

}  // namespace gw::bench

// Room: bench/load. How to reach a GREP11 service without any PKCS #11 module. Includes std and
// CLI11's declarations.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gw::bench {

// Empty strings mean "not given". IAM url and API key file come together, and so do certificate and
// key.
struct DirectOptions {
  std::string address;  // HOST:PORT
  std::string ca_file;
  std::string iam_url;
  std::string api_key_file;
  std::string cert_file;
  std::string key_file;
};

// Adds --grep11, --ca, --iam, --apikey-file, --cert and --key. `options` must live as long as
// `app`.
std::vector<CLI::Option*> AddGrep11Options(CLI::App& app, DirectOptions& options,
                                           const std::string& group);

}  // namespace gw::bench

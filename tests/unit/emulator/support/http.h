// Room: tests. A blocking HTTP client, just enough to ask the emulator's own endpoints.
#pragma once

#include <string>

namespace gw::emulator {

struct HttpAnswer {
  int status = 0;  // 0: no answer at all
  std::string body;
};

// `base` as in the ready file: "http://127.0.0.1:1234" or "https://...", the latter checked against
// `ca_pem`.
HttpAnswer HttpCall(const std::string& base, const std::string& method, const std::string& path,
                    const std::string& body = {}, const std::string& ca_pem = {});

}  // namespace gw::emulator

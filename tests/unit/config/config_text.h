// Test support of the config room: files to start from, and complaints as lines to compare.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/load.h"

namespace gw {

// The smallest file that is complete (R290), with the lines that tests refer to numbered.
inline constexpr std::string_view kMinimal = R"(tokens:
  0:
    grep11connection:
      address: "ep11.example.test"
      port: "443"
    storage:
      remotestore:
        enabled: true
    users:
      1:
        tokenspaceID: "f00db2f1-4421-4032-a505-465bedfa845b"
      2:
        tokenspaceID: "CA22BE26-B798-4FDF-8C83-3E3492DC0215"
        iamauth:
          apikey: "anonymous-key"
)";

// `text` with the one occurrence of `old_part` replaced; a test that misses its aim ends here.
inline std::string With(std::string_view text, std::string_view old_part,
                        std::string_view new_part) {
  std::string out(text);
  const std::size_t at = out.find(old_part);
  if (at == std::string::npos || out.find(old_part, at + 1) != std::string::npos) {
    return "{not exactly one: " + std::string(old_part);
  }
  return out.replace(at, old_part.size(), new_part);
}

// Errors, then warnings: "14: tokens.0...: is missing", "warning 3: ...".
inline std::vector<std::string> Lines(const LoadedConfig& loaded) {
  std::vector<std::string> lines;
  for (const ConfigProblem& error : loaded.errors) {
    lines.push_back(std::to_string(error.line) + ": " + error.text);
  }
  for (const ConfigProblem& warning : loaded.warnings) {
    lines.push_back("warning " + std::to_string(warning.line) + ": " + warning.text);
  }
  return lines;
}

inline std::vector<std::string> Complaints(std::string_view text) {
  return Lines(LoadConfigText(text, "test.yaml"));
}

}  // namespace gw

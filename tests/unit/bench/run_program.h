// Runs one of our programs and keeps what it printed.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace gw::bench {

struct Finished {
  int exit_code;
  std::string output;

  nlohmann::json Json() const { return nlohmann::json::parse(output, nullptr, false); }
};

// `command` is for the shell; standard error goes to the test's own.
inline Finished RunProgram(const std::string& command) {
  Finished finished{-1, {}};
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return finished;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    finished.output.append(buffer.data(), size);
  }
  const int status = pclose(pipe);
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return finished;
}

}  // namespace gw::bench

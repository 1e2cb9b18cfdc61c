// Room: bench/load. grep11-load: the program that loads a PKCS #11 module. It links no gRPC, so
// that what a process costs is the module's doing; --direct hands over to the program beside it
// that does.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "bench/load/options.h"
#include "bench/load/pkcs11_target.h"
#include "bench/load/report/report_command.h"
#include "bench/load/run.h"

namespace {

// Replaces this process by grep11-load-direct. Returns only when that fails.
int HandOver(char** argv) {
  std::error_code error;
  auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  program.replace_filename("grep11-load-direct");
  execv(program.c_str(), argv);
  std::cerr << "grep11-load: cannot start " << program.string() << ": " << std::strerror(errno)
            << '\n';
  return gw::bench::kExitCannotStart;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "report") == 0) {
    return gw::bench::RunReport(argc - 1, argv + 1);
  }
  const auto parsed = gw::bench::ParseOptions(argc, argv);
  if (!parsed.options) return parsed.exit_code;
  if (parsed.options->direct) return HandOver(argv);
  return gw::bench::RunLoad(*parsed.options, gw::bench::OpenPkcs11Target);
}

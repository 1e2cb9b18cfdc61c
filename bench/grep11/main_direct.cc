// Room: bench/grep11. grep11-load-direct: what grep11-load --direct turns into. The only load
// program with gRPC in it.
#include <iostream>

#include "bench/grep11/direct_target.h"
#include "bench/load/options.h"
#include "bench/load/run.h"

int main(int argc, char** argv) {
  const auto parsed = gw::bench::ParseOptions(argc, argv);
  if (!parsed.options) return parsed.exit_code;
  if (!parsed.options->direct) {
    std::cerr << "grep11-load-direct: is started by grep11-load --direct\n";
    return gw::bench::kExitUsage;
  }
  return gw::bench::RunLoad(*parsed.options, gw::bench::OpenDirectTarget);
}

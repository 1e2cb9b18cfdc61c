// Room: bench/load. `grep11-load report`: JSON of runs and comparisons, as one HTML page. Touches
// the files that it is told to read and to write.
#pragma once

namespace gw::bench {

// argv[0] is the word "report". Returns the exit status: 0, 2 for files that cannot be read or
// written, 64 for a wrong command line.
int RunReport(int argc, const char* const* argv);

}  // namespace gw::bench

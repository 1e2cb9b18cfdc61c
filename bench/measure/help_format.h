// Room: bench/measure. Help texts of our programs, laid out like the options section of a manual
// page.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace gw::bench {

// Each option on a line of its own, its description below it, wrapped at 100 columns.
std::shared_ptr<CLI::FormatterBase> ManualFormatter();

}  // namespace gw::bench

// Reads the map of tests/conformance.
#include "tests/docs/conformance_map.h"

#include <array>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace gw::docs {

std::vector<Promise> ReadPromises(std::string_view map) {
  std::vector<Promise> promises;
  std::istringstream lines{std::string(map)};
  bool head = true;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::array<std::string, 5> cells;
    std::istringstream rest(line);
    for (std::string& cell : cells) {
      if (!std::getline(rest, cell, '\t')) throw std::runtime_error("no five columns: " + line);
    }
    if (!std::exchange(head, false)) {
      promises.push_back({cells[0], cells[1], cells[3], cells[4]});
    }
  }
  return promises;
}

}  // namespace gw::docs

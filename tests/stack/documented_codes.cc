// Room: tests/stack. See documented_codes.h.
#include "tests/stack/documented_codes.h"

#include <fstream>
#include <sstream>
#include <vector>

namespace gw::stack {

std::map<std::string, DocumentedCodes> ReadDocumentedCodes(std::string_view test) {
  std::map<std::string, DocumentedCodes> documented;
  std::ifstream map(GW_CONFORMANCE_MAP);
  for (std::string line; std::getline(map, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
    const auto space = line.find(' ');
    if (!line.starts_with("C_") || cells.size() < 3 || space >= cells[0].size()) continue;
    if (cells[1] == "n/a") continue;
    DocumentedCodes& of_function = documented[line.substr(0, space)];
    const std::string code = cells[0].substr(space + 1);
    of_function.codes.insert(code);
    if ((" " + cells[2] + " ").find(" " + std::string(test) + " ") != std::string::npos) {
      of_function.shown.insert(code);
    }
  }
  return documented;
}

}  // namespace gw::stack

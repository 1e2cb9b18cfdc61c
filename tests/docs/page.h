// A page of docs/ whose tables are made by a program: prose and, between a line
// "<!-- made: NAME -->" and the next line "<!-- /made -->", what the program gives for NAME.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace gw::docs {

// Table by name, each ending in a new line.
using Tables = std::map<std::string, std::string, std::less<>>;

// The page with its tables renewed, all else as it was.
//   throws  std::runtime_error: a place without its end, a name without a table or twice, a table
//           without a place
std::string Filled(std::string_view page, const Tables& tables);

}  // namespace gw::docs

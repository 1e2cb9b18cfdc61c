// Room: tests/stack. The return codes that tests/conformance/spec.tsv has for a function. May
// touch: that file, read only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace gw::stack {

struct DocumentedCodes {
  std::set<std::string> codes;  // "CKR_OK"; not those that are said never to come
  std::set<std::string> shown;  // of these, those that the map says `test` shows
};

// By function name. Empty if the map cannot be read.
std::map<std::string, DocumentedCodes> ReadDocumentedCodes(std::string_view test);

}  // namespace gw::stack

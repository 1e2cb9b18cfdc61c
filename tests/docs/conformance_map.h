// tests/conformance/spec.tsv as rows: what is promised and whether a test shows it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gw::docs {

struct Promise {
  std::string id;     // "R24", "C_Sign CKR_OK", "CKM_AES_CBC encrypt"
  std::string state;  // "met", "open", "n/a"
  std::string text;
  std::string reason;  // of what is not met

  // "C_Sign" of "C_Sign CKR_OK"; the whole of an id without a second word.
  std::string_view Subject() const { return std::string_view(id).substr(0, id.find(' ')); }
};

// The rows of the map, comments and the line of the columns left out.
//   throws  std::runtime_error: a line that has not the five columns (the lint of the map says
//   more)
std::vector<Promise> ReadPromises(std::string_view map);

}  // namespace gw::docs

// Room: upstream. Touches nothing. Names for requests, by which lines of our log and events of the
// service's audit log can be matched.
#pragma once

#include <cstdint>
#include <string>

namespace gw {

// Gives names that no other daemon gives: version 4 UUIDs (RFC 9562) of which one half is random
// and the other one counts. They are no secrets. Thread: one at a time.
class CorrelationIds {
 public:
  CorrelationIds();
  std::string Next();

 private:
  std::string last_;  // the random half, and the count so far
  std::uint64_t count_ = 0;
};

}  // namespace gw

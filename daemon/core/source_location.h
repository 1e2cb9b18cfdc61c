// Room: core. std::source_location, also for clang 14, which does not take that of libstdc++ 12.
#pragma once

#if defined(__clang__) && __clang_major__ < 16

namespace gw {

class SourceLocation {
 public:
  static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                          unsigned line = static_cast<unsigned>(__builtin_LINE())) {
    SourceLocation location;
    location.file_ = file;
    location.line_ = line;
    return location;
  }
  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
};

}  // namespace gw

#else

#include <source_location>

namespace gw {
using SourceLocation = std::source_location;
}

#endif

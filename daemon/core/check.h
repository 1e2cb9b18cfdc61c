// Room: core. Broken invariants abort at once; input never comes here.
#pragma once

namespace gw {

[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);

}  // namespace gw

#define GW_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::gw::CheckFailed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define GW_DCHECK(condition) void(0)
#else
#define GW_DCHECK(condition) GW_CHECK(condition)
#endif

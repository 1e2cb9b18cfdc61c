// Room: core. Logging in one call: log::Info("opened {}", path). Where lines go is decided once by
// config/logging.cc. Never pass a PIN, an API key, a bearer token, a key blob or plaintext:
// SecretBytes has no formatter on purpose.
#pragma once

#include <spdlog/spdlog.h>

#include <utility>

namespace gw::log {

template <typename... Args>
void Debug(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void Info(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <typename... Args>
void Warn(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void Error(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}
template <typename... Args>
void Critical(spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::critical(format, std::forward<Args>(args)...);
}
// For levels that are only known at run time. The arguments are evaluated whatever the level is.
using Level = spdlog::level::level_enum;
template <typename... Args>
void At(Level level, spdlog::format_string_t<Args...> format, Args&&... args) {
  spdlog::log(level, format, std::forward<Args>(args)...);
}
inline bool Enabled(Level level) { return spdlog::should_log(level); }
inline void Flush() { spdlog::default_logger()->flush(); }

}  // namespace gw::log

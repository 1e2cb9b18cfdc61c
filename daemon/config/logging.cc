// Room: config.
#include "daemon/config/logging.h"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/core/log.h"

namespace gw {
namespace {

using SpdLevel = spdlog::level::level_enum;

// Indexed by LogLevel.
constexpr std::array<SpdLevel, 6> kLevels = {spdlog::level::critical, spdlog::level::err,
                                             spdlog::level::warn,     spdlog::level::info,
                                             spdlog::level::debug,    spdlog::level::trace};

struct LevelText {
  std::string_view name;
  std::string_view priority;  // sd-daemon(3)
};
// Indexed by spdlog's level.
constexpr std::array<LevelText, spdlog::level::n_levels> kLevelTexts = {{
    {"trace", "<7>"},
    {"debug", "<7>"},
    {"info", "<6>"},
    {"warning", "<4>"},
    {"error", "<3>"},
    {"fatal", "<2>"},
    {"off", "<7>"},
}};

const LevelText& TextOfLevel(spdlog::level::level_enum level) {
  return kLevelTexts[static_cast<std::size_t>(level)];
}

// systemd.exec(5): JOURNAL_STREAM is device:inode of the stream to the journal. It is inherited, so
// only the comparison says whether our own standard error still is that stream.
bool StandardErrorIsTheJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || fstat(STDERR_FILENO, &info) != 0) return false;
  return stream == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

void AppendEscaped(std::string& line, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\\n";
    } else if (octet < 0x20 || octet == 0x7f) {
      line += {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
    } else {
      line += c;
    }
  }
}

// "2026-01-31T23:59:59.123Z warning 4711/4712 ", in UTC since hosts of one service are compared.
std::string PlainPrefix(const spdlog::details::log_msg& message) {
  using std::chrono::milliseconds;
  const auto since_epoch = message.time.time_since_epoch();
  const auto ms = std::chrono::duration_cast<milliseconds>(since_epoch).count();
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::string fraction = std::to_string(1000 + ms % 1000);
  fraction[0] = '.';
  return time.data() + fraction + "Z " + std::string(TextOfLevel(message.level).name) + " " +
         std::to_string(getpid()) + "/" + std::to_string(message.thread_id) + " ";
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// The one sink of the process. Its target changes under its lock; the logger itself is never
// replaced, since spdlog does not allow that while other threads log.
class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ~LogSink() override { Adopt(-1, {}); }

  // Empty `path`: standard error. Returns 0, or errno; then standard error is used.
  int Open(const std::string& path) {
    const std::lock_guard lock(mutex_);
    journal_ = StandardErrorIsTheJournal();
    if (path.empty()) return Adopt(-1, path);
    const int fd = OpenFile(path);
    const int error = fd < 0 ? errno : 0;
    Adopt(fd, path);
    return error;
  }

  // Returns 0, or errno; then nothing has changed.
  int Reopen() {
    const std::lock_guard lock(mutex_);
    if (path_.empty()) return 0;
    const int fd = OpenFile(path_);
    return fd < 0 ? errno : Adopt(fd, path_);
  }

  std::string path() {
    const std::lock_guard lock(mutex_);
    return path_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    if (fd_ >= 0 && WriteAll(fd_, Line(PlainPrefix(message), text))) return;
    const std::string_view priority = TextOfLevel(message.level).priority;
    WriteAll(STDERR_FILENO, Line(journal_ ? std::string(priority) : PlainPrefix(message), text));
  }
  void flush_() override {}  // every line is written when it is logged

 private:
  // Not blocking: a pipe that nobody reads must not hold up the daemon.
  static int OpenFile(const std::string& path) {
    constexpr mode_t kMode = 0640;
    return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                kMode);
  }

  static std::string Line(std::string prefix, std::string_view text) {
    AppendEscaped(prefix, text);
    return prefix + "\n";
  }

  int Adopt(int fd, const std::string& path) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
    path_ = path;
    return 0;
  }

  // Protected by mutex_ of the base class.
  int fd_ = -1;
  bool journal_ = false;
  std::string path_;  // kept while it cannot be opened, so that Reopen() tries again
};

const std::shared_ptr<LogSink>& TheSink() {
  static const auto sink = std::make_shared<LogSink>();
  return sink;
}

}  // namespace

void SetUpLogging(const LoggingConfig& config) {
  static std::once_flag installed;
  std::call_once(installed, [] {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("grep11d", TheSink()));
  });
  const int error = TheSink()->Open(config.path);
  spdlog::default_logger_raw()->set_level(kLevels[static_cast<std::size_t>(config.level)]);
  if (error == 0) return;
  log::Warn(
      "log file {}: {}; logging to {} instead. Make the folder writable for this service "
      "(systemd: ReadWritePaths=) or leave logging.logpath empty",
      config.path, std::strerror(error),
      StandardErrorIsTheJournal() ? "the journal" : "standard error");
}

void ReopenLog() {
  const int error = TheSink()->Reopen();
  if (error == 0) return;
  log::Warn("log file {}: cannot be opened again: {}; the log stays where it is", TheSink()->path(),
            std::strerror(error));
}

}  // namespace gw

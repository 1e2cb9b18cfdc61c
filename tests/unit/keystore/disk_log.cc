// Tests of keystore.
#include "tests/unit/keystore/disk_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace gw::disk {
namespace {

struct State {
  std::mutex mutex;
  bool recording = false;
  std::string root;
  std::string parent;
  std::map<ino_t, int> files;  // those that have a name in root
  int last_file = 0;
  std::vector<Event> events;
  int error = 0;
  int fail_after = 0;
  int fail_count = 0;
  int failed = 0;
};

State& TheState() {
  static State state;
  return state;
}

// The name of `path` in the directory that is watched; empty: it is elsewhere or memory.
std::string NameIn(const State& state, const char* path) {
  const std::string text(path);
  if (!state.recording || text.rfind(state.root + "/", 0) != 0) return {};
  return text.ends_with("-shm") ? "" : text.substr(state.root.size() + 1);
}

std::optional<struct stat> LookAt(const char* path) {
  struct stat info {};
  return lstat(path, &info) == 0 ? std::optional(info) : std::nullopt;
}

// 0: not a file that is watched.
int FileOf(const State& state, int fd) {
  struct stat info {};
  if (!state.recording || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  const auto file = state.files.find(info.st_ino);
  return file == state.files.end() ? 0 : file->second;
}

std::string PathOf(int fd) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(link.c_str(), path.data(), path.size());
  return size < 0 ? "" : std::string(path.data(), static_cast<std::size_t>(size));
}

// Whether the operation that comes now fails, with errno set.
bool Fails(State& state) {
  if (state.fail_count == 0 || state.fail_after-- > 0) return false;
  state.fail_after = 0;
  --state.fail_count;
  ++state.failed;
  errno = state.error;
  return true;
}

void Created(State& state, const char* path) {
  const auto info = LookAt(path);
  if (!state.recording || !info) return;
  state.files.erase(info->st_ino);  // of a file that is gone
  const std::string name = NameIn(state, path);
  if (name.empty()) return;
  state.files[info->st_ino] = ++state.last_file;
  state.events.push_back({Kind::kCreate, state.last_file, name, 0, {}});
}

int Open(const char* path, int flags, mode_t mode) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  const bool is_new = (flags & O_CREAT) != 0 && !LookAt(path);
  if (is_new && !NameIn(state, path).empty() && Fails(state)) return -1;
  const auto fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (fd >= 0 && is_new) Created(state, path);
  return fd;
}

ssize_t Write(int fd, const void* data, std::size_t size, std::optional<off_t> offset) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  const int file = FileOf(state, fd);
  const off_t at = offset ? *offset : file != 0 ? lseek(fd, 0, SEEK_CUR) : 0;
  if (file != 0 && Fails(state)) {
    if (state.error != ENOSPC || state.failed != 1 || size < 2) return -1;
    size /= 2;
  }
  const ssize_t written =
      offset ? syscall(SYS_pwrite64, fd, data, size, *offset) : syscall(SYS_write, fd, data, size);
  if (file == 0 || written <= 0) return written;
  std::string octets(static_cast<const char*>(data), static_cast<std::size_t>(written));
  state.events.push_back({Kind::kWrite, file, {}, at, std::move(octets)});
  return written;
}

int Truncate(int fd, off_t size) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  const int file = FileOf(state, fd);
  if (file != 0 && Fails(state)) return -1;
  const auto code = static_cast<int>(syscall(SYS_ftruncate, fd, size));
  if (code == 0 && file != 0) state.events.push_back({Kind::kTruncate, file, {}, size, {}});
  return code;
}

int Sync(int fd, long number) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  if (!state.recording) return static_cast<int>(syscall(number, fd));
  const int file = FileOf(state, fd);
  const std::string path = file == 0 ? PathOf(fd) : "";
  const bool is_watched = file != 0 || path == state.root;
  if (is_watched && Fails(state)) {
    if (file != 0) state.events.push_back({Kind::kSyncFailed, file, {}, 0, {}});
    return -1;
  }
  const auto code = static_cast<int>(syscall(number, fd));
  if (code != 0) return code;
  if (file != 0) state.events.push_back({Kind::kSyncFile, file, {}, 0, {}});
  if (path == state.root) state.events.push_back({Kind::kSyncNames, 0, {}, 0, {}});
  if (path == state.parent) state.events.push_back({Kind::kSyncParent, 0, {}, 0, {}});
  return code;
}

int Unlink(const char* path) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  const auto info = LookAt(path);
  const std::string name = NameIn(state, path);
  if (!name.empty() && Fails(state)) return -1;
  const auto code = static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (code != 0 || name.empty()) return code;
  if (info && info->st_nlink == 1) state.files.erase(info->st_ino);
  state.events.push_back({Kind::kUnlink, 0, name, 0, {}});
  return code;
}

int Link(const char* from, const char* to) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  const std::string name = NameIn(state, to);
  if (!name.empty() && Fails(state)) return -1;
  const auto code = static_cast<int>(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
  const auto info = LookAt(to);
  if (code == 0 && !name.empty() && info) {
    state.events.push_back({Kind::kCreate, state.files[info->st_ino], name, 0, {}});
  }
  return code;
}

int MakeDirectory(const char* path, mode_t mode) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  const auto code = static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
  if (code == 0 && state.recording && state.root == path) {
    state.events.push_back({Kind::kMakeRoot, 0, {}, 0, {}});
  }
  return code;
}

std::string ContentOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// With the lock held.
void NoteWhatIsThere(State& state) {
  if (!std::filesystem::exists(state.root)) return;
  state.events.push_back({Kind::kMakeRoot, 0, {}, 0, {}});
  state.events.push_back({Kind::kSyncParent, 0, {}, 0, {}});
  for (const auto& entry : std::filesystem::directory_iterator(state.root)) {
    if (NameIn(state, entry.path().c_str()).empty()) continue;
    Created(state, entry.path().c_str());
    state.events.push_back({Kind::kWrite, state.last_file, {}, 0, ContentOf(entry.path())});
    state.events.push_back({Kind::kSyncFile, state.last_file, {}, 0, {}});
  }
  state.events.push_back({Kind::kSyncNames, 0, {}, 0, {}});
}

}  // namespace

DiskLog::DiskLog(std::string root) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  state.parent = std::filesystem::path(root).parent_path();
  state.root = std::move(root);
  state.files.clear();
  state.events.clear();
  state.recording = true;
  NoteWhatIsThere(state);
}

DiskLog::~DiskLog() {
  const std::lock_guard lock(TheState().mutex);
  TheState().recording = false;
  TheState().fail_count = 0;
}

void DiskLog::Mark(std::string name) {
  const std::lock_guard lock(TheState().mutex);
  TheState().events.push_back({Kind::kMark, 0, std::move(name), 0, {}});
}

std::vector<Event> DiskLog::Take() {
  const std::lock_guard lock(TheState().mutex);
  return std::exchange(TheState().events, {});
}

void DiskLog::Fail(int error, int after, int count) {
  const std::lock_guard lock(TheState().mutex);
  TheState().error = error;
  TheState().fail_after = after;
  TheState().fail_count = count;
  TheState().failed = 0;
}

int DiskLog::Failed() {
  const std::lock_guard lock(TheState().mutex);
  return TheState().failed;
}

// --- the C library's functions; those with 64 and _2 are what large-file and hardened builds call

#define GW_IN_PLACE_OF(name) __asm__(name) __attribute__((visibility("default"), used))

extern "C" {
int GwOpen(const char* path, int flags, ...) GW_IN_PLACE_OF("open");
int GwOpen64(const char* path, int flags, ...) GW_IN_PLACE_OF("open64");
int GwOpen2(const char* path, int flags) GW_IN_PLACE_OF("__open_2");
int GwOpen64Two(const char* path, int flags) GW_IN_PLACE_OF("__open64_2");
ssize_t GwWrite(int fd, const void* data, std::size_t size) GW_IN_PLACE_OF("write");
ssize_t GwPwrite(int fd, const void* data, std::size_t size, off_t at) GW_IN_PLACE_OF("pwrite");
ssize_t GwPwrite64(int fd, const void* data, std::size_t size, off_t at) GW_IN_PLACE_OF("pwrite64");
int GwFtruncate(int fd, off_t size) GW_IN_PLACE_OF("ftruncate");
int GwFtruncate64(int fd, off_t size) GW_IN_PLACE_OF("ftruncate64");
int GwFsync(int fd) GW_IN_PLACE_OF("fsync");
int GwFdatasync(int fd) GW_IN_PLACE_OF("fdatasync");
int GwUnlink(const char* path) GW_IN_PLACE_OF("unlink");
int GwLink(const char* from, const char* to) GW_IN_PLACE_OF("link");
int GwMkdir(const char* path, mode_t mode) GW_IN_PLACE_OF("mkdir");

int GwOpen(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return Open(path, flags, mode);
}
int GwOpen64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return Open(path, flags, mode);
}
int GwOpen2(const char* path, int flags) { return Open(path, flags, 0); }
int GwOpen64Two(const char* path, int flags) { return Open(path, flags, 0); }
ssize_t GwWrite(int fd, const void* data, std::size_t size) { return Write(fd, data, size, {}); }
ssize_t GwPwrite(int fd, const void* data, std::size_t size, off_t at) {
  return Write(fd, data, size, at);
}
ssize_t GwPwrite64(int fd, const void* data, std::size_t size, off_t at) {
  return Write(fd, data, size, at);
}
int GwFtruncate(int fd, off_t size) { return Truncate(fd, size); }
int GwFtruncate64(int fd, off_t size) { return Truncate(fd, size); }
int GwFsync(int fd) { return Sync(fd, SYS_fsync); }
int GwFdatasync(int fd) { return Sync(fd, SYS_fdatasync); }
int GwUnlink(const char* path) { return Unlink(path); }
int GwLink(const char* from, const char* to) { return Link(from, to); }
int GwMkdir(const char* path, mode_t mode) { return MakeDirectory(path, mode); }
}

}  // namespace gw::disk

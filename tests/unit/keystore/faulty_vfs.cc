// Tests of keystore.
#include "tests/unit/keystore/faulty_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <vector>

namespace gw::faulty {
namespace {

// What a write replaced, so that it can be taken back.
struct Unsynced {
  std::string path;
  sqlite3_int64 size_before;
  sqlite3_int64 offset;
  std::string before;  // shorter than the write where the file ended
};

struct State {
  std::mutex mutex;
  int write_error = 0;
  int sync_error = 0;
  int syncs = 0;
  std::vector<Unsynced> unsynced;
};

State& TheState() {
  static State state;
  return state;
}

// The real file lies right behind this in memory that SQLite allocated.
struct File {
  sqlite3_file base;
  const char* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Of(file)->real(); }

void Remember(sqlite3_file* file, sqlite3_int64 offset, sqlite3_int64 length) {
  if (Of(file)->path == nullptr) return;
  sqlite3_file* real = Real(file);
  Unsynced entry{Of(file)->path, 0, offset, {}};
  real->pMethods->xFileSize(real, &entry.size_before);
  const sqlite3_int64 kept = std::clamp<sqlite3_int64>(entry.size_before - offset, 0, length);
  entry.before.resize(static_cast<std::size_t>(kept));
  if (kept > 0) {
    real->pMethods->xRead(real, entry.before.data(), static_cast<int>(kept), offset);
  }
  TheState().unsynced.push_back(std::move(entry));
}

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return Real(file)->pMethods->xRead(Real(file), data, size, offset);
}
int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const std::lock_guard lock(TheState().mutex);
  if (TheState().write_error != 0) return TheState().write_error;
  Remember(file, offset, size);
  return Real(file)->pMethods->xWrite(Real(file), data, size, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const std::lock_guard lock(TheState().mutex);
  if (TheState().write_error != 0) return TheState().write_error;
  sqlite3_int64 before = 0;
  Real(file)->pMethods->xFileSize(Real(file), &before);
  if (size < before) Remember(file, size, before - size);
  return Real(file)->pMethods->xTruncate(Real(file), size);
}
int Sync(sqlite3_file* file, int flags) {
  const std::lock_guard lock(TheState().mutex);
  ++TheState().syncs;
  if (TheState().sync_error != 0) return TheState().sync_error;
  const char* path = Of(file)->path;
  if (path != nullptr) {
    std::erase_if(TheState().unsynced,
                  [path](const Unsynced& entry) { return entry.path == path; });
  }
  return Real(file)->pMethods->xSync(Real(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) {
  return Real(file)->pMethods->xUnlock(Real(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), op, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Real(file)->pMethods->xShmUnmap(Real(file), remove);
}

// Version 2: shared memory for the log, no memory-mapped pages that would bypass Write.
const sqlite3_io_methods kMethods = {
    2,
    Close,
    Read,
    Write,
    Truncate,
    Sync,
    FileSize,
    Lock,
    Unlock,
    CheckReservedLock,
    FileControl,
    SectorSize,
    DeviceCharacteristics,
    ShmMap,
    ShmLock,
    ShmBarrier,
    ShmUnmap,
    nullptr,
    nullptr,
};

sqlite3_vfs* Base() {
  static sqlite3_vfs* const base = sqlite3_vfs_find(nullptr);
  return base;
}

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  // The name stays valid until the file is closed.
  Of(file)->path = name;
  file->pMethods = nullptr;
  const int code = Base()->xOpen(Base(), name, Real(file), flags, out_flags);
  if (code == SQLITE_OK) file->pMethods = &kMethods;
  return code;
}

// Takes a write back in the copy of its file.
void Undo(const Unsynced& entry, const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t written = pwrite(fd, entry.before.data(), entry.before.size(), entry.offset);
  if (written == static_cast<ssize_t>(entry.before.size())) {
    if (ftruncate(fd, entry.size_before) != 0) std::abort();
  }
  close(fd);
}

}  // namespace

const char* Vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *Base();
    made.pNext = nullptr;
    made.zName = "faulty";
    made.szOsFile = static_cast<int>(sizeof(File)) + Base()->szOsFile;
    made.xOpen = Open;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs.zName : nullptr;
}

void FailWrites(int code) {
  const std::lock_guard lock(TheState().mutex);
  TheState().write_error = code;
}

void FailSyncs(int code) {
  const std::lock_guard lock(TheState().mutex);
  TheState().sync_error = code;
}

int Syncs() {
  const std::lock_guard lock(TheState().mutex);
  return TheState().syncs;
}

void PowerCut(const std::string& from, const std::string& to, std::minstd_rand& chance) {
  const std::lock_guard lock(TheState().mutex);
  for (const char* name : {"/keystore.db", "/keystore.db-wal", "/keystore.key"}) {
    if (!std::filesystem::exists(from + name)) continue;
    std::filesystem::copy_file(from + name, to + name,
                               std::filesystem::copy_options::overwrite_existing);
  }
  const auto& unsynced = TheState().unsynced;
  for (auto entry = unsynced.rbegin(); entry != unsynced.rend(); ++entry) {
    if (chance() % 2 == 0) continue;
    if (entry->path.rfind(from, 0) != 0) continue;
    Undo(*entry, to + entry->path.substr(from.size()));
  }
}

}  // namespace gw::faulty

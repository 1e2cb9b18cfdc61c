// Tests of keystore: what this process writes, syncs, makes and removes in one directory, call by
// call, whoever does it: the keystore itself or SQLite; and failures of these calls on demand.
// Links into a test program of its own, since it puts itself before the C library's file functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gw::disk {

enum class Kind {
  kCreate,      // `name` leads to `file` from now on
  kUnlink,      // `name` leads nowhere
  kWrite,       // `data` at `offset` of `file`
  kTruncate,    // `file` has `offset` octets
  kSyncFile,    // octets and size of `file` are on disk
  kSyncFailed,  // of `file`: nobody knows, and no later sync says it
  kSyncNames,   // the names in the directory are on disk
  kMakeRoot,    // the directory itself was made
  kSyncParent,  // the name of the directory is on disk
  kMark,        // `name`: said by the test
};

struct Event {
  Kind kind = Kind::kMark;
  int file = 0;
  std::string name;
  std::int64_t offset = 0;
  std::string data;
};

// Records while it lives; one at a time. Thread: any.
class DiskLog {
 public:
  // Files that are in `root` already are noted as made, written and synced. Files that end in -shm
  // are left out: they are memory, and nobody needs them after a power loss.
  explicit DiskLog(std::string root);
  ~DiskLog();
  DiskLog(const DiskLog&) = delete;
  DiskLog& operator=(const DiskLog&) = delete;

  void Mark(std::string name);
  std::vector<Event> Take();

  // Of what is done in the directory from now on, `count` operations fail with `error`, after
  // `after` more that work. An operation that fails does nothing, but a full disk (ENOSPC) still
  // takes half of the first write.
  void Fail(int error, int after, int count);
  // How many have failed.
  int Failed();
};

}  // namespace gw::disk

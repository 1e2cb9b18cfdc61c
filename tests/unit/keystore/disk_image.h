// Tests of keystore: what a power loss leaves of a directory, from the log of what was done to it.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/keystore/disk_log.h"

namespace gw::disk {

// What becomes of changes that no sync covered. Each sector of 512 octets of a write, each
// truncation and each name is kept or lost by itself; what is kept happened in its order.
enum class Keep { kNothing, kAll, kSome };

// A file system that promises no more than POSIX: the octets of a file are safe after fsync of the
// file, its name after fsync of the directory.
class Disk {
 public:
  void Apply(const Event& event);

  // Goes on with the log of a process that found everything as it is now, whether synced or not, in
  // another directory. Its log begins with a mark after what it found.
  void Continue(const std::vector<Event>& log);

  // Makes `directory` as it is found after a power loss now; not at all if its own name is lost.
  void WriteTo(const std::string& directory, Keep keep, std::minstd_rand& chance) const;

 private:
  // Once a sync has failed, what it was for may be on disk or not whatever comes later, so that
  // from then on `changes` only grows.
  struct Change {
    Event event;
    bool is_synced = false;
    bool is_doubtful = false;
  };
  struct File {
    std::string synced;
    std::vector<Change> changes;  // since
  };

  static void Sync(File& file);
  using Names = std::map<std::string, int>;

  std::map<int, File> files_;
  Names names_;
  std::vector<Event> unsynced_names_;
  bool root_made_ = false;
  bool root_synced_ = false;
};

}  // namespace gw::disk

// Room: core. Who is at the other end of a local connection, as the kernel told it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace gw {

// Taken once, when the connection is accepted: uid, gid and pid from SO_PEERCRED (true at the time
// of connect(), whatever the process has become since), the rest from /proc/<pid>. A process that
// has already gone leaves `groups` and `unit` empty, so they may only ever add a right.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary; may be empty
  std::string unit;           // systemd unit from the cgroup, "nginx.service"; may be empty
};

}  // namespace gw

// Room: front.
#include "daemon/front/peer.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace gw {
namespace {

std::string ProcPath(pid_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

std::vector<gid_t> GroupsOf(pid_t pid) {
  std::vector<gid_t> groups;
  std::ifstream status(ProcPath(pid, "status"));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("Groups:")) continue;
    std::istringstream numbers(line.substr(std::strlen("Groups:")));
    for (gid_t group = 0; numbers >> group;) groups.push_back(group);
  }
  return groups;
}

// "0::/system.slice/nginx.service" -> "nginx.service"; empty for a process of no unit.
std::string UnitOf(pid_t pid) {
  std::ifstream cgroup(ProcPath(pid, "cgroup"));
  for (std::string line; std::getline(cgroup, line);) {
    const auto slash = line.rfind('/');
    if (!line.starts_with("0::") || slash == std::string::npos) continue;
    const std::string name = line.substr(slash + 1);
    if (name.ends_with(".service") || name.ends_with(".scope")) return name;
  }
  return {};
}

}  // namespace

Result<Peer> PeerOf(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return UpstreamError(CKR_DEVICE_ERROR, std::string("SO_PEERCRED: ") + std::strerror(errno));
  }
  return Peer{.pid = credentials.pid,
              .uid = credentials.uid,
              .gid = credentials.gid,
              .groups = GroupsOf(credentials.pid),
              .unit = UnitOf(credentials.pid)};
}

}  // namespace gw

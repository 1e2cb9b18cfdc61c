// Room: config. Names of users and groups, from the databases of the host.
#include <grp.h>
#include <pwd.h>

#include <charconv>
#include <string>
#include <vector>

#include "daemon/config/problems.h"
#include "daemon/config/values.h"

namespace gw {
namespace {

constexpr std::uint64_t kMaxId = 0xfffffffe;      // -1 means "no id" to the kernel
constexpr std::size_t kMaxNameBytes = 256;        // useradd(8) stops at 32, directories further out
constexpr std::size_t kMaxEntryBytes = 1u << 20;  // a group entry lists its members

// getpwnam_r() and getgrnam_r() want a buffer and say ERANGE until it is large enough.
//   returns  0 and the entry; 0 and null if there is none; else errno
template <typename Entry, typename Get>
int LookUp(const std::string& name, Get get, std::vector<char>& buffer, Entry& entry,
           Entry*& found) {
  for (buffer.resize(4096);; buffer.resize(buffer.size() * 4)) {
    const int error = get(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error != ERANGE || buffer.size() >= kMaxEntryBytes) return error;
  }
}

template <typename Entry, typename Get>
Complaint ParseAccount(std::string_view text, std::string_view kind, Get get,
                       std::uint32_t Entry::*id, std::uint32_t& out) {
  std::uint64_t number = 0;
  if (ParseNumber(text, 0, kMaxId, number).empty()) {
    out = static_cast<std::uint32_t>(number);
    return {};
  }
  if (text.empty() || text.size() > kMaxNameBytes || text.find('\0') != std::string_view::npos) {
    return "must be the name or the number of a " + std::string(kind);
  }
  std::vector<char> buffer;
  Entry entry{};
  Entry* found = nullptr;
  LookUp(std::string(text), get, buffer, entry, found);
  if (found == nullptr) {
    return "no " + std::string(kind) + " \"" + Printable(text) + "\" on this host";
  }
  out = found->*id;
  return {};
}

}  // namespace

Complaint ParseUser(std::string_view text, std::uint32_t& out) {
  return ParseAccount<passwd>(text, "user", getpwnam_r, &passwd::pw_uid, out);
}

Complaint ParseGroup(std::string_view text, std::uint32_t& out) {
  return ParseAccount<group>(text, "group", getgrnam_r, &group::gr_gid, out);
}

}  // namespace gw

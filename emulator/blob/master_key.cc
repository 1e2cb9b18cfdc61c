// Room: emulator/blob.
#include "emulator/blob/master_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

Error FileError(const std::string& path, const std::string& why) {
  return CallerError(CKR_ARGUMENTS_BAD, "master key file " + path + ": " + why);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Bytes> FromHex(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() != 2 * kMasterKeyBytes) return std::nullopt;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<Byte>(high << 4 | low));
  }
  return out;
}

Result<MasterKey> Read(const std::string& path, int fd) {
  char text[2 * kMasterKeyBytes + 8];
  const ssize_t got = read(fd, text, sizeof text);
  if (got < 0) return FileError(path, std::strerror(errno));
  const auto secret = FromHex(std::string_view(text, static_cast<std::size_t>(got)));
  if (!secret) return FileError(path, "not 64 hex digits; delete it to have a new one made");
  return MasterKey(*secret);
}

// A file beside `path`, of mode 0600, with the key in it; its name.
Result<std::string> WriteBeside(const std::string& path, ByteView secret) {
  const std::string text = HexOf(secret) + "\n";
  std::string temporary = path + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return FileError(path, std::strerror(errno));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int reason = errno;
  close(fd);
  if (written) return temporary;
  unlink(temporary.c_str());
  return FileError(path, std::strerror(reason));
}

// Written under another name and linked into place, so that of two emulators starting at once both
// end up with one key.
Status Create(const std::string& path) {
  GW_TRY(temporary, WriteBeside(path, RandomBytes(kMasterKeyBytes)));
  const bool linked = link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int reason = errno;
  unlink(temporary.c_str());
  if (!linked) return FileError(path, std::strerror(reason));
  return Ok();
}

}  // namespace

MasterKey::MasterKey(ByteView secret)
    : secret_(CopyOf(secret)),
      blob_key_(Hkdf(secret, "grep11-emulator key blob", 32)),
      state_key_(Hkdf(secret, "grep11-emulator operation state", 32)),
      spki_mac_key_(Hkdf(secret, "grep11-emulator public key mac", 32)),
      token_key_(Hkdf(secret, "grep11-emulator access token", 32)),
      pin_mac_key_(Hkdf(secret, "grep11-emulator login", 32)) {
  std::ranges::copy(Hkdf(secret, "grep11-emulator verification pattern", kWkidBytes),
                    wkid_.begin());
}

Result<MasterKey> MasterKey::LoadOrCreate(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    GW_TRY_VOID(Create(path));
    fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (fd < 0) return FileError(path, std::strerror(errno));
  Result<MasterKey> key = Read(path, fd);
  close(fd);
  return key;
}

MasterKey MasterKey::Random() { return MasterKey(RandomBytes(kMasterKeyBytes)); }

std::optional<MasterKey> MasterKey::FromText(std::string_view text) {
  const auto secret = FromHex(text);
  if (!secret) return std::nullopt;
  return MasterKey(*secret);
}

Status MasterKey::Save(const std::string& path) const {
  GW_TRY(temporary, WriteBeside(path, secret_));
  if (rename(temporary.c_str(), path.c_str()) == 0) return Ok();
  const int reason = errno;
  unlink(temporary.c_str());
  return FileError(path, std::strerror(reason));
}

}  // namespace gw::emulator

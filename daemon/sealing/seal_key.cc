// Room: sealing.
#include "daemon/sealing/seal_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "daemon/core/fd.h"
#include "daemon/core/log.h"
#include "daemon/localcrypto/digest.h"
#include "daemon/localcrypto/random.h"
#include "daemon/localcrypto/sealer.h"

namespace gw {
namespace {

// The file: this line, the SHA-256 of the boot's id, the key.
constexpr std::string_view kTitle = "grep11d seal key 1\n";
constexpr std::size_t kBootBytes = 32;
constexpr std::size_t kFileBytes = kTitle.size() + kBootBytes + Sealer::kKeyBytes;

Error Refusal(const std::string& path, const std::string& what) {
  return UpstreamError(CKR_DEVICE_ERROR, "seal key " + path + ": " + what);
}

Error SystemRefusal(const std::string& path, int error) {
  return Refusal(path, std::string(std::strerror(error)) +
                           "; does its directory exist, and may this user write there?");
}

Status CheckSafe(const std::string& path, int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return SystemRefusal(path, errno);
  if (!S_ISREG(status.st_mode)) return Refusal(path, "is no file; remove it");
  if (status.st_uid != geteuid()) return Refusal(path, "belongs to another user; remove it");
  if ((status.st_mode & 077) != 0) {
    return Refusal(path, "is open to other users, who may have read it; remove it");
  }
  return Ok();
}

// Empty: no such file, or one that is of no use any more.
Result<SecretBytes> Load(const std::string& path, ByteView boot) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0 && errno == ENOENT) return SecretBytes();
  if (file.get() < 0) return SystemRefusal(path, errno);
  GW_TRY_VOID(CheckSafe(path, file.get()));
  SecretBytes content = SecretBytes::OfSize(kFileBytes + 1);
  const ssize_t got = read(file.get(), content.mutable_view().data(), content.size());
  if (got < 0) return SystemRefusal(path, errno);
  const ByteView whole = content.view();
  if (static_cast<std::size_t>(got) != kFileBytes ||
      !Equal(whole.first(kTitle.size()), ViewOf(kTitle))) {
    log::Error("seal key {}: not a seal key; a new one is made, and what applications hold is lost",
               path);
    return SecretBytes();
  }
  if (!Equal(whole.subspan(kTitle.size(), kBootBytes), boot)) return SecretBytes();
  return SecretBytes(whole.subspan(kTitle.size() + kBootBytes, Sealer::kKeyBytes));
}

// Whole or not at all: a daemon that is killed in here leaves a key that works, or none.
Status Store(const std::string& path, ByteView boot, ByteView key) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());
  SecretBytes content = SecretBytes::OfSize(kFileBytes);
  auto to = content.mutable_view().begin();
  for (const ByteView part : {ViewOf(kTitle), boot, key}) to = std::ranges::copy(part, to).out;
  const Fd file(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return SystemRefusal(path, errno);
  const ssize_t written = write(file.get(), content.view().data(), content.size());
  if (written != static_cast<ssize_t>(content.size())) return SystemRefusal(path, errno);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return SystemRefusal(path, errno);
  return Ok();
}

}  // namespace

std::string BootId() {
  const Fd file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t got = file.get() < 0 ? 0 : read(file.get(), text, sizeof text);
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

Result<SecretBytes> LoadOrMakeSealKey(const std::string& path, const std::string& boot_id) {
  const Bytes boot = HashOf(Hash::kSha256, ViewOf(boot_id));
  GW_TRY(kept, Load(path, boot));
  if (!kept.empty()) return std::move(kept);
  SecretBytes made = SecretBytes::OfSize(Sealer::kKeyBytes);
  RandomBytes(made.mutable_view());
  GW_TRY_VOID(Store(path, boot, made.view()));
  return made;
}

}  // namespace gw

// Room: keystore.
#include "daemon/keystore/keystore_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "daemon/core/fd.h"

namespace gw {
namespace {

// Holds the key and nothing else.
class HmacAuthenticator : public RowAuthenticator {
 public:
  HmacAuthenticator(SecretBytes key, const KeystoreCrypto& crypto)
      : key_(std::move(key)), hmac_(crypto.hmac_sha256) {}
  Bytes Tag(ByteView octets) const override { return hmac_(key_.view(), octets); }

 private:
  const SecretBytes key_;
  Bytes (*const hmac_)(ByteView key, ByteView data);
};

Error Refusal(const std::string& what) { return UpstreamError(CKR_DEVICE_ERROR, what); }

Error SystemRefusal(const std::string& what, int error = errno) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return UpstreamError(full ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR,
                       what + ": " + std::system_category().message(error));
}

bool IsOurs(const struct stat& info) { return info.st_uid == geteuid() || info.st_uid == 0; }

Status SyncDirectory(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) return SystemRefusal("cannot sync " + path);
  return Ok();
}

// Whoever can write into the directory can replace the database.
Status CheckDirectory(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return SystemRefusal("cannot look at " + path);
  if (!S_ISDIR(info.st_mode)) return Refusal(path + " is not a directory");
  if (!IsOurs(info)) {
    return Refusal(path + " belongs to another user: chown it to the user the daemon runs as");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Refusal(path + " can be written by other users: run chmod go-w " + path);
  }
  return Ok();
}

// Makes the directory if need be.
Status EnsureDirectory(const std::string& path) {
  const bool made = mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return SystemRefusal("cannot make " + path);
  // Its name is safe once the directory above is synced. One that was there may have been made by a
  // daemon that lost power right after; it may also be below one that is not ours to open.
  const Status synced = SyncDirectory(path + "/..");
  if (made && !synced) return synced;
  return CheckDirectory(path);
}

// nullopt: the file does not exist.
Result<std::optional<struct stat>> LookAt(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {std::nullopt};
    return SystemRefusal("cannot look at " + path);
  }
  if (!S_ISREG(info.st_mode)) return Refusal(path + " is not a plain file");
  if (!IsOurs(info)) {
    return Refusal(path + " belongs to another user: chown it to the user the daemon runs as");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Refusal(path + " is open to other users: run chmod 600 " + path);
  }
  return {std::optional(info)};
}

Status WriteAll(int fd, ByteView octets, const std::string& path) {
  while (!octets.empty()) {
    const ssize_t written = write(fd, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemRefusal("cannot write " + path);
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  if (fsync(fd) != 0) return SystemRefusal("cannot sync " + path);
  return Ok();
}

// A key that is written whole or not there at all: the file gets its name when it is on disk. If
// another daemon was faster, its key stands.
Status CreateKey(const std::string& directory, const std::string& path,
                 const KeystoreCrypto& crypto) {
  const std::string draft = path + "." + std::to_string(getpid());
  static_cast<void>(unlink(draft.c_str()));
  const Fd fd(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemRefusal("cannot make " + draft);
  SecretBytes key = SecretBytes::OfSize(kKeystoreKeyBytes);
  crypto.random(key.mutable_view());
  const Status written = WriteAll(fd.get(), key.view(), draft);
  const bool named = written.ok() && (link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  static_cast<void>(unlink(draft.c_str()));
  if (!written) return written;
  if (!named) return SystemRefusal("cannot make " + path, error);
  return SyncDirectory(directory);
}

Result<Fd> OpenKey(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() < 0) return SystemRefusal("cannot open " + path);
  return fd;
}

Result<Fd> OpenAndLock(const std::string& path) {
  GW_TRY(fd, OpenKey(path));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::move(fd);
  if (errno != EWOULDBLOCK) return SystemRefusal("cannot lock " + path);
  return Refusal(path +
                 " is locked: another grep11d uses this state directory; stop it, or give this one "
                 "a directory of its own");
}

Result<SecretBytes> ReadKey(int fd, const std::string& path) {
  // One octet more than the key has, so that a longer file is noticed.
  SecretBytes buffer = SecretBytes::OfSize(kKeystoreKeyBytes + 1);
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = read(fd, buffer.mutable_view().data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemRefusal("cannot read " + path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size != kKeystoreKeyBytes) {
    return Refusal(path + " is damaged (it must have " + std::to_string(kKeystoreKeyBytes) +
                   " octets): restore it from the backup of keystore.db and keystore.key");
  }
  return SecretBytes(buffer.view().first(kKeystoreKeyBytes));
}

Error KeyIsMissing(const std::string& path) {
  return Refusal(path +
                 " is missing, and without it no object of keystore.db can be trusted: restore it "
                 "from the backup that keystore.db belongs to");
}

Status EnsureKey(const std::string& directory, const std::string& path, bool database_is_new,
                 const KeystoreCrypto& crypto) {
  GW_TRY(existing, LookAt(path));
  if (existing) return Ok();
  if (!database_is_new) return KeyIsMissing(path);
  return CreateKey(directory, path, crypto);
}

// Its identity, for CheckInPlace.
Result<struct stat> EnsureDatabaseFile(const std::string& directory, const std::string& path) {
  // SQLite gives its other files the mode of this one.
  const Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return SystemRefusal("cannot open " + path);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return SystemRefusal("cannot look at " + path);
  GW_TRY_VOID(SyncDirectory(directory));
  return info;
}

}  // namespace

Result<std::unique_ptr<KeystoreFiles>> KeystoreFiles::Open(const std::string& directory,
                                                           const KeystoreCrypto& crypto) {
  GW_TRY_VOID(EnsureDirectory(directory));
  std::unique_ptr<KeystoreFiles> files(new KeystoreFiles());
  files->database_ = directory + "/keystore.db";
  const std::string key_path = directory + "/keystore.key";
  GW_TRY(database, LookAt(files->database_));
  files->is_new_ = !database || database->st_size == 0;
  GW_TRY_VOID(EnsureKey(directory, key_path, files->is_new_, crypto));
  GW_TRY(fd, OpenAndLock(key_path));
  files->lock_fd_ = fd.Release();
  GW_TRY(key, ReadKey(files->lock_fd_, key_path));
  files->authenticator_ = std::make_unique<HmacAuthenticator>(std::move(key), crypto);
  GW_TRY(info, EnsureDatabaseFile(directory, files->database_));
  files->Remember(info);
  return {std::move(files)};
}

Result<std::unique_ptr<KeystoreFiles>> KeystoreFiles::OpenToLook(const std::string& directory,
                                                                 const KeystoreCrypto& crypto) {
  GW_TRY_VOID(CheckDirectory(directory));
  std::unique_ptr<KeystoreFiles> files(new KeystoreFiles());
  files->database_ = directory + "/keystore.db";
  const std::string key_path = directory + "/keystore.key";
  GW_TRY(database, LookAt(files->database_));
  if (!database) return Refusal(files->database_ + " is not there");
  files->Remember(*database);
  GW_TRY(key_file, LookAt(key_path));
  if (!key_file) return KeyIsMissing(key_path);
  GW_TRY(fd, OpenKey(key_path));
  GW_TRY(key, ReadKey(fd.get(), key_path));
  files->authenticator_ = std::make_unique<HmacAuthenticator>(std::move(key), crypto);
  return {std::move(files)};
}

void KeystoreFiles::Remember(const struct stat& info) {
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

Status KeystoreFiles::CheckInPlace() const {
  struct stat info {};
  const bool there = stat(database_.c_str(), &info) == 0;
  if (there && info.st_dev == device_ && info.st_ino == inode_) return Ok();
  return Refusal(database_ + (there ? " was replaced" : " was moved or removed") +
                 " while the daemon ran: put the file back, or restart the daemon to use what is "
                 "there now");
}

KeystoreFiles::~KeystoreFiles() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

}  // namespace gw

// Room: keystore. May include: core. May touch: files of the state directory, not their content
// apart from keystore.key. Owner, mode, lock and key of a keystore directory.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "daemon/core/result.h"
#include "daemon/keystore/record_format.h"
#include "daemon/keystore/sqlite_keystore.h"

namespace gw {

inline constexpr std::size_t kKeystoreKeyBytes = 32;

// A keystore directory that is ours alone until the object dies: other daemons are locked out.
class KeystoreFiles {
 public:
  // Checks or makes directory, key and an empty database file. Nothing that exists is changed.
  //   errors  as OpenSqliteKeystore
  static Result<std::unique_ptr<KeystoreFiles>> Open(const std::string& directory,
                                                     const KeystoreCrypto& crypto);
  // The same for a look at a keystore that is there: nothing is made, and no lock is taken, so that
  // a daemon may be using it.
  //   errors  as OpenSqliteKeystore; also if directory, key or database are not there
  static Result<std::unique_ptr<KeystoreFiles>> OpenToLook(const std::string& directory,
                                                           const KeystoreCrypto& crypto);
  ~KeystoreFiles();
  KeystoreFiles(const KeystoreFiles&) = delete;
  KeystoreFiles& operator=(const KeystoreFiles&) = delete;

  const std::string& database() const { return database_; }
  // True: the database file is empty and waits for its schema.
  bool is_new() const { return is_new_; }
  const RowAuthenticator& authenticator() const { return *authenticator_; }

  // A file that was moved, removed or replaced can still be written to through an open descriptor,
  // and everything written would be lost.
  //   errors  CKR_DEVICE_ERROR  the database is not the file it was at Open
  Status CheckInPlace() const;

 private:
  KeystoreFiles() = default;
  void Remember(const struct stat& info);

  // Constant after Open.
  std::string database_;
  bool is_new_ = false;
  dev_t device_ = 0;  // with inode_: the file that was opened
  ino_t inode_ = 0;
  std::unique_ptr<RowAuthenticator> authenticator_;
  int lock_fd_ = -1;  // keystore.key, locked unless for a look
};

}  // namespace gw

// Room: keystore. May include: core. May touch: files under the state directory, SQLite. The
// keystore of one host, in one file.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/core/clock.h"
#include "daemon/keystore/keystore.h"

namespace gw {

// What this room needs of cryptography; localcrypto has both: RandomBytes and HmacSha256.
struct KeystoreCrypto {
  void (*random)(std::span<Byte> out) = nullptr;
  Bytes (*hmac_sha256)(ByteView key, ByteView data) = nullptr;
};

struct SqliteOptions {
  // Holds keystore.db, keystore.db-wal, keystore.db-shm and keystore.key. Made with mode 0700 if it
  // does not exist; its parent has to.
  std::string directory;
  KeystoreCrypto crypto;
  // How long a commit waits for another program that holds the file.
  std::chrono::milliseconds busy_timeout{2'000};
  // How long the check of the file's structure at start may take; a larger file is checked in part.
  std::chrono::milliseconds check_time{2'000};
  // Mutations that may share one transaction.
  std::size_t max_batch = 512;
  const Clock* clock = &RealClock();
  const char* vfs = nullptr;  // SQLite's file layer; tests put a faulty one here
};

// Opens the keystore, or makes it when the directory has none, and takes its lock: a second daemon
// is refused. The writer thread starts here.
//
// Commit may be awaited on any executor, which must run until Stop() has returned; it cannot be
// cancelled. After an error the keystore tries again at the next Commit, so that it recovers by
// itself when the cause is gone. An error after a failed write to disk means that the change is not
// in effect; if daemon or host goes down before the next successful commit it may be found done.
//
//   errors  CKR_DEVICE_ERROR  with what to do in the detail: directory or files are not safe, of
//                             another owner, locked, damaged, of another program, of a newer
//                             version, or keystore.key is missing or of another keystore. The
//                             database is left as it was
//           CKR_DEVICE_MEMORY disk full
Result<std::unique_ptr<Keystore>> OpenSqliteKeystore(SqliteOptions options);

// A key that only this keystore has, derived from keystore.key; another one for each purpose. Once
// it was opened, or it is there.
//   errors  as OpenSqliteKeystore
Result<SecretBytes> DerivedSecret(const SqliteOptions& options, std::string_view purpose);

// Whether `directory` holds a keystore, or at least something in its place.
bool HasSqliteKeystore(const std::string& directory);

// What a keystore holds, for a look from outside: nothing is made or changed, and a daemon may be
// using it. A file with the schema of an earlier version is checked and not read.
struct KeystoreLook {
  KeystoreContents contents;
  bool older_schema = false;
};
//   errors  CKR_DEVICE_ERROR  as OpenSqliteKeystore, and if there is none
Result<KeystoreLook> LookAtSqliteKeystore(const SqliteOptions& options);

}  // namespace gw

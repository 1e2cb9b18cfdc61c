// Room: keystore.
#include "daemon/keystore/sqlite_errors.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gw::sqlite {
namespace {

struct Row {
  int code;  // primary result code
  CK_RV rv;
  Remedy remedy;
  const char* advice;
};

// The only place that turns SQLite's codes into ours.
constexpr auto kRows = std::to_array<Row>({
    {SQLITE_PERM, CKR_DEVICE_ERROR, Remedy::kReopen,
     "check owner and mode of the state directory and its files"},
    {SQLITE_BUSY, CKR_DEVICE_ERROR, Remedy::kWait,
     "another program holds keystore.db: end it or its transaction (fuser names it)"},
    {SQLITE_LOCKED, CKR_DEVICE_ERROR, Remedy::kWait,
     "another program holds keystore.db: end it or its transaction (fuser names it)"},
    {SQLITE_NOMEM, CKR_DEVICE_ERROR, Remedy::kReopen,
     "the daemon has no memory left: raise its limit or lower the load"},
    {SQLITE_READONLY, CKR_DEVICE_ERROR, Remedy::kReopen,
     "keystore.db or its file system is read-only: check mount, owner and mode"},
    {SQLITE_IOERR, CKR_DEVICE_ERROR, Remedy::kReopen,
     "the disk reports an error: see the kernel log, then back up and replace the disk"},
    {SQLITE_CORRUPT, CKR_DEVICE_ERROR, Remedy::kReopen,
     "keystore.db is damaged: stop the daemon and restore the last backup (docs/keystore.md)"},
    {SQLITE_FULL, CKR_DEVICE_MEMORY, Remedy::kRetryAlone,
     "the file system of the state directory is full: free space"},
    {SQLITE_CANTOPEN, CKR_DEVICE_ERROR, Remedy::kReopen,
     "keystore.db cannot be opened: check that the state directory is there and is the daemon's"},
    {SQLITE_SCHEMA, CKR_DEVICE_ERROR, Remedy::kReopen,
     "another program changed the schema of keystore.db: restore the last backup"},
    {SQLITE_TOOBIG, CKR_DEVICE_MEMORY, Remedy::kRetryAlone, "the object is too large to be stored"},
    {SQLITE_CONSTRAINT, CKR_DEVICE_ERROR, Remedy::kRetryAlone,
     "the object does not fit the schema: please report this"},
    {SQLITE_MISMATCH, CKR_DEVICE_ERROR, Remedy::kRetryAlone,
     "the object does not fit the schema: please report this"},
    {SQLITE_NOTADB, CKR_DEVICE_ERROR, Remedy::kReopen,
     "keystore.db is no database: stop the daemon and restore the last backup (docs/keystore.md)"},
});
static_assert(std::ranges::is_sorted(kRows, {}, &Row::code));

constexpr Row kOther{SQLITE_ERROR, CKR_DEVICE_ERROR, Remedy::kReopen,
                     "this is not expected: please report it"};

bool MeansFull(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

// What the system said last of a file of `db`; 0: it has none, or nothing went wrong with it.
int ErrorOfFile(sqlite3* db, int which) {
  sqlite3_file* file = nullptr;
  int error = 0;
  if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK) return 0;
  if (file == nullptr || file->pMethods == nullptr) return 0;
  file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

// The connection's own error may be that of what it did to clean up.
bool DiskIsFull(sqlite3* db) {
  return MeansFull(sqlite3_system_errno(db)) ||
         MeansFull(ErrorOfFile(db, SQLITE_FCNTL_JOURNAL_POINTER)) ||
         MeansFull(ErrorOfFile(db, SQLITE_FCNTL_FILE_POINTER));
}

const Row& RowOfCode(int code) {
  const auto row = std::ranges::lower_bound(kRows, code, {}, &Row::code);
  return row != kRows.end() && row->code == code ? *row : kOther;
}

}  // namespace

Failure FailureOf(sqlite3* db, int code, const std::string& doing) {
  int primary = code & 0xff;
  // SQLite says "full" for ENOSPC only where it writes the file itself, not for quotas, file size
  // limits or its shared memory.
  const bool may_be_space = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  if (db != nullptr && may_be_space && DiskIsFull(db)) primary = SQLITE_FULL;
  const Row& row = RowOfCode(primary);
  std::string detail = "keystore: " + doing + ": " + sqlite3_errstr(code);
  if (db != nullptr && code != SQLITE_NOMEM) detail += std::string(" (") + sqlite3_errmsg(db) + ")";
  return {UpstreamError(row.rv, detail + "; " + row.advice), row.remedy};
}

}  // namespace gw::sqlite

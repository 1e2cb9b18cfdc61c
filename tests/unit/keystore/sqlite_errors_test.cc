// Tests for daemon/keystore/sqlite_errors.h.
#include "daemon/keystore/sqlite_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>

namespace gw::sqlite {
namespace {

using testing::HasSubstr;

struct Row {
  int code;
  CK_RV rv;
  Remedy remedy;
  const char* advice;
};

constexpr auto kRows = std::to_array<Row>({
    {SQLITE_FULL, CKR_DEVICE_MEMORY, Remedy::kRetryAlone, "free space"},
    {SQLITE_BUSY, CKR_DEVICE_ERROR, Remedy::kWait, "another program holds"},
    {SQLITE_BUSY_SNAPSHOT, CKR_DEVICE_ERROR, Remedy::kWait, "another program holds"},
    {SQLITE_LOCKED, CKR_DEVICE_ERROR, Remedy::kWait, "another program holds"},
    {SQLITE_READONLY, CKR_DEVICE_ERROR, Remedy::kReopen, "read-only"},
    {SQLITE_READONLY_DIRECTORY, CKR_DEVICE_ERROR, Remedy::kReopen, "read-only"},
    {SQLITE_IOERR, CKR_DEVICE_ERROR, Remedy::kReopen, "kernel log"},
    {SQLITE_IOERR_FSYNC, CKR_DEVICE_ERROR, Remedy::kReopen, "kernel log"},
    {SQLITE_CORRUPT, CKR_DEVICE_ERROR, Remedy::kReopen, "restore the last backup"},
    {SQLITE_CORRUPT_INDEX, CKR_DEVICE_ERROR, Remedy::kReopen, "restore the last backup"},
    {SQLITE_NOTADB, CKR_DEVICE_ERROR, Remedy::kReopen, "restore the last backup"},
    {SQLITE_CANTOPEN, CKR_DEVICE_ERROR, Remedy::kReopen, "cannot be opened"},
    {SQLITE_PERM, CKR_DEVICE_ERROR, Remedy::kReopen, "owner and mode"},
    {SQLITE_NOMEM, CKR_DEVICE_ERROR, Remedy::kReopen, "no memory"},
    {SQLITE_SCHEMA, CKR_DEVICE_ERROR, Remedy::kReopen, "changed the schema"},
    {SQLITE_TOOBIG, CKR_DEVICE_MEMORY, Remedy::kRetryAlone, "too large"},
    {SQLITE_CONSTRAINT_NOTNULL, CKR_DEVICE_ERROR, Remedy::kRetryAlone, "report this"},
    {SQLITE_MISMATCH, CKR_DEVICE_ERROR, Remedy::kRetryAlone, "report this"},
    {SQLITE_ERROR, CKR_DEVICE_ERROR, Remedy::kReopen, "not expected"},
    {SQLITE_MISUSE, CKR_DEVICE_ERROR, Remedy::kReopen, "not expected"},
});

TEST(SqliteErrorsTest, EveryCodeHasItsAnswerAndSaysWhatToDo) {
  for (const Row& row : kRows) {
    const Failure failure = FailureOf(nullptr, row.code, "store an object");
    EXPECT_EQ(failure.error.rv, row.rv) << row.code;
    EXPECT_EQ(failure.remedy, row.remedy) << row.code;
    EXPECT_EQ(failure.error.kind, ErrorKind::kUpstream) << row.code;
    EXPECT_THAT(failure.error.detail, HasSubstr("store an object"));
    EXPECT_THAT(failure.error.detail, HasSubstr(row.advice));
  }
}

}  // namespace
}  // namespace gw::sqlite

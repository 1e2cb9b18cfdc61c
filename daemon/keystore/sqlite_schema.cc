// Room: keystore.
#include "daemon/keystore/sqlite_schema.h"

#include <sqlite3.h>

#include <array>
#include <string>

#include "daemon/core/clock.h"
#include "daemon/core/log.h"

namespace gw::sqlite {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// One step from a schema to the next; row i leads to version i + 1. Rows are never changed, only
// added: a file in the field has run them as they were.
constexpr auto kMigrations = std::to_array<const char*>({
    // 1: objects, and what has to be known of the file itself.
    "CREATE TABLE object ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"  // never reused, not even the highest one
    "  keystore TEXT NOT NULL,"
    "  class INTEGER NOT NULL,"
    "  key_type INTEGER,"
    "  label BLOB,"
    "  id BLOB,"
    "  unique_id BLOB,"
    "  attributes BLOB NOT NULL,"
    "  key_blob BLOB NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  tag BLOB NOT NULL,"
    "  created INTEGER NOT NULL,"
    "  modified INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX object_keystore ON object (keystore);"
    "CREATE TABLE meta ("
    "  name TEXT PRIMARY KEY,"
    "  value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;",
    // 2: settings of the tokens: labels, PIN verifiers, counters.
    "CREATE TABLE setting ("
    "  name TEXT PRIMARY KEY,"
    "  value BLOB NOT NULL,"
    "  tag BLOB NOT NULL,"
    "  modified INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",
    // 3: requests that were done lately, and what they inserted.
    "CREATE TABLE request ("
    "  application BLOB NOT NULL,"
    "  number INTEGER NOT NULL,"
    "  inserted BLOB NOT NULL,"
    "  whole INTEGER NOT NULL,"
    "  tag BLOB NOT NULL,"
    "  done INTEGER NOT NULL,"
    "  PRIMARY KEY (application, number)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX request_done ON request (done);",
    // 4: the same key under another master key of the HSM; NULL: none.
    "ALTER TABLE object ADD COLUMN other_blob BLOB;",
});

constexpr std::string_view kKeyCheckText = "grep11d keystore key check 1";

Error Refusal(const std::string& what) { return UpstreamError(CKR_DEVICE_ERROR, what); }

// Reads the header; a file that is no database fails here.
Status Recognise(Connection& connection, bool is_new) {
  GW_TRY(application, connection.Query("PRAGMA application_id"));
  GW_TRY(version, connection.Query("PRAGMA user_version"));
  GW_TRY(tables, connection.Query("SELECT count(*) FROM sqlite_schema"));
  GW_TRY(pages, connection.Query("PRAGMA page_count"));
  // SQLite takes a file of less than a page for an empty one, and would write over it. A file that
  // is empty by now was being made when the power failed, and SQLite has just taken that back.
  if (!is_new && pages == 0 && !connection.FileIsEmpty()) {
    return Refusal(
        "keystore.db is no database: restore the last backup of keystore.db and keystore.key "
        "(docs/keystore.md)");
  }
  if (is_new || (application == 0 && version == 0 && tables == 0)) return Ok();
  if (application != kApplicationId) {
    return Refusal(
        "keystore.db belongs to another program: give grep11d a state directory of its own");
  }
  if (version > CurrentSchemaVersion()) {
    return Refusal("keystore.db has schema version " + std::to_string(version) +
                   ", this program knows up to " + std::to_string(CurrentSchemaVersion()) +
                   ": install the version that wrote it, or restore a backup made before it");
  }
  return Ok();
}

struct CheckLimit {
  SteadyTime until;
};

int StopWhenLate(void* limit) {
  return RealClock().Now() >= static_cast<CheckLimit*>(limit)->until ? 1 : 0;
}

// quick_check reads every page; a long one is cut off, and Load still reads every row.
Status CheckStructure(Connection& connection, std::chrono::milliseconds check_time) {
  constexpr int kInstructionsBetweenLooks = 1000;
  CheckLimit limit{RealClock().Now() + check_time};
  GW_TRY(statement, connection.Prepare("PRAGMA quick_check(1)"));
  sqlite3_progress_handler(connection.handle(), kInstructionsBetweenLooks, StopWhenLate, &limit);
  const int code = statement.Step();
  const std::string answer(code == SQLITE_ROW ? statement.Text(0) : std::string_view());
  sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_INTERRUPT) {
    log::Info("keystore: structure checked in part only, the file is large");
    return Ok();
  }
  if (code != SQLITE_ROW) return connection.FailureAfter(code, "check of the structure").error;
  if (answer == "ok") return Ok();
  return Refusal("keystore.db is damaged (" + answer +
                 "): restore the last backup of keystore.db and keystore.key (docs/keystore.md)");
}

Status Migrate(Connection& connection) {
  GW_TRY(version, connection.Query("PRAGMA user_version"));
  if (version == CurrentSchemaVersion()) return Ok();
  GW_TRY_VOID(connection.ExecuteAll({"BEGIN IMMEDIATE"}));
  for (auto at = static_cast<std::size_t>(version); at < kMigrations.size(); ++at) {
    GW_TRY_VOID(connection.ExecuteAll({kMigrations[at]}));
  }
  // PRAGMA takes no parameters; both are numbers of ours.
  const std::string set_version = "PRAGMA user_version = " + std::to_string(CurrentSchemaVersion());
  const std::string set_application =
      "PRAGMA application_id = " + std::to_string(int{kApplicationId});
  GW_TRY_VOID(connection.ExecuteAll({set_version.c_str(), set_application.c_str(), "COMMIT"}));
  if (version == 0) {
    log::Info("keystore: made a new one, schema version {}", CurrentSchemaVersion());
  } else {
    log::Info("keystore: schema brought from version {} to {}", version, CurrentSchemaVersion());
  }
  return Ok();
}

// A key of another keystore would refuse every row; say so once instead.
//   returns  whether the file has a key check at all
Result<bool> CompareKey(Connection& connection, const Bytes& expected) {
  GW_TRY(select, connection.Prepare("SELECT value FROM meta WHERE name = 'key_check'"));
  const int code = select.Step();
  if (code == SQLITE_DONE) return false;
  if (code != SQLITE_ROW) return connection.FailureAfter(code, "read the key check").error;
  if (EqualConstantTime(select.Octets(0), expected)) return true;
  return Refusal("keystore.key does not belong to keystore.db: restore both from the same backup");
}

Status CheckKey(Connection& connection, const RowAuthenticator& authenticator) {
  const Bytes expected = authenticator.Tag(ViewOf(kKeyCheckText));
  GW_TRY(found, CompareKey(connection, expected));
  if (found) return Ok();
  GW_TRY(insert, connection.Prepare("INSERT INTO meta (name, value) VALUES ('key_check', ?)"));
  const int inserted = insert.Bind(1, ByteView(expected)).Run();
  if (inserted == SQLITE_DONE) return Ok();
  return connection.FailureAfter(inserted, "store the key check").error;
}

// The check value is stored by the transaction that makes the schema; a file with objects but
// without it was tampered with.
Status RequireKeyCheck(Connection& connection, bool had_schema) {
  if (!had_schema) return Ok();
  GW_TRY(found, connection.Query("SELECT count(*) FROM meta WHERE name = 'key_check'"));
  GW_TRY(objects, connection.Query("SELECT count(*) FROM object"));
  if (found == 1 || objects == 0) return Ok();
  return Refusal("keystore.db lost its key check: restore the last backup (docs/keystore.md)");
}

// What a killed daemon wrote last is found in the log whether it had been synced or not. From now
// on it counts as done, so it has to be on disk: a checkpoint syncs the log, then the file. On a
// full disk the first of the two is enough.
Status SyncWhatWasFound(Connection& connection) {
  const int code = connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
  if (code == SQLITE_OK) return Ok();
  const Failure failure = connection.FailureAfter(code, "sync");
  if (failure.error.rv != CKR_DEVICE_MEMORY) return failure.error;
  log::Warn("{}", failure.error.detail);
  return Ok();
}

}  // namespace

std::int64_t CurrentSchemaVersion() { return static_cast<std::int64_t>(kMigrations.size()); }

Status SetModes(Connection& connection) {
  return connection.ExecuteAll({
      "PRAGMA journal_mode = WAL",
      "PRAGMA synchronous = FULL",    // an acknowledged change is on disk
      "PRAGMA secure_delete = ON",    // a destroyed key leaves nothing behind in the file
      "PRAGMA cell_size_check = ON",  // damaged pages are noticed when read
      "PRAGMA temp_store = MEMORY",   // no files elsewhere
      "PRAGMA journal_size_limit = 16777216",
  });
}

Result<std::int64_t> CheckDatabase(Connection& connection, const RowAuthenticator& authenticator,
                                   std::chrono::milliseconds check_time) {
  GW_TRY_VOID(Recognise(connection, /*is_new=*/false));
  GW_TRY_VOID(CheckStructure(connection, check_time));
  GW_TRY(version, connection.Query("PRAGMA user_version"));
  GW_TRY_VOID(RequireKeyCheck(connection, version > 0));
  if (version > 0) {
    GW_TRY(compared, CompareKey(connection, authenticator.Tag(ViewOf(kKeyCheckText))));
    static_cast<void>(compared);  // a file without objects may lack it
  }
  return version;
}

Status PrepareDatabase(Connection& connection, const RowAuthenticator& authenticator, bool is_new,
                       std::chrono::milliseconds check_time) {
  connection.LeaveFileAlone(true);
  GW_TRY_VOID(Recognise(connection, is_new));
  GW_TRY_VOID(CheckStructure(connection, check_time));
  GW_TRY(version, connection.Query("PRAGMA user_version"));
  GW_TRY_VOID(RequireKeyCheck(connection, version > 0));
  if (version > 0) GW_TRY_VOID(CheckKey(connection, authenticator));
  connection.LeaveFileAlone(false);
  GW_TRY_VOID(SetModes(connection));
  GW_TRY_VOID(SyncWhatWasFound(connection));
  GW_TRY_VOID(Migrate(connection));
  return CheckKey(connection, authenticator);
}

}  // namespace gw::sqlite

// Room: keystore.
#include "daemon/keystore/sqlite_connection.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "daemon/core/check.h"

namespace gw::sqlite {
namespace {

// An index out of range is a bug of ours; lack of memory shows at the next Step.
void CheckBound(int code) { GW_CHECK(code != SQLITE_RANGE && code != SQLITE_MISUSE); }

// Enough of a statement to know which one it was.
std::string BeginningOf(const char* sql) { return std::string(sql).substr(0, 40); }

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(int parameter, std::uint64_t value) {
  return Bind(parameter, static_cast<std::int64_t>(value));
}

Statement& Statement::Bind(int parameter, std::int64_t value) {
  CheckBound(sqlite3_bind_int64(statement_.get(), parameter, value));
  return *this;
}

Statement& Statement::Bind(int parameter, ByteView octets) {
  // A null pointer would be stored as NULL.
  static constexpr Byte kEmpty = 0;
  const Byte* data = octets.empty() ? &kEmpty : octets.data();
  CheckBound(sqlite3_bind_blob64(statement_.get(), parameter, data, octets.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::Bind(int parameter, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  CheckBound(sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8));
  return *this;
}

Statement& Statement::Bind(int parameter, const std::optional<ByteView>& octets) {
  if (octets) return Bind(parameter, *octets);
  CheckBound(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

Statement& Statement::Bind(int parameter, const std::optional<std::uint64_t>& value) {
  if (value) return Bind(parameter, *value);
  CheckBound(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

int Statement::Step() { return sqlite3_step(statement_.get()); }

void Statement::Reset() {
  // Repeats the error of Step, which the caller has already seen.
  static_cast<void>(sqlite3_reset(statement_.get()));
  static_cast<void>(sqlite3_clear_bindings(statement_.get()));
}

int Statement::Run() {
  const int code = Step();
  Reset();
  return code;
}

std::uint64_t Statement::Number(int column) const {
  return static_cast<std::uint64_t>(Signed(column));
}

std::int64_t Statement::Signed(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

ByteView Statement::Octets(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const Byte*>(data), static_cast<std::size_t>(size)};
}

std::optional<ByteView> Statement::MaybeOctets(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Octets(column));
}

std::optional<std::uint64_t> Statement::MaybeNumber(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Number(column));
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path, const char* vfs,
                                                     std::chrono::milliseconds busy_timeout,
                                                     bool read_only) {
  sqlite3* db = nullptr;
  const int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, vfs);
  std::unique_ptr<Connection> connection(new Connection(db));
  if (code != SQLITE_OK) return FailureOf(db, code, "open " + path).error;
  sqlite3_busy_timeout(db, static_cast<int>(busy_timeout.count()));
  // No statement of ours rewrites the schema, and none in the file may run functions.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return {std::move(connection)};
}

Connection::~Connection() { sqlite3_close_v2(db_); }

bool Connection::InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

int Connection::RowsChanged() const { return sqlite3_changes(db_); }

int Connection::Execute(const char* sql) {
  return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
}

Status Connection::ExecuteAll(std::initializer_list<const char*> statements) {
  for (const char* sql : statements) {
    const int code = Execute(sql);
    if (code != SQLITE_OK) return FailureAfter(code, BeginningOf(sql)).error;
  }
  return Ok();
}

Result<Statement> Connection::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return FailureAfter(code, BeginningOf(sql)).error;
  return Statement(statement);
}

Result<std::int64_t> Connection::Query(const char* sql) {
  GW_TRY(statement, Prepare(sql));
  const int code = statement.Step();
  if (code == SQLITE_ROW) return statement.Signed(0);
  if (code == SQLITE_DONE) return std::int64_t{0};
  return FailureAfter(code, BeginningOf(sql)).error;
}

bool Connection::FileIsEmpty() const {
  // SQLite's own answer takes a file of one octet for an empty one.
  struct stat info {};
  return stat(sqlite3_db_filename(db_, "main"), &info) == 0 && info.st_size == 0;
}

void Connection::LeaveFileAlone(bool leave) {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave ? 1 : 0, nullptr);
}

}  // namespace gw::sqlite

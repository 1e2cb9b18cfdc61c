// Room: keystore, private to the SQLite engine. May touch: SQLite. Connections and statements that
// close themselves.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "daemon/core/bytes.h"
#include "daemon/keystore/sqlite_errors.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gw::sqlite {

// A prepared statement, used over and over. Bound octets are borrowed until the next Reset. Thread:
// the connection's.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // Columns and parameters count from 1 and 0, as SQLite has it.
  Statement& Bind(int parameter, std::uint64_t value);
  Statement& Bind(int parameter, std::int64_t value);
  Statement& Bind(int parameter, ByteView octets);
  Statement& Bind(int parameter, std::string_view text);
  Statement& Bind(int parameter, const std::optional<ByteView>& octets);
  Statement& Bind(int parameter, const std::optional<std::uint64_t>& value);

  // SQLITE_ROW, SQLITE_DONE or an error code.
  int Step();
  void Reset();
  // Step and Reset for statements without rows: SQLITE_DONE or an error code.
  int Run();

  std::uint64_t Number(int column) const;
  std::int64_t Signed(int column) const;
  bool IsNull(int column) const;
  // Valid until the next Step or Reset.
  ByteView Octets(int column) const;
  std::string_view Text(int column) const { return TextOf(Octets(column)); }
  std::optional<ByteView> MaybeOctets(int column) const;
  std::optional<std::uint64_t> MaybeNumber(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection to one file. Thread: one at a time, handed over with a happens-before.
class Connection {
 public:
  // Opens an existing file for reading and writing; changes nothing in it.
  static Result<std::unique_ptr<Connection>> Open(const std::string& path, const char* vfs,
                                                  std::chrono::milliseconds busy_timeout) {
    return Open(path, vfs, busy_timeout, false);
  }
  // The same for reading alone.
  static Result<std::unique_ptr<Connection>> OpenToRead(const std::string& path, const char* vfs,
                                                        std::chrono::milliseconds busy_timeout) {
    return Open(path, vfs, busy_timeout, true);
  }
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return db_; }
  // False after SQLite rolled a transaction back by itself.
  bool InTransaction() const;
  int RowsChanged() const;

  // Statements without parameters and rows.
  int Execute(const char* sql);
  Status ExecuteAll(std::initializer_list<const char*> statements);
  Result<Statement> Prepare(const char* sql);
  // The first column of the first row; 0 without a row.
  Result<std::int64_t> Query(const char* sql);

  // Whether the file has no octet now.
  bool FileIsEmpty() const;

  // While set, closing leaves the file as it is instead of bringing the write-ahead log into it.
  void LeaveFileAlone(bool leave);

  Failure FailureAfter(int code, const std::string& doing) const {
    return FailureOf(db_, code, doing);
  }

 private:
  explicit Connection(sqlite3* db) : db_(db) {}
  static Result<std::unique_ptr<Connection>> Open(const std::string& path, const char* vfs,
                                                  std::chrono::milliseconds busy_timeout,
                                                  bool read_only);

  sqlite3* const db_;
};

}  // namespace gw::sqlite

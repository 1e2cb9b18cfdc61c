// Room: keystore, private to the SQLite engine. May touch: the database through its connection.
// Rows in and out, in the caller's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/keystore/commit_queue.h"
#include "daemon/keystore/keystore_files.h"
#include "daemon/keystore/sqlite_connection.h"
#include "daemon/keystore/sqlite_keystore.h"
#include "daemon/keystore/sqlite_requests.h"

namespace gw::sqlite {

// All rows of a file with the current schema. Those whose tag is wrong, or that cannot be decoded,
// are named in `refused`.
Result<KeystoreContents> ReadContents(Connection& connection,
                                      const RowAuthenticator& authenticator);

// The connection of a keystore, its statements, and the transactions made with them. Reopens the
// file by itself after errors that need it. Thread: one at a time.
class Store {
 public:
  // Opens the database of `files`, brings it up to date and checks it; errors as
  // OpenSqliteKeystore.
  static Result<std::unique_ptr<Store>> Open(std::unique_ptr<KeystoreFiles> files,
                                             const SqliteOptions& options);

  ~Store();

  // Rows whose tag is wrong, or that cannot be decoded, are named in `refused`.
  Result<KeystoreContents> Load();
  Result<std::vector<DoneRequest>> LoadRequests(std::vector<std::string>& refused);

  // Commits all of `batch` as one transaction with one sync; each entry gets its own result. What
  // only concerns one entry (a lost version race, too large) leaves the others alone.
  void CommitBatch(std::span<const std::unique_ptr<PendingCommit>> batch);

 private:
  struct Statements;

  Store(std::unique_ptr<KeystoreFiles> files, const SqliteOptions& options);

  Status EnsureConnection();
  Result<std::unique_ptr<Statements>> Prepare(Connection& connection) const;
  std::optional<Failure> TryBatch(std::span<const std::unique_ptr<PendingCommit>> batch);
  std::optional<Failure> Begin();
  std::optional<Failure> ForgetNowAndThen();
  std::optional<Failure> Apply(PendingCommit& pending);
  std::optional<Failure> ApplyOnce(PendingCommit& pending);
  std::optional<Failure> ApplyInside(PendingCommit& pending);
  std::optional<Failure> Put(const Record& record, std::vector<std::uint64_t>& numbers);
  std::optional<Failure> Insert(const Record& record, std::vector<std::uint64_t>& numbers);
  // `from`: the version that must be stored.
  std::optional<Failure> Replace(const Record& record, std::uint64_t from,
                                 std::vector<std::uint64_t>& numbers);
  std::optional<Failure> Rewrap(PendingCommit& pending);
  std::optional<Failure> SetSetting(std::string_view name, ByteView value);
  std::optional<Failure> RunStatement(Statement& statement, const char* doing);
  void Abandon(const Failure& failure);
  std::int64_t NowMs() const;

  // Constant after construction.
  const std::unique_ptr<KeystoreFiles> files_;
  const SqliteOptions options_;

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Statements> statements_;  // of the connection
  bool worn_ = false;                       // an error came that needs a fresh connection
  std::chrono::steady_clock::time_point next_forget_{};
  std::uint64_t last_number_ = 0;  // highest ever given, inside a transaction
};

}  // namespace gw::sqlite

// Room: keystore.
#include "daemon/keystore/sqlite_keystore.h"

#include <sys/stat.h>

#include "daemon/keystore/commit_monitor.h"
#include "daemon/keystore/commit_queue.h"
#include "daemon/keystore/request_memory.h"
#include "daemon/keystore/sqlite_schema.h"
#include "daemon/keystore/sqlite_store.h"

namespace gw {
namespace {

class SqliteKeystore final : public Keystore {
 public:
  SqliteKeystore(std::unique_ptr<sqlite::Store> store, const SqliteOptions& options)
      : requests_(*options.clock),
        store_(std::move(store)),
        monitor_(*options.clock),
        queue_([this](auto batch) { Run(batch); }, options.max_batch) {}

  Result<KeystoreContents> Load() override {
    GW_TRY(contents, store_->Load());
    GW_TRY(requests, store_->LoadRequests(contents.refused));
    requests_.Clear();
    for (sqlite::DoneRequest& done : requests) {
      requests_.Remember(done.id, std::move(done.answer), done.age);
    }
    return std::move(contents);
  }

  Awaitable<Result<std::vector<std::uint64_t>>> Commit(Mutation mutation) override {
    if (mutation.request) return CommitOnce(std::move(mutation));
    if (mutation.forgets) return CommitForgetting(std::move(mutation));
    return queue_.Commit(std::move(mutation));
  }

  const FirstAnswer* AnswerTo(const RequestId& request) const override {
    return requests_.Find(request);
  }

  void Stop() override { queue_.Stop(); }

 private:
  // Whether the request was done before is decided where it is written, in the transaction: it may
  // be on its way there already.
  Awaitable<Result<RecordNumbers>> CommitOnce(Mutation mutation) {
    requests_.ForgetOld();
    const RequestId request = *mutation.request;
    const std::vector<std::size_t> inserts = InsertsOf(mutation);
    const bool whole = mutation.whole;
    Result<RecordNumbers> numbers = co_await queue_.Commit(std::move(mutation));
    if (numbers.ok()) requests_.Remember(request, AnswerOf(*numbers, inserts, whole));
    co_return numbers;
  }

  Awaitable<Result<RecordNumbers>> CommitForgetting(Mutation mutation) {
    const RequestId request = *mutation.forgets;
    Result<RecordNumbers> numbers = co_await queue_.Commit(std::move(mutation));
    if (numbers.ok()) requests_.Forget(request);
    co_return numbers;
  }

  // On the writer thread.
  void Run(std::span<const std::unique_ptr<PendingCommit>> batch) {
    const auto start = monitor_.Start();
    store_->CommitBatch(batch);
    monitor_.Finish(start, batch);
  }

  RequestMemory requests_;                // the loop's
  std::unique_ptr<sqlite::Store> store_;  // the main thread's until the first Commit, then the
                                          // writer's
  CommitMonitor monitor_;                 // the writer's
  CommitQueue queue_;                     // last: its thread uses the two above
};

}  // namespace

Result<std::unique_ptr<Keystore>> OpenSqliteKeystore(SqliteOptions options) {
  GW_TRY(files, KeystoreFiles::Open(options.directory, options.crypto));
  GW_TRY(store, sqlite::Store::Open(std::move(files), options));
  return {std::make_unique<SqliteKeystore>(std::move(store), options)};
}

Result<SecretBytes> DerivedSecret(const SqliteOptions& options, std::string_view purpose) {
  GW_TRY(files, KeystoreFiles::OpenToLook(options.directory, options.crypto));
  // Rows' tags are of octets that begin with a length, so none of them is such a key.
  Bytes derived = files->authenticator().Tag(CopyOf("derived key: " + std::string(purpose)));
  SecretBytes secret{ByteView(derived)};
  Wipe(derived);
  return secret;
}

bool HasSqliteKeystore(const std::string& directory) {
  struct stat info {};
  return lstat((directory + "/keystore.db").c_str(), &info) == 0;
}

Result<KeystoreLook> LookAtSqliteKeystore(const SqliteOptions& options) {
  GW_TRY(files, KeystoreFiles::OpenToLook(options.directory, options.crypto));
  GW_TRY(connection,
         sqlite::Connection::OpenToRead(files->database(), options.vfs, options.busy_timeout));
  GW_TRY(version, sqlite::CheckDatabase(*connection, files->authenticator(), options.check_time));
  KeystoreLook look;
  look.older_schema = version < sqlite::CurrentSchemaVersion();
  if (look.older_schema) return look;
  GW_TRY(contents, sqlite::ReadContents(*connection, files->authenticator()));
  look.contents = std::move(contents);
  return look;
}

}  // namespace gw

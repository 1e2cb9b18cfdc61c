// Room: keystore.
#include "daemon/keystore/sqlite_keystore.h"

#include "daemon/keystore/commit_monitor.h"
#include "daemon/keystore/commit_queue.h"
#include "daemon/keystore/sqlite_store.h"

namespace gw {
namespace {

class SqliteKeystore final : public Keystore {
 public:
  SqliteKeystore(std::unique_ptr<sqlite::Store> store, const SqliteOptions& options)
      : store_(std::move(store)),
        monitor_(*options.clock),
        queue_([this](auto batch) { Run(batch); }, options.max_batch) {}

  Result<KeystoreContents> Load() override { return store_->Load(); }

  Awaitable<Result<std::vector<std::uint64_t>>> Commit(Mutation mutation) override {
    return queue_.Commit(std::move(mutation));
  }

  void Stop() override { queue_.Stop(); }

 private:
  // On the writer thread.
  void Run(std::span<const std::unique_ptr<PendingCommit>> batch) {
    const auto start = monitor_.Start();
    store_->CommitBatch(batch);
    monitor_.Finish(start, batch);
  }

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

}  // namespace gw

// Room: keystore, private to the SQLite engine. May touch: the database through its connection. The
// table of requests that were done, written in the transactions of what they changed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/keystore/commit_queue.h"
#include "daemon/keystore/record_format.h"
#include "daemon/keystore/sqlite_connection.h"

namespace gw::sqlite {

struct DoneRequest {
  RequestId id;
  FirstAnswer answer;
  std::chrono::milliseconds age;  // by the wall clock, which may have been set: 0 at least
};

// Prepared for one connection, which outlives it. Thread: the connection's.
class RequestTable {
 public:
  static Result<std::unique_ptr<RequestTable>> Prepare(Connection& connection,
                                                       const RowAuthenticator& authenticator,
                                                       const Clock& clock);

  // Those of the last Keystore::kRequestMemory, oldest first; older ones are removed from the file.
  // Rows whose tag is wrong are named in `refused`.
  Result<std::vector<DoneRequest>> Load(std::vector<std::string>& refused);

  // Sets the result of `pending` if its request was done before: to the first numbers, or to an
  // error if its row cannot be trusted, since doing it again might be wrong.
  //   done   whether it did
  std::optional<Failure> AnswerRepeat(PendingCommit& pending, bool& done);

  // Notes that the request of `mutation` was done with `numbers`.
  std::optional<Failure> Add(const Mutation& mutation, const RecordNumbers& numbers);

  // Removes the row of `request`.
  std::optional<Failure> Forget(const RequestId& request);

  // Removes the rows that are older than Keystore::kRequestMemory.
  std::optional<Failure> ForgetOld();

 private:
  RequestTable(Connection& connection, const RowAuthenticator& authenticator, const Clock& clock)
      : connection_(connection), authenticator_(authenticator), clock_(clock) {}

  bool IsAuthentic(const RequestRow& row, ByteView tag) const;
  std::int64_t NowMs() const;

  Connection& connection_;
  const RowAuthenticator& authenticator_;
  const Clock& clock_;
  Statement find_;
  Statement add_;
  Statement forget_;
  Statement forget_old_;
};

}  // namespace gw::sqlite

// Room: keystore.
#include "daemon/keystore/sqlite_requests.h"

#include <sqlite3.h>

#include <algorithm>

#include "daemon/core/log.h"
#include "daemon/keystore/request_memory.h"

namespace gw::sqlite {
namespace {

// The sign keeps SQLite from going by the index: what a damaged one leaves out would be missing
// without a word.
constexpr const char* kSelect =
    "SELECT application, number, inserted, whole, done, tag FROM request ORDER BY +done";
constexpr const char* kFind =
    "SELECT application, number, inserted, whole, done, tag FROM request"
    " WHERE application = ?1 AND number = ?2";
constexpr const char* kAdd =
    "INSERT INTO request (application, number, inserted, whole, done, tag)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr const char* kForget = "DELETE FROM request WHERE application = ?1 AND number = ?2";
constexpr const char* kForgetOld = "DELETE FROM request WHERE done < ?1";

constexpr auto kMemoryMs = std::chrono::milliseconds(Keystore::kRequestMemory).count();

RequestRow ReadRow(const Statement& row) {
  RequestRow out;
  out.application = row.Octets(0);
  out.number = row.Number(1);
  out.inserted = row.Octets(2);
  out.whole = row.Number(3);
  out.done_ms = row.Signed(4);
  return out;
}
constexpr int kTagColumn = 5;

// nullopt: not a row of ours.
std::optional<FirstAnswer> AnswerOfRow(const RequestRow& row) {
  auto numbers = DecodeNumbers(row.inserted);
  if (!numbers) return std::nullopt;
  return FirstAnswer{*std::move(numbers), row.whole != 0};
}

std::optional<RequestId> IdOfRow(const RequestRow& row) {
  RequestId id;
  if (row.application.size() != id.application.size()) return std::nullopt;
  std::ranges::copy(row.application, id.application.begin());
  id.number = row.number;
  return id;
}

std::string NameOfRow(const RequestRow& row) {
  return "request " + std::to_string(row.number) + " of application " + HexOf(row.application);
}

}  // namespace

Result<std::unique_ptr<RequestTable>> RequestTable::Prepare(Connection& connection,
                                                            const RowAuthenticator& authenticator,
                                                            const Clock& clock) {
  std::unique_ptr<RequestTable> table(new RequestTable(connection, authenticator, clock));
  GW_TRY(find, connection.Prepare(kFind));
  GW_TRY(add, connection.Prepare(kAdd));
  GW_TRY(forget, connection.Prepare(kForget));
  GW_TRY(forget_old, connection.Prepare(kForgetOld));
  table->find_ = std::move(find);
  table->add_ = std::move(add);
  table->forget_ = std::move(forget);
  table->forget_old_ = std::move(forget_old);
  return {std::move(table)};
}

Result<std::vector<DoneRequest>> RequestTable::Load(std::vector<std::string>& refused) {
  std::vector<DoneRequest> requests;
  GW_TRY(select, connection_.Prepare(kSelect));
  const std::int64_t now_ms = NowMs();
  bool any_old = false;
  int code = select.Step();
  for (; code == SQLITE_ROW; code = select.Step()) {
    const RequestRow row = ReadRow(select);
    const auto id = IdOfRow(row);
    auto answer = AnswerOfRow(row);
    const std::int64_t age_ms = std::max<std::int64_t>(now_ms - row.done_ms, 0);
    if (!id || !answer || !IsAuthentic(row, select.Octets(kTagColumn))) {
      refused.push_back(NameOfRow(row) + ": integrity tag does not match");
    } else if (age_ms > kMemoryMs) {
      any_old = true;
    } else {
      requests.push_back({*id, *std::move(answer), std::chrono::milliseconds(age_ms)});
    }
  }
  if (code != SQLITE_DONE) return connection_.FailureAfter(code, "read requests").error;
  select.Reset();
  // Nothing depends on it: the disk may be full, and the next transactions try again.
  if (any_old) {
    if (const auto failure = ForgetOld()) log::Warn("{}", failure->error.detail);
  }
  return requests;
}

std::optional<Failure> RequestTable::AnswerRepeat(PendingCommit& pending, bool& done) {
  const RequestId& id = *pending.mutation.request;
  const int code = find_.Bind(1, ByteView(id.application)).Bind(2, id.number).Step();
  done = code == SQLITE_ROW;
  if (done) {
    const RequestRow row = ReadRow(find_);
    const auto answer = AnswerOfRow(row);
    if (answer && IsAuthentic(row, find_.Octets(kTagColumn))) {
      pending.result = NumbersOfRepeat(pending.mutation, *answer);
    } else {
      pending.result = StateError(
          CKR_DEVICE_ERROR, "keystore: " + NameOf(id) + " may have been done: its row was changed");
    }
  }
  find_.Reset();
  if (code == SQLITE_ROW || code == SQLITE_DONE) return std::nullopt;
  return connection_.FailureAfter(code, "look a request up");
}

std::optional<Failure> RequestTable::Add(const Mutation& mutation, const RecordNumbers& numbers) {
  const FirstAnswer answer = AnswerOf(numbers, InsertsOf(mutation), mutation.whole);
  const Bytes inserted = EncodeNumbers(answer.inserted);
  RequestRow row;
  row.application = mutation.request->application;
  row.number = mutation.request->number;
  row.inserted = inserted;
  row.whole = answer.whole ? 1 : 0;
  row.done_ms = NowMs();
  const Bytes tag = authenticator_.Tag(CanonicalRequest(row));
  add_.Bind(1, row.application).Bind(2, row.number).Bind(3, row.inserted);
  add_.Bind(4, row.whole).Bind(5, row.done_ms).Bind(6, ByteView(tag));
  const int code = add_.Run();
  if (code == SQLITE_DONE) return std::nullopt;
  return connection_.FailureAfter(code, "remember a request");
}

std::optional<Failure> RequestTable::Forget(const RequestId& request) {
  const int code = forget_.Bind(1, ByteView(request.application)).Bind(2, request.number).Run();
  if (code == SQLITE_DONE) return std::nullopt;
  return connection_.FailureAfter(code, "forget a request");
}

std::optional<Failure> RequestTable::ForgetOld() {
  const int code = forget_old_.Bind(1, NowMs() - kMemoryMs).Run();
  if (code == SQLITE_DONE) return std::nullopt;
  return connection_.FailureAfter(code, "forget old requests");
}

bool RequestTable::IsAuthentic(const RequestRow& row, ByteView tag) const {
  return EqualConstantTime(authenticator_.Tag(CanonicalRequest(row)), tag);
}

std::int64_t RequestTable::NowMs() const {
  const auto since_1970 = clock_.WallNow().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

}  // namespace gw::sqlite

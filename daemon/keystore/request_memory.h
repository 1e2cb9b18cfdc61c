// Room: keystore. May include: core. What an engine knows of the requests that were done lately.
// Touches memory only.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "daemon/core/clock.h"
#include "daemon/keystore/commit_queue.h"
#include "daemon/keystore/keystore.h"

namespace gw {

// Requests of the last Keystore::kRequestMemory by the steady clock, which nobody can set. Thread:
// one, the loop's.
class RequestMemory {
 public:
  explicit RequestMemory(const Clock& clock) : clock_(clock) {}

  // nullptr: not done, or longer ago than that. Valid until the next Forget, ForgetOld or Clear.
  const FirstAnswer* Find(const RequestId& request) const;

  // The first answer stands: a request that is known already stays as it is.
  //   age   how long ago it was done; never less than that of what was remembered before
  void Remember(const RequestId& request, FirstAnswer answer,
                std::chrono::milliseconds age = std::chrono::milliseconds(0));
  void ForgetOld();
  void Forget(const RequestId& request);
  void Clear();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Entry {
    FirstAnswer answer;
    SteadyTime done;
  };
  using Entries = std::map<RequestId, Entry>;

  bool IsOld(const Entry& entry) const {
    return clock_.Now() - entry.done > Keystore::kRequestMemory;
  }

  const Clock& clock_;
  Entries entries_;
  std::deque<Entries::iterator> by_age_;  // oldest first
};

// The positions of those puts of `mutation` that insert.
std::vector<std::size_t> InsertsOf(const Mutation& mutation);

// What to remember of a mutation that was done. `numbers` is what Commit answers, `inserts` is
// InsertsOf it.
FirstAnswer AnswerOf(const RecordNumbers& numbers, const std::vector<std::size_t>& inserts,
                     bool whole);

// What Commit answers to `mutation` when its request was done before: the first numbers.
//   errors  CKR_DEVICE_ERROR  it inserts another count of records than the first time, so it is
//                             another change under a used number
Result<RecordNumbers> NumbersOfRepeat(const Mutation& mutation, const FirstAnswer& first);

// "request 7 of application 00112233...", for logs.
std::string NameOf(const RequestId& request);

}  // namespace gw

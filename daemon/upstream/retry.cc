// Room: upstream.
#include "daemon/upstream/retry.h"

#include <algorithm>
#include <limits>

namespace gw {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWaitWithoutBudget{1'000};
constexpr unsigned kWhileThereIsTime = std::numeric_limits<unsigned>::max();
constexpr unsigned kMostDoublings = 10;  // beyond every rule's longest wait

enum class Step : std::uint8_t { kNone, kRenew, kBackOff };
enum class Paid : bool { kNo, kYes };

}  // namespace

struct Retry::Rule {
  FailureClass what;
  Step step = Step::kNone;
  Paid paid = Paid::kNo;  // what was never sent, or refused, costs the HSM nothing
  milliseconds first{0};
  milliseconds longest{0};
  unsigned most = 0;
};

const Retry::Rule& Retry::RuleOf(FailureClass what) {
  using What = FailureClass;
  static constexpr Rule kRules[] = {
      {What::kFinal},
      {What::kUnauthenticated, Step::kRenew},
      {What::kForbidden, Step::kRenew},
      // The rate window of a crypto unit is a second.
      {What::kExhausted, Step::kBackOff, Paid::kNo, milliseconds(100), milliseconds(1'000),
       kWhileThereIsTime},
      {What::kNotSent, Step::kBackOff, Paid::kNo, milliseconds(10), milliseconds(250),
       kWhileThereIsTime},
      {What::kUnreachable, Step::kBackOff, Paid::kYes, milliseconds(25), milliseconds(250),
       kWhileThereIsTime},
      {What::kTimedOut, Step::kBackOff, Paid::kYes, milliseconds(25), milliseconds(250),
       kWhileThereIsTime},
      {What::kAskAgain, Step::kBackOff, Paid::kYes, milliseconds(25), milliseconds(2'000), 8},
      {What::kGarbled, Step::kBackOff, Paid::kYes, milliseconds(25), milliseconds(250), 8},
      {What::kMasterKey, Step::kBackOff, Paid::kNo, milliseconds(50), milliseconds(1'000),
       kWhileThereIsTime},
  };
  static_assert(std::size(kRules) == kFailureClasses);
  static_assert([] {
    for (std::size_t i = 0; i < kFailureClasses; ++i) {
      if (static_cast<std::size_t>(kRules[i].what) != i) return false;
    }
    return true;
  }());
  return kRules[static_cast<std::size_t>(what)];
}

Retry::Decision Retry::Next(FailureClass what, SteadyTime now, Deadline deadline) {
  const Rule& rule = RuleOf(what);
  switch (rule.step) {
    case Step::kNone:
      break;
    case Step::kRenew:
      return RenewOnce();
    case Step::kBackOff:
      return BackOff(what, rule, now, deadline);
  }
  return {};
}

Retry::Decision Retry::RenewOnce() {
  if (renewed_) return {};
  renewed_ = true;
  return {Decision::Step::kRenewToken, {}};
}

Retry::Decision Retry::BackOff(FailureClass what, const Rule& rule, SteadyTime now,
                               Deadline deadline) {
  unsigned& waits = waits_[static_cast<std::size_t>(what)];
  if (waits == rule.most) return {};
  auto full = std::min(rule.first * (1u << std::min(waits, kMostDoublings)), rule.longest);
  if (rule.paid == Paid::kYes && !budget_.Spend()) full = std::max(full, kWaitWithoutBudget);
  std::uniform_real_distribution<double> jitter(0.5, 1.0);
  const std::chrono::duration<double, std::milli> jittered =
      jitter(random_) * std::chrono::duration<double, std::milli>(full);
  const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(jittered);
  if (deadline.at - now <= wait) return {};
  ++waits;
  return {Decision::Step::kWait, wait};
}

}  // namespace gw

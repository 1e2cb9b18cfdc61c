// Room: upstream.
#include "daemon/upstream/token_cache.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <optional>
#include <random>
#include <string>

#include "daemon/core/log.h"
#include "daemon/runtime/event.h"
#include "daemon/runtime/spawn.h"

namespace gw {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::size_t kLongestKey = 1024;
constexpr double kRenewAt = 0.8;   // of a token's life
constexpr double kJitter = 0.05;   // of a token's life, to both sides
constexpr seconds kFirstPause{1};  // between failed renewals, doubled each time
constexpr seconds kLongestPause{60};
constexpr seconds kAnswerlessPause{1};  // between fetches for calls that cannot do without

SecretBytes AuthorizationOf(const SecretBytes& token) {
  static constexpr std::string_view kScheme = "Bearer ";
  SecretBytes text = SecretBytes::OfSize(kScheme.size() + token.size());
  const auto rest = std::ranges::copy(ViewOf(kScheme), text.mutable_view().begin()).out;
  std::ranges::copy(token.view(), rest);
  return text;
}

nanoseconds Part(nanoseconds whole, double part) {
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(whole.count()) * part));
}

// IAM knows the key no more, or the HSM does not want it.
bool IsRefusal(const Error& error) {
  return error.rv == CKR_PIN_INCORRECT || error.rv == CKR_PIN_LOCKED;
}

// One exchange under way, and its outcome once `done`.
struct Flight {
  explicit Flight(boost::asio::any_io_executor executor) : done(std::move(executor)) {}
  Event done;
  std::optional<Error> error;
};

}  // namespace

class TokenCache::Entry final : public BearerIdentity, public std::enable_shared_from_this<Entry> {
 public:
  Entry(std::shared_ptr<State> state, SecretBytes key)
      : state_(std::move(state)), key_(std::move(key)) {}

  std::string_view name() const override { return name_; }
  ByteView api_key() const override { return key_.view(); }
  BearerPtr Current() const override;
  Awaitable<Result<BearerPtr>> Get(Deadline deadline) override;
  Awaitable<Result<BearerPtr>> Renew(BearerPtr refused, std::chrono::milliseconds pause,
                                     Deadline deadline) override;

  // Joins the flight under way or starts one that ends with a living token and a verified key, or
  // with an error. `force`: fetch although the token lives.
  Awaitable<Status> Fly(bool force, Deadline deadline);
  // nullptr: the cache is closed.
  std::shared_ptr<Flight> StartFlight(bool force);

  bool verified() const { return verified_; }
  bool flying() const { return flight_ != nullptr; }
  const SecretBytes& key() const { return key_; }
  SteadyTime expires_at() const {
    return bearer_ == nullptr ? SteadyTime::min() : bearer_->expires_at;
  }
  SteadyTime next_try() const { return next_try_; }

 private:
  static Awaitable<void> RunFlight(std::shared_ptr<Entry> entry, bool force);
  Awaitable<Status> FetchToken();
  Awaitable<Status> VerifyAtHsm();
  void Adopt(IamToken token);
  void Land(Status outcome);
  void NoteFailure(const Error& error);

  const std::shared_ptr<State> state_;
  const SecretBytes key_;
  std::string name_;  // set once, by the first token
  BearerPtr bearer_;
  bool verified_ = false;
  std::shared_ptr<Flight> flight_;
  SteadyTime next_try_ = SteadyTime::max();
  unsigned failures_ = 0;
  std::optional<Error> last_error_;
  SteadyTime failed_at_{};  // with last_error_
  std::optional<SteadyTime> last_forced_;
};

// Shared with the entries, which outlive the cache while somebody is logged in.
struct TokenCache::State : std::enable_shared_from_this<TokenCache::State> {
  State(boost::asio::any_io_executor executor_in, const Clock& clock_in, Times times_in,
        Fetch fetch_in, Verify verify_in, std::uint32_t seed)
      : executor(std::move(executor_in)),
        clock(clock_in),
        times(times_in),
        fetch(std::move(fetch_in)),
        verify(std::move(verify_in)),
        random(seed),
        timer(executor) {}

  double Random(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  }

  std::shared_ptr<Entry> Find(ByteView key);
  void Forget(const Entry& entry);
  void Tick();
  void Arm();

  const boost::asio::any_io_executor executor;
  const Clock& clock;
  const Times times;
  const Fetch fetch;
  const Verify verify;
  std::minstd_rand random;
  std::list<std::shared_ptr<Entry>> entries;
  boost::asio::steady_timer timer;
  SteadyTime armed_for = SteadyTime::max();
  bool closed = false;
};

// --- one key ---

BearerPtr TokenCache::Entry::Current() const {
  return bearer_ != nullptr && state_->clock.Now() < bearer_->expires_at ? bearer_ : nullptr;
}

Awaitable<Result<BearerPtr>> TokenCache::Entry::Get(Deadline deadline) {
  if (BearerPtr current = Current()) co_return current;
  // With IAM away, one failed exchange answers for all calls of the second after it.
  if (last_error_ && state_->clock.Now() < failed_at_ + kAnswerlessPause && !flying()) {
    co_return *last_error_;
  }
  auto flown = co_await Fly(/*force=*/false, deadline);
  if (!flown) {
    if (!IsRefusal(flown.error())) co_return flown.error();
    co_return UpstreamError(CKR_USER_NOT_LOGGED_IN, "IAM no longer accepts the key of this login");
  }
  BearerPtr fetched = Current();
  if (fetched == nullptr) co_return UpstreamError(CKR_DEVICE_ERROR, "IAM's token is dead already");
  co_return fetched;
}

Awaitable<Result<BearerPtr>> TokenCache::Entry::Renew(BearerPtr refused,
                                                      std::chrono::milliseconds pause,
                                                      Deadline deadline) {
  if (bearer_ != refused && Current() != nullptr) co_return bearer_;
  if (!verified_) co_return BearerPtr();  // a key that was never good does not get better
  if (!flying()) {
    const SteadyTime now = state_->clock.Now();
    const bool away = last_error_ && !IsRefusal(*last_error_);
    const nanoseconds rest = away ? nanoseconds(kAnswerlessPause) : nanoseconds(pause);
    if (last_forced_ && now < *last_forced_ + rest) {
      if (away) co_return *last_error_;
      co_return BearerPtr();
    }
    last_forced_ = now;
  }
  const auto flown = co_await Fly(/*force=*/true, deadline);
  if (!flown && !IsRefusal(flown.error())) co_return flown.error();
  co_return flown&& bearer_ != refused ? Current() : BearerPtr();
}

Awaitable<Status> TokenCache::Entry::Fly(bool force, Deadline deadline) {
  const auto self = shared_from_this();
  const auto flight = flying() ? flight_ : StartFlight(force);
  if (flight == nullptr) co_return UpstreamError(CKR_DEVICE_ERROR, "the daemon is stopping");
  const bool landed = co_await flight->done.WaitUntil(deadline.at);
  if (!landed) co_return UpstreamError(CKR_DEVICE_ERROR, "IAM did not answer in time", true);
  if (flight->error) co_return *flight->error;
  co_return Ok();
}

std::shared_ptr<Flight> TokenCache::Entry::StartFlight(bool force) {
  if (state_->closed) return nullptr;
  const auto flight = flight_ = std::make_shared<Flight>(state_->executor);
  Spawn(state_->executor, RunFlight(shared_from_this(), force), "token exchange");
  return flight;
}

Awaitable<void> TokenCache::Entry::RunFlight(std::shared_ptr<Entry> entry, bool force) {
  Status outcome = Ok();
  if (force || entry->Current() == nullptr) outcome = co_await entry->FetchToken();
  if (outcome && !entry->verified_) outcome = co_await entry->VerifyAtHsm();
  entry->Land(std::move(outcome));
}

Awaitable<Status> TokenCache::Entry::FetchToken() {
  SecretBytes key = key_.Clone();
  const Deadline deadline{state_->clock.Now() + state_->times.fetch};
  auto token = co_await state_->fetch(std::move(key), deadline);
  if (!token) co_return token.error();
  Adopt(std::move(*token));
  co_return Ok();
}

void TokenCache::Entry::Adopt(IamToken token) {
  const SteadyTime now = state_->clock.Now();
  const nanoseconds life = token.lifetime;
  auto bearer = std::make_shared<Bearer>();
  bearer->authorization = AuthorizationOf(token.access_token);
  bearer->renew_at = now + Part(life, kRenewAt + state_->Random(-kJitter, kJitter));
  bearer->expires_at = now + life;
  next_try_ = bearer->renew_at;
  bearer_ = std::move(bearer);
  if (name_.empty()) name_ = std::move(token.iam_id);
}

Awaitable<Status> TokenCache::Entry::VerifyAtHsm() {
  IdentityPtr self = shared_from_this();
  const Deadline deadline{state_->clock.Now() + state_->times.verify};
  auto accepted = co_await state_->verify(std::move(self), deadline);
  if (accepted) {
    verified_ = true;
    co_return Ok();
  }
  const Error& error = accepted.error();
  if (error.rv != CKR_USER_NOT_LOGGED_IN && error.rv != CKR_IBM_GREP11_NOT_AUTHENTICATED) {
    co_return error;
  }
  log::Warn("IAM knows {}, but the HSM refuses it: {}", name_.empty() ? "the key" : name_,
            error.detail);
  co_return UpstreamError(CKR_PIN_INCORRECT, "the HSM refuses this key: " + error.detail);
}

void TokenCache::Entry::Land(Status outcome) {
  const auto flight = std::move(flight_);
  flight_.reset();
  if (outcome) {
    failures_ = 0;
    last_error_.reset();
  } else {
    NoteFailure(outcome.error());
    flight->error = std::move(outcome).error();
  }
  flight->done.Set();
  state_->Arm();
}

void TokenCache::Entry::NoteFailure(const Error& error) {
  const SteadyTime now = state_->clock.Now();
  const auto pause = std::min(kFirstPause * (1u << std::min(failures_, 6u)), kLongestPause);
  ++failures_;
  next_try_ = now + Part(pause, state_->Random(0.5, 1));
  last_error_ = error;
  failed_at_ = now;
  const bool alive = Current() != nullptr;
  if (verified_ && alive) {
    const auto left = duration_cast<seconds>(bearer_->expires_at - now);
    log::Warn("the IAM token of {} could not be renewed and serves for another {} s: {}",
              name_.empty() ? "a login" : name_, left.count(), error.detail);
  }
  // A key that was refused, or never led to a token, is not worth keeping. A token whose check at
  // the HSM could not be made is: the next login makes up for it. So is a login that outlived its
  // token while IAM was away.
  const bool useless = IsRefusal(error) ? !(verified_ && alive) : !(verified_ || alive);
  if (useless) state_->Forget(*this);
}

// --- all keys ---

// Looks at every entry whatever it finds, so that time tells nothing about the keys.
std::shared_ptr<TokenCache::Entry> TokenCache::State::Find(ByteView key) {
  std::shared_ptr<Entry> found;
  for (const auto& entry : entries) {
    if (EqualConstantTime(entry->key().view(), key)) found = entry;
  }
  return found;
}

void TokenCache::State::Forget(const Entry& entry) {
  entries.remove_if([&entry](const auto& each) { return each.get() == &entry; });
}

void TokenCache::State::Tick() {
  armed_for = SteadyTime::max();
  const SteadyTime now = clock.Now();
  for (auto place = entries.begin(); place != entries.end();) {
    const auto here = place++;
    if ((*here)->flying()) continue;
    const bool held = here->use_count() > 1;
    if (!held && now >= (*here)->expires_at()) {
      entries.erase(here);
    } else if (held && now >= (*here)->next_try()) {
      (*here)->StartFlight(/*force=*/true);
    }
  }
  Arm();
}

void TokenCache::State::Arm() {
  SteadyTime next = SteadyTime::max();
  for (const auto& entry : entries) {
    if (entry->flying()) continue;  // arms when it lands
    const bool held = entry.use_count() > 1;
    next = std::min(next, held ? entry->next_try() : entry->expires_at());
  }
  if (closed) next = SteadyTime::max();
  if (next == armed_for) return;
  armed_for = next;
  timer.cancel();
  if (next == SteadyTime::max()) return;
  timer.expires_after(next - clock.Now());
  timer.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (const auto state = self.lock()) state->Tick();
  });
}

TokenCache::TokenCache(boost::asio::any_io_executor executor, const Clock& clock, Times times,
                       Fetch fetch, Verify verify, std::uint32_t seed)
    : state_(std::make_shared<State>(std::move(executor), clock, times, std::move(fetch),
                                     std::move(verify), seed)) {}

TokenCache::~TokenCache() { Close(); }

Awaitable<Result<IdentityPtr>> TokenCache::Authenticate(SecretBytes api_key, Deadline deadline) {
  const auto state = state_;
  if (api_key.empty() || api_key.size() > kLongestKey) {
    co_return CallerError(CKR_PIN_INCORRECT, "no API key has this length");
  }
  auto entry = state->Find(api_key.view());
  if (entry == nullptr) {
    entry = std::make_shared<Entry>(state, std::move(api_key));
    state->entries.push_back(entry);
  }
  if (!entry->verified() || entry->Current() == nullptr) {
    GW_CO_TRY_VOID(co_await entry->Fly(/*force=*/false, deadline));
  }
  state->Arm();
  co_return IdentityPtr(entry);
}

void TokenCache::Close() {
  state_->closed = true;
  state_->timer.cancel();
  state_->entries.clear();  // entries and state refer to each other until here
}

void TokenCache::Poke() { state_->Tick(); }
std::size_t TokenCache::size() const { return state_->entries.size(); }

}  // namespace gw

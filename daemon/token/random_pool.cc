// Room: token.
#include "daemon/token/random_pool.h"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <string>
#include <utility>

#include "daemon/core/check.h"
#include "daemon/core/log.h"
#include "daemon/runtime/event.h"
#include "daemon/runtime/spawn.h"

namespace gw {
namespace {

// With the HSM away, calls that the pool still serves do not ask it more often than this.
constexpr std::chrono::seconds kPauseAfterFailure{1};

// What the HSM or IAM says to somebody who may not ask; anything else says nothing about rights.
constexpr auto kRefusals = std::to_array<CK_RV>(
    {CKR_USER_NOT_LOGGED_IN, CKR_FUNCTION_REJECTED, CKR_IBM_GREP11_NOT_AUTHENTICATED});

prometheus::Gauge& LevelGauge(std::uint64_t slot) {
  return metrics::GaugeFamily("grep11_random_pool_bytes",
                              "Random octets that wait to be handed out")
      .Add({{"slot", std::to_string(slot)}});
}

prometheus::Counter& FillCounter(std::uint64_t slot, const char* result) {
  return metrics::CounterFamily("grep11_random_pool_fills_total",
                                "Requests that filled the random pool, by what came of them")
      .Add({{"slot", std::to_string(slot)}, {"result", result}});
}

}  // namespace

// One GenerateRandom request and those who wait for it.
struct RandomPool::Fill {
  Fill(boost::asio::any_io_executor executor, HsmCall call_in, std::uint32_t bytes_in)
      : call(std::move(call_in)), bytes(bytes_in), done(std::move(executor)) {}

  const HsmCall call;
  const std::uint32_t bytes;
  Event done;
  std::optional<Error> error;
};

RandomPool::RandomPool(HsmClient& hsm, std::uint64_t slot, const Clock& clock)
    : hsm_(hsm),
      slot_(slot),
      clock_(clock),
      level_gauge_(LevelGauge(slot)),
      filled_(FillCounter(slot, "ok")),
      failed_(FillCounter(slot, "failed")) {}

RandomPool::~RandomPool() { level_gauge_.Set(0); }

Awaitable<Result<Bytes>> RandomPool::Take(HsmCall call, std::size_t bytes, Terms terms) {
  GW_DCHECK(bytes <= LargestOf(terms.capacity));
  const auto executor = co_await boost::asio::this_coro::executor;
  for (;;) {
    if (MayDraw(call.identity) && level() >= bytes) {
      Bytes octets = HandOut(bytes);
      if (WantsMore(terms)) StartFill(executor, call, terms);
      co_return octets;
    }
    const FillPtr fill = fill_ == nullptr ? StartFill(executor, call, terms) : fill_;
    const bool landed = co_await fill->done.WaitUntil(call.deadline.at);
    if (!landed) {
      co_return UpstreamError(CKR_DEVICE_ERROR, "the HSM gave no random octets in time", true);
    }
    // A fill for somebody else may have failed for reasons that are not ours: then ask ourselves.
    if (fill->error && fill->call.identity == call.identity) co_return *fill->error;
  }
}

void RandomPool::Stir(std::size_t at, ByteView octets) {
  if (at >= level()) return;
  const auto next = buffer_.mutable_view().subspan(begin_ + at, level() - at);
  for (std::size_t i = 0; i < std::min(next.size(), octets.size()); ++i) next[i] ^= octets[i];
}

void RandomPool::Clear() {
  Wipe(buffer_.mutable_view());
  begin_ = end_ = 0;
  ShowLevel();
}

// Without IAM nobody is told from another: the daemon's client certificate asks for all.
bool RandomPool::MayDraw(const IdentityPtr& identity) const {
  return identity == nullptr || may_draw_.contains(identity);
}

Bytes RandomPool::HandOut(std::size_t bytes) {
  const auto from = buffer_.mutable_view().subspan(begin_, bytes);
  Bytes octets = CopyOf(from);
  Wipe(from);
  begin_ += bytes;
  ShowLevel();
  return octets;
}

bool RandomPool::WantsMore(const Terms& terms) const {
  return fill_ == nullptr && level() <= LargestOf(terms.capacity) && clock_.Now() >= next_try_;
}

RandomPool::FillPtr RandomPool::StartFill(boost::asio::any_io_executor executor, HsmCall call,
                                          const Terms& terms) {
  if (buffer_.size() != terms.capacity) Resize(terms.capacity);
  // Of a full pool the question alone is asked: whether this identity may draw. The octet is not
  // kept.
  const auto room = std::max<std::size_t>(buffer_.size() - level(), 1);
  call.deadline = Deadline{clock_.Now() + terms.fill_time};  // it outlives the call
  fill_ = std::make_shared<Fill>(executor, std::move(call), static_cast<std::uint32_t>(room));
  const FillPtr started = fill_;
  Spawn(std::move(executor), RunFill(shared_from_this(), started), "random pool fill");
  return started;
}

Awaitable<void> RandomPool::RunFill(std::shared_ptr<RandomPool> pool, FillPtr fill) {
  auto octets = co_await pool->hsm_.GenerateRandom(fill->call, fill->bytes);
  pool->Land(*fill, std::move(octets));
}

void RandomPool::Land(Fill& fill, Result<Bytes> octets) {
  fill_.reset();
  if (octets && octets->size() != fill.bytes) {
    Wipe(*octets);
    octets = UpstreamError(CKR_DEVICE_ERROR, "the HSM gave another number of random octets");
  }
  if (octets) {
    Keep(*octets);
    Wipe(*octets);
    std::erase_if(may_draw_, [](const auto& gone) { return gone.expired(); });
    if (fill.call.identity != nullptr) may_draw_.insert(fill.call.identity);
    filled_.Increment();
  } else {
    NoteRefusal(fill, octets.error());
    fill.error = std::move(octets).error();
  }
  fill.done.Set();
}

void RandomPool::NoteRefusal(const Fill& fill, const Error& error) {
  failed_.Increment();
  if (clock_.Now() >= next_try_) {  // calls that wait try more often, and log their own failure
    log::Warn("the random pool of slot {} has {} octets left and could not be filled: {}", slot_,
              level(), Describe(error));
  }
  next_try_ = clock_.Now() + kPauseAfterFailure;
  if (std::ranges::find(kRefusals, error.rv) == kRefusals.end()) return;
  if (const auto known = may_draw_.find(fill.call.identity); known != may_draw_.end()) {
    may_draw_.erase(known);
  }
}

// As much as there is room for: the pool may have been made smaller meanwhile.
void RandomPool::Keep(ByteView octets) {
  const auto memory = buffer_.mutable_view();
  const std::size_t kept = level();
  std::ranges::copy(memory.subspan(begin_, kept), memory.begin());
  // Where the octets were, less where they are now.
  Wipe(memory.subspan(std::max(begin_, kept), end_ - std::max(begin_, kept)));
  const auto more = octets.first(std::min(octets.size(), memory.size() - kept));
  std::ranges::copy(more, memory.subspan(kept).begin());
  begin_ = 0;
  end_ = kept + more.size();
  ShowLevel();
}

void RandomPool::Resize(std::size_t capacity) {
  const SecretBytes old = std::exchange(buffer_, SecretBytes::OfSize(capacity));
  const std::size_t kept = std::min(level(), capacity);
  const auto from = old.view().subspan(begin_, kept);
  begin_ = end_ = 0;
  Keep(from);
}

void RandomPool::ShowLevel() { level_gauge_.Set(static_cast<double>(level())); }

}  // namespace gw

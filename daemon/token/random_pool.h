// Room: token. Random octets of the HSM, fetched in large requests before anybody waits for them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

#include "daemon/core/bytes.h"
#include "daemon/core/clock.h"
#include "daemon/core/metrics.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

// Each octet is handed out once: it is wiped here in the step that copies it to whoever asked, with
// nothing in between that could fail, wait or be cancelled. What a call does not deliver is lost,
// never put back. The octets are in locked memory of this process alone, and nothing of the daemon
// forks; they are wiped when the token goes.
//
// Who may draw: an octet belongs to nobody, so what one identity paid for serves all of the token.
// The right to ask for octets does not: each identity draws only after the HSM has served a fill
// made on its behalf, and not any more once the HSM refused one. So a user without the right gets
// the HSM's answer and not the octets of the others (behaviour R320, 9.3).
//
// Thread: the silo. Owner: the Token; a fill under way holds it too.
class RandomPool : public std::enable_shared_from_this<RandomPool> {
 public:
  // How large, and how long one fill may take.
  struct Terms {
    std::size_t capacity;
    std::chrono::milliseconds fill_time;
  };

  RandomPool(HsmClient& hsm, std::uint64_t slot, const Clock& clock = RealClock());
  ~RandomPool();
  RandomPool(const RandomPool&) = delete;
  RandomPool& operator=(const RandomPool&) = delete;

  // The most octets that one Take() may ask for. Larger requests would leave nothing for others and
  // save none: they go to the HSM by themselves.
  static constexpr std::size_t LargestOf(std::size_t capacity) { return capacity / 4; }

  // `bytes` octets, 1..LargestOf(terms.capacity). Waits only if there are too few, or if the HSM
  // has to be asked whether this identity may have any. At or below a quarter of the capacity a
  // fill starts beside the call. One fill at a time.
  //   errors  CKR_DEVICE_ERROR  no octets before `call.deadline`
  //           those of HsmClient::GenerateRandom, of a fill on behalf of this identity
  Awaitable<Result<Bytes>> Take(HsmCall call, std::size_t bytes, Terms terms);

  // Adds `octets` (exclusive or) to those that are handed out next but `at`; what is beyond the
  // last one is left out. Octets that nobody knows stay so, whatever is added.
  void Stir(std::size_t at, ByteView octets);

  // Wipes what is there. For a pool that was switched off.
  void Clear();

  std::size_t level() const { return end_ - begin_; }
  // All of its memory, for tests that look for what should be gone.
  ByteView memory() const { return buffer_.view(); }

 private:
  struct Fill;
  using FillPtr = std::shared_ptr<Fill>;

  bool MayDraw(const IdentityPtr& identity) const;
  Bytes HandOut(std::size_t bytes);
  bool WantsMore(const Terms& terms) const;
  FillPtr StartFill(boost::asio::any_io_executor executor, HsmCall call, const Terms& terms);
  static Awaitable<void> RunFill(std::shared_ptr<RandomPool> pool, FillPtr fill);
  void Land(Fill& fill, Result<Bytes> octets);
  void NoteRefusal(const Fill& fill, const Error& error);
  void Keep(ByteView octets);
  void Resize(std::size_t capacity);
  void ShowLevel();

  HsmClient& hsm_;
  const std::uint64_t slot_;
  const Clock& clock_;
  prometheus::Gauge& level_gauge_;
  prometheus::Counter& filled_;
  prometheus::Counter& failed_;

  // The octets are buffer_[begin_, end_); the rest of the buffer is zero.
  SecretBytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  FillPtr fill_;           // under way, or null
  SteadyTime next_try_{};  // after a fill that failed; calls that need octets do not wait for it
  std::set<std::weak_ptr<Identity>, std::owner_less<>> may_draw_;
};

}  // namespace gw

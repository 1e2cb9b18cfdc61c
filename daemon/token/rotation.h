// Room: token. The change of an HSM's master key, as far as it is ours: every key blob that we keep
// is wrapped anew between the commit of the next master key and its activation (behaviour R331,
// R332, R42).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/core/metrics.h"
#include "daemon/runtime/event.h"
#include "daemon/token/application_table.h"

namespace gw {

enum class RotationPhase : std::uint8_t { kNone, kRewrapping, kReady, kSwitching };
std::string_view NameOf(RotationPhase phase);

// One token's rotation. Token objects get their second blob in the keystore, beside the present
// one; session objects in memory and in the record that their application keeps, and on a list
// in the keystore for the time until that application comes (rotation_session_keys.cc). When the
// HSM has taken a blob of the next key, the two change places, so that nothing is lost whichever of
// them the HSM takes at last. A killed daemon's successor goes on by what the keystore says.
// Thread: the silo. Its coroutine holds it too, and ends at Stop().
class Rotation : public std::enable_shared_from_this<Rotation> {
 public:
  // Between two looks at new keys and at what the HSM takes.
  static constexpr std::chrono::milliseconds kPause{500};

  Rotation(Token& token, ApplicationTable& applications, boost::asio::any_io_executor executor,
           std::chrono::milliseconds pause = kPause, const Clock& clock = RealClock());

  // The administrator has committed a master key in every unit.
  void Start();
  // Goes on with what an earlier daemon began; nothing if none did.
  void Resume();
  // The administrator will never go back: second blobs are deleted. Not while one is under way.
  void Forget();
  void Stop() { closing_.Set(); }

  struct Progress {
    RotationPhase phase = RotationPhase::kNone;
    std::size_t keys = 0;    // that are bound to a master key
    std::size_t done = 0;    // that have a blob of the next one
    std::size_t failed = 0;  // that the HSM refuses to wrap anew
  };
  const Progress& progress() const { return progress_; }
  SlotId slot() const { return token_.slot(); }

 private:
  enum class Outcome : std::uint8_t { kDone, kLater, kNoNextKey };
  // Objects in one transaction.
  static constexpr std::size_t kInOneChange = 64;
  // Units of one HSM are asked as it comes, and change their key one after the other: what so many
  // rounds have found all alike is true of all.
  static constexpr int kRoundsToBelieve = 12;
  static constexpr int kMostInVain = 8;

  // One pass over keys.
  struct Tries {
    Outcome outcome = Outcome::kDone;
    int in_vain = 0;
    // True: that is enough of it.
    bool End(Outcome last, bool active);
  };

  // The keys that are bound to some master key, as they are now.
  struct Work {
    struct InSession {
      ApplicationPtr application;  // nullptr: away_
      ObjectPtr object;
    };
    std::vector<ObjectPtr> in_token;
    std::vector<InSession> in_sessions;
  };

  static Awaitable<void> Run(std::shared_ptr<Rotation> self, bool is_new);
  static Awaitable<void> ForgetAll(std::shared_ptr<Rotation> self);
  // True: it is over.
  Awaitable<bool> Round();
  Awaitable<Outcome> WrapAll();
  Awaitable<Outcome> AskForTarget(const Work& work);
  Awaitable<Outcome> Wrap(const ObjectPtr& object, KeyBlob& next);
  Awaitable<Outcome> WrapTokenObjects(const Work& work);
  Awaitable<Outcome> WrapSessionObjects(const Work& work);
  Awaitable<Outcome> WrapImportKey();
  Awaitable<void> Probe();
  KeyBlob AnyWithTwin() const;
  Awaitable<bool> SwitchRound();
  bool IsCalm();
  Awaitable<bool> EndSwitch(const std::vector<ObjectPtr>& lost);
  Awaitable<Status> SwitchTokenObjects(const Work& work, std::vector<ObjectPtr>& lost);
  void SwitchSessionObjects(const Work& work, std::vector<ObjectPtr>& lost);
  void PutSessionKeys(const Work::InSession& at, KeyBlob key, KeyBlob other);
  void AdoptSessionKeys();
  void DropReturned();
  Awaitable<bool> ListSessionKeys() { return ListSessionKeys(std::map<TokenSetting, Bytes>()); }
  // Not only if the list is to be another one: there are `settings` to go along.
  Awaitable<bool> ListSessionKeys(std::map<TokenSetting, Bytes> settings);
  // What the next daemon goes on with; empty: nothing.
  Awaitable<Status> Remember(Bytes target);
  Awaitable<Status> StoreInParts(std::vector<ObjectPtr> objects);
  Awaitable<Result<HsmCall>> CallToHsm();

  // Whether the object's key is bound to a master key.
  static bool IsBound(const Object& object) { return !WrappingKeyOf(object.key.view()).empty(); }
  // For logs.
  static std::string NamesOf(const std::vector<ObjectPtr>& objects);
  // A copy with other blobs, for the place of the original.
  static ObjectPtr WithKeys(const Object& object, KeyBlob key, KeyBlob other);
  Work WorkNow() const;
  // The same without token objects.
  Work SessionWorkNow() const;
  // The HSM, as far as it was asked, takes the keys of the next master key.
  bool IsActive() const { return twins().side() == TwinSide::kAfter; }
  KeyBlob PresentKey(const Object& object) const;
  bool IsOfPresent(const KeyBlob& key) const;
  bool IsOfNext(const KeyBlob& key) const;
  bool IsDone(const Object& object) const { return IsOfNext(object.key) || IsOfNext(object.other); }
  void Count(const Work& work);
  void Show(RotationPhase phase);
  void ShowReady();
  void SweepTwins();
  void End(std::string_view why);

  KeyTwins& twins() const { return token_.hsm().twins(); }

  Token& token_;
  ApplicationTable& applications_;
  const boost::asio::any_io_executor executor_;
  const std::chrono::milliseconds pause_;
  const Clock& clock_;
  Event closing_;
  bool running_ = false;
  bool forgetting_ = false;
  int no_next_key_ = 0;  // rounds that found none, one after the other
  int calm_rounds_ = 0;
  std::uint64_t seen_turns_ = 0;
  SteadyTime next_sweep_{};
  Bytes target_;  // the id of the next master key; empty: not known yet
  SteadyTime next_target_look_{};
  std::set<Bytes> refused_;  // blobs
  // Session keys that an earlier daemon has listed, as objects without number, by their blob: their
  // applications have not come back yet, or are gone.
  std::map<Bytes, ObjectPtr> away_;
  std::set<ObjectPtr> listed_;  // what the keystore's list says
  SteadyTime next_listing_{};
  std::uint64_t seen_puts_ = 0;
  Progress progress_;
  prometheus::Gauge& phase_gauge_;
  prometheus::Gauge& todo_gauge_;
  prometheus::Gauge& done_gauge_;
  prometheus::Gauge& failed_gauge_;
};

}  // namespace gw

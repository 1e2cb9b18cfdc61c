// Room: token.
#include "daemon/token/rotation.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "daemon/core/log.h"
#include "daemon/runtime/spawn.h"

namespace gw {
namespace {

using std::chrono::seconds;

// A lane of its own in the fair queue: between applications it has one turn, as each of them.
constexpr std::uint64_t kLane = std::numeric_limits<std::uint64_t>::max();
constexpr seconds kPatience{30};
// How often the HSM is asked whether the next master key is still there, and still the same.
constexpr seconds kBetweenTargetLooks{10};
// Who began to use a key that is gone has ended after two of them.
constexpr seconds kBetweenSweeps{600};
constexpr auto kPhaseNames =
    std::to_array<std::string_view>({"none", "rewrapping", "ready", "switching"});

prometheus::Gauge& KeysGauge(SlotId slot, const char* state) {
  return metrics::GaugeFamily("grep11_rotation_keys",
                              "Keys of a slot by their part in a change of the master key")
      .Add({{"slot", std::to_string(ToNumber(slot))}, {"state", state}});
}

}  // namespace

std::string_view NameOf(RotationPhase phase) {
  return kPhaseNames[static_cast<std::size_t>(phase)];
}

Rotation::Rotation(Token& token, ApplicationTable& applications,
                   boost::asio::any_io_executor executor, std::chrono::milliseconds pause,
                   const Clock& clock)
    : token_(token),
      applications_(applications),
      executor_(executor),
      pause_(pause),
      clock_(clock),
      closing_(executor),
      phase_gauge_(metrics::GaugeFamily("grep11_rotation_phase",
                                        "Change of the master key: 0 none, 1 rewrapping, 2 ready "
                                        "for activation, 3 switching to the new key")
                       .Add({{"slot", std::to_string(ToNumber(token.slot()))}})),
      todo_gauge_(KeysGauge(token.slot(), "todo")),
      done_gauge_(KeysGauge(token.slot(), "done")),
      failed_gauge_(KeysGauge(token.slot(), "failed")) {}

void Rotation::Start() {
  if (forgetting_) {
    return log::Warn("slot {}: second blobs are being deleted; begin again when that is done",
                     token_.config().slot);
  }
  next_target_look_ = {};
  refused_.clear();
  if (std::exchange(running_, true)) {
    return log::Info("slot {}: the keys are being re-wrapped already", token_.config().slot);
  }
  log::Info("slot {}: re-wrapping the keys for the next master key", token_.config().slot);
  target_.clear();
  Spawn(executor_, Run(shared_from_this(), /*is_new=*/true), "master key rotation");
}

void Rotation::Resume() {
  AdoptSessionKeys();
  const Bytes* target = token_.Setting(TokenSetting::kRotation);
  if (target == nullptr || std::exchange(running_, true)) return;
  if (target->size() > 1) target_ = *target;
  log::Info("slot {}: going on with the change of the master key", token_.config().slot);
  Spawn(executor_, Run(shared_from_this(), /*is_new=*/false), "master key rotation");
}

Awaitable<void> Rotation::Run(std::shared_ptr<Rotation> self, bool is_new) {
  bool remembered = !is_new;
  self->twins().SetTarget(self->target_);
  self->twins().Expect(true);
  self->no_next_key_ = self->calm_rounds_ = 0;
  self->Show(RotationPhase::kRewrapping);
  // Which blobs of an earlier change the HSM takes.
  if (self->target_.empty()) co_await self->Probe();
  for (bool over = false; !over && !self->closing_.is_set();) {
    if (!remembered) {
      // Before anything is wrapped.
      std::map<TokenSetting, Bytes> begun;
      begun[TokenSetting::kRotation] = Bytes(1, 0);
      remembered = co_await self->ListSessionKeys(std::move(begun));
    }
    if (remembered) over = co_await self->Round();
    if (!over) co_await self->closing_.WaitUntil(RealClock().Now() + self->pause_);
  }
  // A daemon that stops leaves the rest to the next one.
  self->twins().Expect(false);
  self->running_ = false;
}

Awaitable<bool> Rotation::Round() {
  if (progress_.phase == RotationPhase::kSwitching || (IsActive() && !target_.empty())) {
    co_return co_await SwitchRound();
  }
  // An earlier change has ended with its next key: what came then is what there is now.
  if (IsActive()) twins().Turn();
  SweepTwins();
  const Outcome outcome = co_await WrapAll();
  if (outcome == Outcome::kDone && progress_.phase != RotationPhase::kReady) ShowReady();
  co_await Probe();
  if (outcome != Outcome::kNoNextKey || IsActive()) co_return false;
  // A unit that has activated it has none to come either, so one answer does not end what has
  // begun.
  if (!target_.empty() && ++no_next_key_ < kRoundsToBelieve) co_return false;
  const Status stored = co_await Remember(Bytes());
  if (!stored) co_return false;
  End("the HSM has no committed next master key: commit it in every unit, then begin again");
  co_return true;
}

Awaitable<Status> Rotation::Remember(Bytes target) {
  std::map<TokenSetting, Bytes> settings;
  settings[TokenSetting::kRotation] = std::move(target);
  co_return co_await token_.Store(std::move(settings));
}

// -- before activation

Rotation::Work Rotation::WorkNow() const {
  Work work;
  for (ObjectPtr& object : token_.objects().Match({}, /*with_private=*/true)) {
    if (IsBound(*object)) work.in_token.push_back(std::move(object));
  }
  work.in_sessions = SessionWorkNow().in_sessions;
  return work;
}

// A key whose place an earlier change has left to its other blob.
KeyBlob Rotation::PresentKey(const Object& object) const {
  KeyBlob present = twins().Of(TwinSide::kBefore, object.key);
  return present.empty() ? object.key : present;
}

bool Rotation::IsOfPresent(const KeyBlob& key) const {
  const KeyBlob known = twins().AnyWith(target_);
  return !known.empty() &&
         std::ranges::equal(WrappingKeyOf(known.view()), WrappingKeyOf(key.view()));
}

bool Rotation::Tries::End(Outcome last, bool active) {
  if (last == Outcome::kDone) return false;
  outcome = last;
  // One key that cannot be had does not keep the others waiting.
  return last == Outcome::kNoNextKey || active || ++in_vain >= kMostInVain;
}

bool Rotation::IsOfNext(const KeyBlob& key) const {
  return !target_.empty() && std::ranges::equal(WrappingKeyOf(key.view()), target_);
}

Awaitable<Rotation::Outcome> Rotation::WrapAll() {
  // Nothing has come since all had their blob: token objects are looked at rarely, for there may be
  // very many.
  const bool looks = clock_.Now() >= next_target_look_;
  const bool whole_work =
      looks || progress_.phase != RotationPhase::kReady || seen_puts_ != token_.objects().puts();
  const Work work = whole_work ? WorkNow() : SessionWorkNow();
  Outcome outcome = Outcome::kDone;
  if (looks) outcome = co_await AskForTarget(work);
  bool listed = false;
  if (outcome == Outcome::kDone) {
    // First those that are not in the keystore as they are.
    outcome = co_await WrapSessionObjects(work);
    listed = co_await ListSessionKeys();
    if (outcome != Outcome::kNoNextKey && !IsActive()) {
      const Outcome of_token = co_await WrapTokenObjects(work);
      outcome = std::max(outcome, of_token);
    }
  }
  if (outcome == Outcome::kDone) outcome = co_await WrapImportKey();
  if (whole_work || !work.in_sessions.empty()) Count(WorkNow());
  // Keys that came meanwhile are for the next round.
  const bool whole = listed && progress_.done + progress_.failed == progress_.keys;
  co_return outcome == Outcome::kDone && !whole ? Outcome::kLater : outcome;
}

// Wraps some key anew to see what the next master key is: another one than before, if the
// administrator gave that up.
Awaitable<Rotation::Outcome> Rotation::AskForTarget(const Work& work) {
  Tries tries;
  const std::size_t in_token = work.in_token.size();
  for (std::size_t i = 0; i < in_token + work.in_sessions.size(); ++i) {
    const ObjectPtr sample =
        i < in_token ? work.in_token[i] : work.in_sessions[i - in_token].object;
    if (closing_.is_set()) co_return Outcome::kLater;
    if (refused_.contains(sample->key.octets)) continue;
    KeyBlob next;
    const Outcome outcome = co_await Wrap(sample, next);
    if (tries.End(outcome, IsActive())) co_return outcome;
    if (next.empty()) continue;
    next_target_look_ = clock_.Now() + kBetweenTargetLooks;
    const Bytes found = CopyOf(WrappingKeyOf(next.view()));
    if (found == target_) co_return Outcome::kDone;
    const Status stored = co_await Remember(found);
    if (!stored) co_return Outcome::kLater;
    target_ = found;
    twins().SetTarget(found);
    Show(RotationPhase::kRewrapping);
    co_return Outcome::kDone;
  }
  co_return tries.outcome;
}

// kDone with an empty `next`: the HSM does not take the key, which is noted.
Awaitable<Rotation::Outcome> Rotation::Wrap(const ObjectPtr& object, KeyBlob& next) {
  auto call = co_await CallToHsm();
  if (!call) co_return Outcome::kLater;
  const KeyBlob present = PresentKey(*object);
  auto wrapped = co_await token_.hsm().RewrapKeyBlob(*call, present);
  if (wrapped) {
    next = *std::move(wrapped);
    twins().Add(present, next);
    no_next_key_ = 0;
    co_return Outcome::kDone;
  }
  const Error& error = wrapped.error();
  if (error.rv == CKR_IBM_WK_NOT_INITIALIZED) co_return Outcome::kNoNextKey;
  const bool about_key = error.rv == CKR_IBM_WKID_MISMATCH || error.kind == ErrorKind::kCaller;
  if (!about_key) {
    log::Warn("slot {}: a key could not be re-wrapped now, and will be tried again: {}",
              token_.config().slot, Describe(error));
    co_return Outcome::kLater;
  }
  // After the activation every key is refused so, and before it by units that are ahead.
  if (error.rv == CKR_IBM_WKID_MISMATCH && IsOfPresent(present)) co_return Outcome::kLater;
  co_await Probe();
  if (IsActive()) co_return Outcome::kLater;
  refused_.insert(object->key.octets);
  log::Error("slot {}: {} cannot be re-wrapped and will be lost with the present master key: {}",
             token_.config().slot, NamesOf({object}), Describe(error));
  co_return Outcome::kDone;
}

Awaitable<Rotation::Outcome> Rotation::WrapTokenObjects(const Work& work) {
  if (seen_puts_ == token_.objects().puts() && progress_.phase == RotationPhase::kReady) {
    co_return Outcome::kDone;
  }
  seen_puts_ = token_.objects().puts();
  Count(work);
  std::vector<ObjectPtr> wrapped;
  Tries tries;
  for (const ObjectPtr& object : work.in_token) {
    if (closing_.is_set()) break;
    if (IsDone(*object) || refused_.contains(object->key.octets)) continue;
    KeyBlob next = twins().Of(TwinSide::kAfter, object->key);
    Outcome outcome = Outcome::kDone;
    if (!IsOfNext(next)) outcome = co_await Wrap(object, next);
    if (tries.End(outcome, IsActive())) break;
    if (!next.empty()) wrapped.push_back(WithKeys(*object, PresentKey(*object), std::move(next)));
    if (wrapped.size() < kInOneChange) continue;
    std::vector<ObjectPtr> part;
    std::swap(part, wrapped);
    const std::size_t more = part.size();
    const Status stored = co_await StoreInParts(std::move(part));
    if (!stored) tries.outcome = Outcome::kLater;
    // About, till the end of the round counts again.
    progress_.done = std::min(progress_.done + more, progress_.keys - progress_.failed);
    Show(progress_.phase);
  }
  // What was wrapped is kept, whatever became of the rest.
  const Status stored = co_await StoreInParts(std::move(wrapped));
  if (closing_.is_set() || !stored) tries.outcome = Outcome::kLater;
  if (tries.outcome != Outcome::kDone) seen_puts_ = 0;
  co_return tries.outcome;
}

// Where it cannot be, ops/import_key.h makes another one.
Awaitable<Rotation::Outcome> Rotation::WrapImportKey() {
  if (!token_.import_key || IsOfNext(twins().Of(TwinSide::kAfter, *token_.import_key))) {
    co_return Outcome::kDone;
  }
  const KeyBlob key = *token_.import_key;
  auto call = co_await CallToHsm();
  if (!call) co_return Outcome::kLater;
  auto wrapped = co_await token_.hsm().RewrapKeyBlob(*call, key);
  if (wrapped) twins().Add(key, *wrapped);
  co_return Outcome::kDone;
}

// In parts that race with applications: one that lost is tried object by object, so that the others
// do not wait for it.
Awaitable<Status> Rotation::StoreInParts(std::vector<ObjectPtr> objects) {
  if (objects.empty()) co_return Ok();
  const std::vector<ObjectPtr> alone = objects;
  Status stored = co_await token_.Rewrap(std::move(objects));
  if (stored || alone.size() == 1) co_return stored;
  for (const ObjectPtr& object : alone) {
    std::vector<ObjectPtr> one(1, object);
    const Status also = co_await token_.Rewrap(std::move(one));
    if (also) stored = also;
  }
  co_return stored;
}

Awaitable<Result<HsmCall>> Rotation::CallToHsm() {
  const Deadline deadline{clock_.Now() + kPatience};
  auto identity = co_await token_.AnonymousIdentity(deadline);
  if (!identity) {
    log::Warn("slot {}: keys cannot be re-wrapped without the anonymous user's identity: {}",
              token_.config().slot, Describe(identity.error()));
    co_return std::move(identity).error();
  }
  HsmCall call;
  call.identity = *std::move(identity);
  call.application = kLane;
  call.deadline = deadline;
  co_return call;
}

// -- what people see

void Rotation::Count(const Work& work) {
  progress_.keys = work.in_token.size() + work.in_sessions.size();
  progress_.done = 0;
  progress_.failed = 0;
  const auto count = [this](const Object& object) {
    if (IsDone(object)) {
      ++progress_.done;
    } else if (refused_.contains(object.key.octets)) {
      ++progress_.failed;
    }
  };
  for (const ObjectPtr& object : work.in_token) count(*object);
  for (const auto& [application, object] : work.in_sessions) count(*object);
  Show(progress_.phase);
}

void Rotation::Show(RotationPhase phase) {
  progress_.phase = phase;
  phase_gauge_.Set(static_cast<double>(phase));
  done_gauge_.Set(static_cast<double>(progress_.done));
  failed_gauge_.Set(static_cast<double>(progress_.failed));
  todo_gauge_.Set(static_cast<double>(progress_.keys - progress_.done - progress_.failed));
}

void Rotation::ShowReady() {
  Show(RotationPhase::kReady);
  if (progress_.failed == 0) {
    return log::Info(
        "slot {}: {} of {} keys are re-wrapped; the next master key can be activated now",
        token_.config().slot, progress_.done, progress_.keys);
  }
  log::Error(
      "slot {}: {} of {} keys are re-wrapped; {} cannot be, and will be lost when the next master "
      "key is activated",
      token_.config().slot, progress_.done, progress_.keys, progress_.failed);
}

void Rotation::SweepTwins() {
  const SteadyTime now = clock_.Now();
  if (now < next_sweep_) return;
  next_sweep_ = now + kBetweenSweeps;
  const Work work = WorkNow();
  for (const ObjectPtr& object : work.in_token) twins().Keep(object->key);
  for (const auto& [application, object] : work.in_sessions) twins().Keep(object->key);
  if (token_.import_key) twins().Keep(*token_.import_key);
  twins().Sweep();
}

void Rotation::End(std::string_view why) {
  log::Info("slot {}: the change of the master key ends: {}", token_.config().slot, why);
  target_.clear();
  Show(RotationPhase::kNone);
}

}  // namespace gw

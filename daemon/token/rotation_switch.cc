// Room: token. The part of a rotation that comes after the activation, and its end.
#include <algorithm>
#include <string>
#include <utility>

#include "daemon/core/log.h"
#include "daemon/runtime/spawn.h"
#include "daemon/token/rotation.h"

namespace gw {
namespace {

constexpr std::size_t kNamed = 20;  // objects in one log line

}  // namespace

std::string Rotation::NamesOf(const std::vector<ObjectPtr>& objects) {
  std::string names;
  for (std::size_t i = 0; i < std::min(objects.size(), kNamed); ++i) {
    const Object& object = *objects[i];
    names += i == 0 ? "" : ", ";
    if (object.number == 0) {
      names += "a session object whose application is away";
    } else {
      names += (object.token ? "token object " : "session object ") + std::to_string(object.number);
    }
  }
  return objects.size() > kNamed ? names + " and more" : names;
}

ObjectPtr Rotation::WithKeys(const Object& object, KeyBlob key, KeyBlob other) {
  auto changed = std::make_shared<Object>(object);
  SetKeys(*changed, std::move(key), std::move(other));
  return changed;
}

// Requests of applications find out as well, where there are any.
Awaitable<void> Rotation::Probe() {
  KeyBlob key = twins().AnyWith(target_);
  if (key.empty()) key = AnyWithTwin();
  if (key.empty()) co_return;
  auto call = co_await CallToHsm();
  if (!call) co_return;
  const Status looked = co_await token_.hsm().LookAtKey(*call, key);
  // A blob whose login session is closed was opened, too.
  if (looked || looked.error().rv == CKR_SESSION_CLOSED) co_return;
  calm_rounds_ = 0;
  log::Warn("slot {}: the HSM takes neither blob of a key: {}", token_.config().slot,
            Describe(looked.error()));
}

KeyBlob Rotation::AnyWithTwin() const {
  for (const ObjectPtr& object : token_.objects().Match({}, /*with_private=*/true)) {
    if (twins().At(TwinSide::kBefore, object->key.view()) != nullptr) return object->key;
  }
  return KeyBlob{};
}

// Units activate one after the other, and until all have, keys may still be made under the former
// one: these are wrapped anew and switched as well.
Awaitable<bool> Rotation::SwitchRound() {
  if (progress_.phase != RotationPhase::kSwitching) {
    log::Info("slot {}: the next master key is active", token_.config().slot);
    Show(RotationPhase::kSwitching);
    calm_rounds_ = 0;
  }
  const Work late = WorkNow();
  co_await WrapSessionObjects(late);
  co_await WrapTokenObjects(late);
  const Work work = WorkNow();
  std::vector<ObjectPtr> lost;
  const Status switched = co_await SwitchTokenObjects(work, lost);
  if (!switched) co_return false;
  SwitchSessionObjects(work, lost);
  const bool listed = co_await ListSessionKeys();
  if (token_.import_key) {
    KeyBlob after = twins().Of(TwinSide::kAfter, *token_.import_key);
    if (!after.empty()) token_.import_key = std::move(after);
  }
  Count(work);
  ++calm_rounds_;
  co_await Probe();
  if (!IsCalm() || !listed) co_return false;
  co_return co_await EndSwitch(lost);
}

// All units of the HSM take the same blobs.
bool Rotation::IsCalm() {
  const std::uint64_t turns = twins().turns();
  if (std::exchange(seen_turns_, turns) != turns) calm_rounds_ = 0;
  return calm_rounds_ >= kRoundsToBelieve;
}

Awaitable<bool> Rotation::EndSwitch(const std::vector<ObjectPtr>& lost) {
  const Status forgotten = co_await Remember(Bytes());
  if (!forgotten) co_return false;
  if (!IsActive()) {
    End("the HSM has gone back to its former master key");
    co_return true;
  }
  if (!lost.empty()) {
    log::Error(
        "slot {}: {} keys were not re-wrapped before the master key was activated, and are of no "
        "use any more: {}",
        token_.config().slot, lost.size(), NamesOf(lost));
  }
  End("the keys are under the new master key");
  co_return true;
}

Awaitable<Status> Rotation::SwitchTokenObjects(const Work& work, std::vector<ObjectPtr>& lost) {
  std::vector<ObjectPtr> switched;
  for (const ObjectPtr& object : work.in_token) {
    if (IsOfNext(object->key)) continue;
    if (!IsOfNext(object->other)) {
      lost.push_back(object);
      continue;
    }
    switched.push_back(WithKeys(*object, object->other, object->key));
    if (switched.size() < kInOneChange) continue;
    std::vector<ObjectPtr> part;
    std::swap(part, switched);
    GW_CO_TRY_VOID(co_await StoreInParts(std::move(part)));
  }
  co_return co_await StoreInParts(std::move(switched));
}

void Rotation::Forget() {
  if (running_) {
    return log::Warn("slot {}: the change of the master key is under way; nothing is forgotten",
                     token_.config().slot);
  }
  running_ = forgetting_ = true;
  Spawn(executor_, ForgetAll(shared_from_this()), "end of a master key rotation");
}

Awaitable<void> Rotation::ForgetAll(std::shared_ptr<Rotation> self) {
  // Whatever the HSM takes now is what stays.
  co_await self->Probe();
  std::vector<ObjectPtr> objects;
  KeyTwins& twins = self->twins();
  for (const ObjectPtr& object : self->token_.objects().Match({}, /*with_private=*/true)) {
    if (object->other.empty()) continue;
    KeyBlob taken = twins.Of(twins.side(), object->key);
    if (taken.empty()) taken = object->key;
    objects.push_back(WithKeys(*object, std::move(taken), KeyBlob{}));
  }
  const std::size_t count = objects.size();
  Status stored = co_await self->StoreInParts(std::move(objects));
  if (stored) {
    std::map<TokenSetting, Bytes> settings;
    settings[TokenSetting::kRotationSessionKeys] = Bytes();
    stored = co_await self->token_.Store(std::move(settings));
  }
  self->running_ = self->forgetting_ = false;
  if (!stored) {
    log::Error("slot {}: the second blobs could not be deleted: {}", self->token_.config().slot,
               Describe(stored.error()));
    co_return;
  }
  self->away_.clear();
  self->listed_.clear();
  twins.Clear();
  log::Info("slot {}: the second blobs of {} keys are deleted", self->token_.config().slot, count);
}

}  // namespace gw

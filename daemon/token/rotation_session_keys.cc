// Room: token. The part of a rotation that cares for session keys. They live in the memory of their
// application, sealed, and a daemon sees them when the application makes its first call to it. So
// that an idle one loses nothing, the keystore has a list of them from the beginning of a change
// on, and the next daemon works by that.
#include <algorithm>
#include <utility>

#include "daemon/core/log.h"
#include "daemon/token/rotation.h"
#include "daemon/token/session_key_list.h"

namespace gw {
namespace {

// Of the time, for writing a list that has become very long.
constexpr int kMostShare = 10;

}  // namespace

Rotation::Work Rotation::SessionWorkNow() const {
  Work work;
  for (const ApplicationPtr& application : applications_.All()) {
    for (ObjectPtr& object : application->SessionObjects(token_.slot())) {
      if (IsBound(*object)) work.in_sessions.push_back({application, std::move(object)});
    }
  }
  for (const auto& [key, object] : away_) work.in_sessions.push_back({nullptr, object});
  return work;
}

// Changed or destroyed meanwhile: nothing is done, and the next round sees it.
void Rotation::PutSessionKeys(const Work::InSession& at, KeyBlob key, KeyBlob other) {
  ObjectPtr changed = WithKeys(*at.object, std::move(key), std::move(other));
  if (at.application != nullptr) {
    if (at.application->FindSessionObject(at.object->number) != at.object) return;
    return at.application->PutSessionObject(std::move(changed));
  }
  const auto held = away_.find(at.object->key.octets);
  if (held == away_.end() || held->second != at.object) return;
  away_.erase(held);
  Bytes name = changed->key.octets;
  away_.insert_or_assign(std::move(name), std::move(changed));
}

Awaitable<Rotation::Outcome> Rotation::WrapSessionObjects(const Work& work) {
  Tries tries;
  for (const Work::InSession& at : work.in_sessions) {
    const ObjectPtr& object = at.object;
    if (closing_.is_set()) co_return Outcome::kLater;
    if (IsDone(*object) || refused_.contains(object->key.octets)) continue;
    KeyBlob next = twins().Of(TwinSide::kAfter, object->key);
    Outcome outcome = Outcome::kDone;
    if (!IsOfNext(next)) outcome = co_await Wrap(object, next);
    if (tries.End(outcome, IsActive())) break;
    if (!next.empty()) PutSessionKeys(at, PresentKey(*object), std::move(next));
  }
  co_return tries.outcome;
}

void Rotation::SwitchSessionObjects(const Work& work, std::vector<ObjectPtr>& lost) {
  for (const Work::InSession& at : work.in_sessions) {
    if (IsOfNext(at.object->key)) continue;
    KeyBlob after = twins().Of(TwinSide::kAfter, at.object->key);
    if (!IsOfNext(after)) {
      lost.push_back(at.object);
      continue;
    }
    PutSessionKeys(at, std::move(after), at.object->key);
  }
}

// -- the list

void Rotation::AdoptSessionKeys() {
  const Bytes* list = token_.Setting(TokenSetting::kRotationSessionKeys);
  if (list == nullptr) return;
  auto keys = DecodeSessionKeys(*list);
  if (!keys) {
    return log::Error(
        "slot {}: the list of session keys in the keystore cannot be read and is ignored; keys of "
        "applications that have not called since the start are re-wrapped when they do",
        token_.config().slot);
  }
  for (ListedKey& listed : *keys) {
    auto object = std::make_shared<Object>();
    object->slot = token_.slot();
    object->key = std::move(listed.key);
    object->other = std::move(listed.other);
    token_.Meet(*object);
    Bytes name = object->key.octets;
    away_.insert_or_assign(std::move(name), std::move(object));
  }
  log::Info("slot {}: {} session keys are known by the list in the keystore", token_.config().slot,
            away_.size());
}

// Whoever came back has the keys itself, under either blob.
void Rotation::DropReturned() {
  if (away_.empty()) return;
  for (const auto& [application, object] : SessionWorkNow().in_sessions) {
    if (application == nullptr || listed_.contains(object)) continue;
    away_.erase(object->key.octets);
    for (const TwinSide side : {TwinSide::kBefore, TwinSide::kAfter}) {
      away_.erase(twins().Of(side, object->key).octets);
    }
  }
}

// True: the keystore lists each session key there is, as it is.
Awaitable<bool> Rotation::ListSessionKeys(std::map<TokenSetting, Bytes> settings) {
  DropReturned();
  std::vector<ListedKey> keys;
  std::set<ObjectPtr> objects;
  bool same = true;
  for (const auto& [application, object] : SessionWorkNow().in_sessions) {
    same = same && listed_.contains(object);
    objects.insert(object);
  }
  // Keys that are gone stay in the list until others come.
  if (same && settings.empty()) co_return true;
  const SteadyTime began = clock_.Now();
  if (began < next_listing_ && settings.empty()) co_return false;
  for (const ObjectPtr& object : objects) keys.push_back({object->key, object->other});
  settings[TokenSetting::kRotationSessionKeys] = EncodeSessionKeys(keys);
  const Status stored = co_await token_.Store(std::move(settings));
  if (!stored) co_return false;
  listed_ = std::move(objects);
  const SteadyTime ended = clock_.Now();
  next_listing_ = ended + (kMostShare - 1) * (ended - began);
  co_return true;
}

}  // namespace gw

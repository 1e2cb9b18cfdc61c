// Room: ops.
#include "daemon/ops/new_object.h"

#include <algorithm>

#include "daemon/localcrypto/random.h"

namespace gw::ops {
namespace {

constexpr std::size_t kUniqueIdBytes = 16;

Status CheckStillAllowed(const CallScope& scope, const std::vector<Object>& objects) {
  if (scope.session->closed)
    return StateError(CKR_SESSION_HANDLE_INVALID, "the session was closed meanwhile");
  const bool any_private = std::ranges::any_of(objects, &Object::is_private);
  if (any_private && scope.login().user != UserState::kNormal) {
    return StateError(CKR_USER_NOT_LOGGED_IN, "the user logged out meanwhile");
  }
  return Ok();
}

// CKA_UNIQUE_ID (PKCS #11 v3.0 4.4.1): given once, the same on every host that shares the keystore.
void GiveUniqueId(Object& object) {
  Byte id[kUniqueIdBytes];
  RandomBytes(id);
  object.attributes.SetText(CKA_UNIQUE_ID, HexOf(id));
}

}  // namespace

Result<Placement> PlaceNewObject(const CallScope& scope, const AttributeList& given) {
  GW_TRY(placement, DecidePlacement(given, scope.login().user, scope.session->read_write,
                                    scope.token->config().remotestore));
  const LimitsConfig& limits = scope.services.gateway().limits;
  if (placement.token) {
    if (scope.token->AccessTo(placement.is_private) == KeystoreAccess::kGranted) return placement;
    return StateError(CKR_TOKEN_WRITE_PROTECTED,
                      "the keystore is locked: the log of the start says why");
  }
  if (scope.application->session_object_count() >= limits.objects_per_application) {
    return StateError(CKR_DEVICE_MEMORY, "gateway.limits.objects_per_application reached");
  }
  // All records of an application travel in one frame when it comes back after a restart.
  if (scope.application->session_object_bytes() >= limits.max_frame_bytes / 4 * 3) {
    return StateError(CKR_DEVICE_MEMORY,
                      "session objects would not fit gateway.limits.max_frame_bytes");
  }
  return placement;
}

Awaitable<Result<std::vector<ObjectHandle>>> AddObjects(const CallScope& scope,
                                                        std::vector<Object> objects,
                                                        Returns returns) {
  GW_CO_TRY_VOID(CheckStillAllowed(scope, objects));
  std::ranges::for_each(objects, GiveUniqueId);
  std::vector<ObjectHandle> handles(objects.size());
  std::vector<Object> token_objects;
  std::vector<std::size_t> token_positions;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!objects[i].token) continue;
    token_objects.push_back(std::move(objects[i]));
    token_positions.push_back(i);
  }
  if (!token_objects.empty()) {
    Requested requested;
    requested.id = scope.request;
    requested.whole = returns == Returns::kHandles && token_positions.size() == objects.size();
    GW_CO_TRY(inserted,
              co_await scope.token->Insert(std::move(token_objects), std::move(requested)));
    for (std::size_t i = 0; i < inserted.size(); ++i) {
      handles[token_positions[i]] = scope.application->HandleOf(*inserted[i]);
    }
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (std::ranges::find(token_positions, i) != token_positions.end()) continue;
    // Its record has both blobs of a new key, as the row of a token object has.
    scope.token->Settle(objects[i]);
    const ObjectPtr added =
        scope.application->AddSessionObject(std::move(objects[i]), *scope.session);
    handles[i] = scope.application->HandleOf(*added);
  }
  co_return handles;
}

Awaitable<Result<ObjectHandle>> AddObject(const CallScope& scope, Object object, Returns returns) {
  std::vector<Object> one;
  one.push_back(std::move(object));
  GW_CO_TRY(handles, co_await AddObjects(scope, std::move(one), returns));
  co_return handles.front();
}

}  // namespace gw::ops

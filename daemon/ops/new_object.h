// Room: ops. Where a new object goes and how it gets its handle: shared by create, copy, generate,
// unwrap and derive.
#pragma once

#include <vector>

#include "daemon/ops/call_scope.h"

namespace gw::ops {

// DecidePlacement for the application's present state, and the limit of session objects.
//   errors  those of DecidePlacement
//           CKR_DEVICE_MEMORY  gateway.limits.objects_per_application reached, or three quarters
//                              of gateway.limits.max_frame_bytes are in session objects
Result<Placement> PlaceNewObject(const CallScope& scope, const AttributeList& given);

// What the call answers besides CKR_OK. Handles can be told again to who asks again; where more
// goes back, a request that is repeated takes back what was made, and is done as a new one.
enum class Returns : std::uint8_t { kHandles, kMore };

// Makes the objects exist, all or none: token objects in one transaction, then session objects.
// Attributes are complete; CKA_TOKEN and CKA_PRIVATE in them say where. Returns handles in the same
// order.
//   errors  those of Token::Insert
//           CKR_USER_NOT_LOGGED_IN      private, and the user logged out while the HSM worked
//           CKR_SESSION_HANDLE_INVALID  the session was closed while the HSM worked
Awaitable<Result<std::vector<ObjectHandle>>> AddObjects(const CallScope& scope,
                                                        std::vector<Object> objects,
                                                        Returns returns = Returns::kHandles);

// For the usual single object.
Awaitable<Result<ObjectHandle>> AddObject(const CallScope& scope, Object object,
                                          Returns returns = Returns::kHandles);

}  // namespace gw::ops

// Room: ops. PKCS #11 v2.40 5.7: objects. Reads and finds cost no request to the HSM; a change
// costs one only if it changes a boolean inside a key blob.
#pragma once

#include <vector>

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

// One wanted attribute of C_GetAttributeValue, and what becomes of it.
struct WantedValue {
  CK_ATTRIBUTE_TYPE type;
  Capacity capacity;  // octets; entries where the value is a template
};
struct FoundValue {
  std::optional<std::uint64_t> length;  // nullopt: CK_UNAVAILABLE_INFORMATION
  ByteView value;                       // octets of `object`; empty for a length query
  bool delivered = false;
  bool is_template = false;  // `value` is an encoded list, and `length` counts its entries
};
struct FoundValues {
  ObjectPtr object;  // keeps the views alive
  std::vector<FoundValue> values;
  CK_RV rv = CKR_OK;  // CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL:
                      // of one failure
};

// Keys go into the HSM on the way; `given` may hold one in clear, and is copied nowhere that is not
// wiped.
//   errors  those of DecidePlacement, CompleteData, CompleteCertificate, ImportKey and
//   Token::Insert
//           CKR_TEMPLATE_INCOMPLETE      no CKA_CLASS
//           CKR_ATTRIBUTE_VALUE_INVALID  a class that is not made this way
Awaitable<Result<ObjectHandle>> CreateObject(const CallScope& scope, const AttributeList& given);

//   errors  CKR_OBJECT_HANDLE_INVALID; those of CheckChange, DecidePlacement,
//   HsmClient::SetAttributeValue, Token::Insert
Awaitable<Result<ObjectHandle>> CopyObject(const CallScope& scope, ObjectHandle handle,
                                           const AttributeList& given);

//   errors  CKR_OBJECT_HANDLE_INVALID, CKR_ACTION_PROHIBITED, CKR_SESSION_READ_ONLY; those of
//   Token::Remove
Awaitable<Status> DestroyObject(const CallScope& scope, ObjectHandle handle);

// Octets of its attributes and key blob: an approximation that is the same each time.
Result<CK_ULONG> GetObjectSize(const CallScope& scope, ObjectHandle handle);

// Every wanted attribute gets its answer even if others fail (behaviour R230).
//   errors  CKR_OBJECT_HANDLE_INVALID
Result<FoundValues> GetAttributeValue(const CallScope& scope, ObjectHandle handle,
                                      const std::vector<WantedValue>& wanted);

//   errors  CKR_OBJECT_HANDLE_INVALID, CKR_SESSION_READ_ONLY; those of CheckChange,
//   HsmClient::SetAttributeValue and
//           Token::Replace. All of the template or nothing.
Awaitable<Status> SetAttributeValue(const CallScope& scope, ObjectHandle handle,
                                    const AttributeList& wanted);

// What a search brings at once. A search that is complete is not active any more.
struct Found {
  std::vector<ObjectHandle> first;
  bool complete = false;
};
//   most    how many handles to return; the others wait for FindObjects
//   errors  CKR_OPERATION_ACTIVE, CKR_ATTRIBUTE_VALUE_INVALID
Result<Found> FindObjectsInit(const CallScope& scope, const AttributeList& wanted,
                              std::size_t most);
//   returns  up to `most` handles; none when finished
//   errors   CKR_OPERATION_NOT_INITIALIZED
Result<std::vector<ObjectHandle>> FindObjects(const CallScope& scope, std::uint64_t most);
//   errors   CKR_OPERATION_NOT_INITIALIZED
Status FindObjectsFinal(const CallScope& scope);

}  // namespace gw::ops

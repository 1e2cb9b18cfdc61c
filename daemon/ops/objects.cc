// Room: ops.
#include "daemon/ops/objects.h"

#include "daemon/attributes/attribute_access.h"
#include "daemon/attributes/template_rules.h"
#include "daemon/core/attribute_codec.h"
#include "daemon/localcrypto/digest.h"
#include "daemon/ops/import_key.h"
#include "daemon/ops/new_object.h"

namespace gw::ops {
namespace {

Result<ObjectPtr> VisibleObject(const CallScope& scope, ObjectHandle handle) {
  ObjectPtr object = scope.application->FindObject(*scope.token, handle);
  if (object == nullptr)
    return CallerError(CKR_OBJECT_HANDLE_INVALID, "no such object, or not visible to this user");
  return object;
}

// Token objects change through read/write sessions only (behaviour R106).
Status CheckWritable(const CallScope& scope, const Object& object) {
  if (object.token && !scope.session->read_write) {
    return StateError(CKR_SESSION_READ_ONLY, "a token object, through a read-only session");
  }
  return Ok();
}

Bytes Sha1(ByteView data) { return HashOf(Hash::kSha1, data); }

bool IsImported(CK_OBJECT_CLASS object_class) {
  return object_class == CKO_PUBLIC_KEY || object_class == CKO_PRIVATE_KEY ||
         object_class == CKO_SECRET_KEY;
}

// The attributes of an object that the HSM has no part in.
Result<AttributeList> CompleteHere(CK_OBJECT_CLASS object_class, const AttributeList& given,
                                   UserState user, Placement placement) {
  if (object_class == CKO_CERTIFICATE) return CompleteCertificate(given, user, placement, &Sha1);
  if (object_class == CKO_DATA) return CompleteData(given, placement);
  if (object_class != CKO_DOMAIN_PARAMETERS) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID,
                       "objects of this class are not made by C_CreateObject");
  }
  const KeyPlan plan{Purpose::kCreate, object_class, std::nullopt, CK_UNAVAILABLE_INFORMATION, user,
                     placement,        given};
  return CompleteKey(plan);
}

Awaitable<Result<Object>> NewObject(const CallScope& scope, const AttributeList& given,
                                    Placement placement) {
  const std::optional<CK_ULONG> object_class = given.GetUlong(CKA_CLASS);
  if (!object_class) co_return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_CLASS is missing");
  if (IsImported(*object_class)) co_return co_await ImportKey(scope, given, placement);
  GW_CO_TRY(attributes, CompleteHere(*object_class, given, scope.login().user, placement));
  co_return ObjectFrom(std::move(attributes), KeyBlob{});
}

// The blob with its booleans changed, by the HSM; the old one where nothing inside it changes.
Awaitable<Result<KeyBlob>> ChangedBlob(const CallScope& scope, const Object& object,
                                       const Change& change) {
  // A public key's blob may be a plain SPKI that the HSM never saw; its rights are enforced here.
  if (change.hsm.empty() || object.key.empty() || object.object_class == CKO_PUBLIC_KEY)
    co_return object.key;
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope,
                  co_await scope.token->hsm().SetAttributeValue(call, object.key, change.hsm));
}

struct FindOperation final : ActiveOperation {
  std::vector<ObjectHandle> handles;
  std::size_t next = 0;
};

// What an application counts: octets, or the entries of a template.
Result<std::size_t> LengthOf(CK_ATTRIBUTE_TYPE type, ByteView value) {
  if (!IsTemplateAttribute(type) || value.empty()) return value.size();
  GW_TRY(entries, DecodeAttributes(value));
  return entries.size();
}

Result<FoundValue> Answer(const Object& object, const WantedValue& wanted) {
  GW_TRY(value, ReadAttribute(object.attributes, wanted.type));
  GW_TRY(length, LengthOf(wanted.type, value));
  const bool fits = wanted.capacity && *wanted.capacity >= length;
  if (wanted.capacity && !fits) return CallerError(CKR_BUFFER_TOO_SMALL, "buffer of an attribute");
  FoundValue found;
  found.length = length;
  found.is_template = IsTemplateAttribute(wanted.type);
  found.delivered = fits;
  if (fits) found.value = value;
  return found;
}

}  // namespace

Awaitable<Result<ObjectHandle>> CreateObject(const CallScope& scope, const AttributeList& given) {
  GW_CO_TRY(placement, PlaceNewObject(scope, given));
  GW_CO_TRY(object, co_await NewObject(scope, given, placement));
  co_return co_await AddObject(scope, std::move(object));
}

Awaitable<Result<ObjectHandle>> CopyObject(const CallScope& scope, ObjectHandle handle,
                                           const AttributeList& given) {
  GW_CO_TRY(original, VisibleObject(scope, handle));
  AttributeList placed_by;
  placed_by.SetBool(CKA_TOKEN, original->token);
  placed_by.SetBool(CKA_PRIVATE, original->is_private);
  placed_by.Merge(given);
  GW_CO_TRY(placement, PlaceNewObject(scope, placed_by));
  GW_CO_TRY(change, CheckChange(original->attributes, given, scope.login().user, Purpose::kCopy));
  GW_CO_TRY(key, co_await ChangedBlob(scope, *original, change));
  AttributeList attributes = original->attributes;
  attributes.Merge(change.host);
  attributes.SetBool(CKA_TOKEN, placement.token);
  attributes.SetBool(CKA_PRIVATE, placement.is_private);
  Object copy = ObjectFrom(std::move(attributes), std::move(key));
  co_return co_await AddObject(scope, std::move(copy));
}

Awaitable<Status> DestroyObject(const CallScope& scope, ObjectHandle handle) {
  GW_CO_TRY(object, VisibleObject(scope, handle));
  GW_CO_TRY_VOID(CheckWritable(scope, *object));
  GW_CO_TRY_VOID(CheckDestroyable(object->attributes));
  if (object->token) co_return co_await scope.token->Remove(object->number, ByRequest(scope));
  scope.application->RemoveSessionObject(object->number);
  co_return Ok();
}

Result<CK_ULONG> GetObjectSize(const CallScope& scope, ObjectHandle handle) {
  GW_TRY(object, VisibleObject(scope, handle));
  std::size_t bytes = object->key.octets.size();
  for (const auto& [type, value] : object->attributes) bytes += sizeof type + value.size();
  return CK_ULONG{bytes};
}

Result<FoundValues> GetAttributeValue(const CallScope& scope, ObjectHandle handle,
                                      const std::vector<WantedValue>& wanted) {
  GW_TRY(object, VisibleObject(scope, handle));
  FoundValues found;
  found.object = object;
  found.values.reserve(wanted.size());
  for (const WantedValue& one : wanted) {
    auto value = Answer(*object, one);
    if (!value) found.rv = value.error().rv;
    found.values.push_back(value ? *value : FoundValue{});
  }
  return found;
}

Awaitable<Status> SetAttributeValue(const CallScope& scope, ObjectHandle handle,
                                    const AttributeList& wanted) {
  GW_CO_TRY(object, VisibleObject(scope, handle));
  GW_CO_TRY_VOID(CheckWritable(scope, *object));
  GW_CO_TRY(change, CheckChange(object->attributes, wanted, scope.login().user, Purpose::kSet));
  GW_CO_TRY(key, co_await ChangedBlob(scope, *object, change));
  AttributeList attributes = object->attributes;
  attributes.Merge(change.host);
  if (object->token) {
    GW_CO_TRY_VOID(co_await scope.token->Replace(object, std::move(attributes), std::move(key),
                                                 ByRequest(scope)));
    co_return Ok();
  }
  auto changed = std::make_shared<Object>(*object);
  changed->attributes = std::move(attributes);
  changed->key = std::move(key);
  ++changed->version;
  scope.token->Settle(*changed);
  scope.application->PutSessionObject(std::move(changed));
  co_return Ok();
}

Result<Found> FindObjectsInit(const CallScope& scope, const AttributeList& wanted,
                              std::size_t most) {
  ActiveOperations& operations = scope.operations();
  if (operations.Has(OperationKind::kFind))
    return StateError(CKR_OPERATION_ACTIVE, "a search is active");
  Found found;
  found.first = scope.application->MatchObjects(*scope.token, wanted);
  found.complete = found.first.size() <= most;
  if (found.complete) return found;
  auto search = std::make_shared<FindOperation>();
  search->handles.assign(found.first.begin() + static_cast<std::ptrdiff_t>(most),
                         found.first.end());
  found.first.resize(most);
  operations.Start(OperationKind::kFind, std::move(search));
  return found;
}

Result<std::vector<ObjectHandle>> FindObjects(const CallScope& scope, std::uint64_t most) {
  const auto search = scope.operations().Get<FindOperation>(OperationKind::kFind);
  if (search == nullptr) return StateError(CKR_OPERATION_NOT_INITIALIZED, "no search");
  const std::size_t left = search->handles.size() - search->next;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, left));
  const auto first = search->handles.begin() + static_cast<std::ptrdiff_t>(search->next);
  search->next += count;
  return std::vector<ObjectHandle>(first, first + static_cast<std::ptrdiff_t>(count));
}

Status FindObjectsFinal(const CallScope& scope) {
  ActiveOperations& operations = scope.operations();
  if (!operations.Has(OperationKind::kFind))
    return StateError(CKR_OPERATION_NOT_INITIALIZED, "no search");
  operations.End(OperationKind::kFind);
  return Ok();
}

}  // namespace gw::ops

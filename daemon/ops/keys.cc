// Room: ops.
#include "daemon/ops/keys.h"

#include "daemon/attributes/attribute_value.h"
#include "daemon/attributes/template_rules.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/mechanism/hsm_names.h"
#include "daemon/ops/bound_wrap.h"
#include "daemon/ops/derivation.h"
#include "daemon/ops/domain.h"
#include "daemon/ops/import_key.h"
#include "daemon/ops/key_use.h"
#include "daemon/ops/made_key.h"
#include "daemon/ops/new_object.h"
#include "daemon/ops/offer.h"
#include "daemon/ops/public_parts.h"

namespace gw::ops {
namespace {

constexpr KeyErrors kWrappingKeyErrors{CKR_WRAPPING_KEY_HANDLE_INVALID,
                                       CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
                                       CKR_WRAPPING_KEY_SIZE_RANGE};
constexpr KeyErrors kUnwrappingKeyErrors{CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                                         CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
                                         CKR_UNWRAPPING_KEY_SIZE_RANGE};

Result<AttributeList> Plan(const CallScope& scope, Purpose purpose,
                           std::optional<CK_OBJECT_CLASS> object_class,
                           std::optional<CK_KEY_TYPE> key_type, CK_MECHANISM_TYPE mechanism,
                           const AttributeList& given, const AttributeList* base_key = nullptr,
                           const AttributeList* public_half = nullptr) {
  GW_TRY(placement, PlaceNewObject(scope, given));
  const KeyPlan plan{.purpose = purpose,
                     .object_class = object_class,
                     .key_type = key_type,
                     .mechanism = mechanism,
                     .user = scope.login().user,
                     .placement = placement,
                     .given = given,
                     .base_key = base_key,
                     .public_half = public_half};
  return CompleteKey(plan);
}

// Where the mechanism does not say what it makes, the template has to.
std::optional<CK_KEY_TYPE> TypeMadeBy(const MechanismRow& row) {
  if (row.family == Family::kOther) return std::nullopt;
  return row.key_type;
}

// Tools say the length also of keys that have one length alone.
AttributeList WithoutKnownLength(const MechanismRow& row, AttributeList given) {
  const bool one_length =
      row.family == Family::kGenerateKey && row.min_key_size == row.max_key_size;
  if (one_length && given.GetUlong(CKA_VALUE_LEN) == row.min_key_size) given.Remove(CKA_VALUE_LEN);
  return given;
}

bool IsPrivate(const AttributeList& attributes) { return attributes.BoolOr(CKA_PRIVATE, false); }

Awaitable<Result<MadeKeyPair>> AskForPair(const CallScope& scope, const Mechanism& mechanism,
                                          const AttributeList& public_attributes,
                                          const AttributeList& private_attributes) {
  const bool is_private = IsPrivate(public_attributes) || IsPrivate(private_attributes);
  GW_CO_TRY(call, co_await ForNewKey(scope, is_private));
  const AttributeList for_public = HsmTemplate(public_attributes, Purpose::kGenerate);
  const AttributeList for_private = HsmTemplate(private_attributes, Purpose::kGenerate);
  co_return Noted(
      scope, co_await scope.token->hsm().GenerateKeyPair(call, mechanism, for_public, for_private));
}

// The HSM makes keys on all curves by one mechanism; the standard has one for each kind of curve.
Result<Mechanism> PairMechanismForHsm(const MechanismRow& row, const Mechanism& mechanism,
                                      const AttributeList& public_attributes) {
  const Bytes* params = public_attributes.Find(CKA_EC_PARAMS);
  if (HsmKeyType(row.key_type) != CKK_EC || params == nullptr) return mechanism;
  if (row.key_type != CKK_EC && row.key_type != StandardEcType(params))
    return CallerError(CKR_CURVE_NOT_SUPPORTED, "the mechanism makes keys on other curves");
  const Curve* curve = FindCurve(*params);
  return AtHsm(mechanism, curve == nullptr ? 0 : curve->bits);
}

Status CheckMayWrap(const Object& key, const Object& wrapping_key) {
  if (!key.attributes.BoolOr(CKA_EXTRACTABLE, false)) {
    return CallerError(CKR_KEY_UNEXTRACTABLE, "CKA_EXTRACTABLE is FALSE");
  }
  const bool trusted = wrapping_key.attributes.BoolOr(CKA_TRUSTED, false);
  if (key.attributes.BoolOr(CKA_WRAP_WITH_TRUSTED, false) && !trusted) {
    return CallerError(CKR_KEY_NOT_WRAPPABLE,
                       "CKA_WRAP_WITH_TRUSTED, and the wrapping key is not trusted");
  }
  if (!MayBeWrappedBy(key.attributes, wrapping_key.attributes)) {
    return CallerError(CKR_KEY_NOT_WRAPPABLE,
                       "CKA_WRAP_TEMPLATE of the wrapping key does not match");
  }
  return Ok();
}

Result<ObjectPtr> KeyToWrap(const CallScope& scope, ObjectHandle handle) {
  ObjectPtr key = scope.application->FindObject(*scope.token, handle);
  if (key == nullptr)
    return CallerError(CKR_KEY_HANDLE_INVALID, "no such key, or not visible to this user");
  const bool wrappable =
      key->object_class == CKO_SECRET_KEY || key->object_class == CKO_PRIVATE_KEY;
  if (!wrappable)
    return CallerError(CKR_KEY_NOT_WRAPPABLE, "only secret and private keys are wrapped");
  return key;
}

// How long `key` will be when it is wrapped, where that follows from what is known here: a private
// key has a length that only the HSM sees. nullopt: it has to be asked.
std::optional<std::size_t> WrappedBytes(const MechanismRow& row, const Object& wrapping_key,
                                        const Object& key) {
  if (row.family == Family::kBoundWrap) return std::nullopt;
  if (row.key_type == CKK_RSA) return (KeySize(wrapping_key) + 7) / 8;
  const CK_ULONG value_bytes = key.object_class == CKO_SECRET_KEY ? KeySize(key) : 0;
  if (value_bytes == 0 || row.family != Family::kCbcPad) return std::nullopt;
  return (value_bytes / row.block_bytes + 1) * row.block_bytes;
}

// The unwrapping key has to be there, and is not looked at.
Awaitable<Result<ObjectHandle>> UnwrapPublic(const CallScope& scope, ObjectHandle unwrapping_handle,
                                             ByteView spki, const AttributeList& given) {
  if (scope.application->FindObject(*scope.token, unwrapping_handle) == nullptr) {
    co_return CallerError(CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                          "no such key, or not visible to this user");
  }
  if (spki.empty()) co_return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "empty wrapped key");
  GW_CO_TRY(placement, PlaceNewObject(scope, given));
  GW_CO_TRY(object, co_await ImportSpki(scope, spki, given, placement));
  co_return co_await AddObject(scope, std::move(object));
}

Awaitable<Result<Bytes>> AskToWrap(const CallScope& scope, const Mechanism& mechanism,
                                   const Object& wrapping_key, const Object& key) {
  GW_CO_TRY(call, co_await ForHsm(scope));
  co_return Noted(scope,
                  co_await scope.token->hsm().WrapKey(call, mechanism, wrapping_key.key, key.key));
}

// A secret or private key.
Awaitable<Result<ObjectHandle>> UnwrapHidden(const CallScope& scope, const MechanismRow& row,
                                             const Mechanism& mechanism,
                                             ObjectHandle unwrapping_handle, ByteView wrapped,
                                             const AttributeList& given) {
  GW_CO_TRY(unwrapping_key,
            KeyFor(scope, unwrapping_handle, row, CKA_UNWRAP, kUnwrappingKeyErrors));
  if (wrapped.empty()) co_return CallerError(CKR_WRAPPED_KEY_LEN_RANGE, "empty wrapped key");
  GW_CO_TRY(asked, WithMacKey(scope, row, mechanism, CKA_VERIFY));
  GW_CO_TRY(demanded, AddDemanded(given, unwrapping_key->attributes, CKA_UNWRAP_TEMPLATE));
  GW_CO_TRY(attributes,
            Plan(scope, Purpose::kUnwrap, std::nullopt, std::nullopt, mechanism.type, demanded));
  GW_CO_TRY(call, co_await ForNewKey(scope, IsPrivate(attributes)));
  const AttributeList for_hsm = HsmTemplate(attributes, Purpose::kUnwrap);
  GW_CO_TRY(made, Noted(scope, co_await scope.token->hsm().UnwrapKey(
                                   call, asked, unwrapping_key->key, wrapped, for_hsm)));
  GW_CO_TRY_VOID(AddMadeParts(attributes, made));
  if (row.family == Family::kBoundWrap) AddBoundRights(attributes, made.key);
  Object object = ObjectFrom(std::move(attributes), std::move(made.key));
  co_return co_await AddObject(scope, std::move(object));
}

}  // namespace

Awaitable<Result<ObjectHandle>> GenerateKey(const CallScope& scope, const Mechanism& mechanism,
                                            const AttributeList& given) {
  GW_CO_TRY(row, co_await AskedMechanismFor(scope, mechanism, CKF_GENERATE));
  if (row->family == Family::kGenerateDomain)
    co_return co_await GenerateDomain(scope, *row, mechanism, given);
  const AttributeList wanted = WithoutKnownLength(*row, given);
  GW_CO_TRY(attributes, Plan(scope, Purpose::kGenerate, CKO_SECRET_KEY, TypeMadeBy(*row),
                             mechanism.type, wanted));
  GW_CO_TRY(call, co_await ForNewKey(scope, IsPrivate(attributes)));
  const AttributeList for_hsm = HsmTemplate(attributes, Purpose::kGenerate);
  GW_CO_TRY(made, Noted(scope, co_await scope.token->hsm().GenerateKey(call, mechanism, for_hsm)));
  GW_CO_TRY_VOID(AddMadeParts(attributes, made));
  Object object = ObjectFrom(std::move(attributes), std::move(made.key));
  co_return co_await AddObject(scope, std::move(object));
}

Awaitable<Result<KeyPairHandles>> GenerateKeyPair(const CallScope& scope,
                                                  const Mechanism& mechanism,
                                                  const AttributeList& public_given,
                                                  const AttributeList& private_given) {
  GW_CO_TRY(row, co_await AskedMechanismFor(scope, mechanism, CKF_GENERATE_KEY_PAIR));
  GW_CO_TRY(public_attributes, Plan(scope, Purpose::kGenerate, CKO_PUBLIC_KEY, TypeMadeBy(*row),
                                    mechanism.type, public_given));
  GW_CO_TRY(private_attributes, Plan(scope, Purpose::kGenerate, CKO_PRIVATE_KEY, TypeMadeBy(*row),
                                     mechanism.type, private_given, nullptr, &public_attributes));
  GW_CO_TRY(at_hsm, PairMechanismForHsm(*row, mechanism, public_attributes));
  GW_CO_TRY(made, co_await AskForPair(scope, at_hsm, public_attributes, private_attributes));
  GW_CO_TRY_VOID(AddSpkiParts(public_attributes, made.public_key.view()));
  private_attributes.Merge(SharedWithPrivate(public_attributes));
  AddWrappingKeyId(private_attributes, made.private_key);
  std::vector<Object> pair;
  pair.push_back(ObjectFrom(std::move(public_attributes), std::move(made.public_key)));
  pair.push_back(ObjectFrom(std::move(private_attributes), std::move(made.private_key)));
  GW_CO_TRY(handles, co_await AddObjects(scope, std::move(pair)));
  const KeyPairHandles result{handles[0], handles[1]};
  co_return result;
}

Awaitable<Result<Output>> WrapKey(const CallScope& scope, const Mechanism& mechanism,
                                  ObjectHandle wrapping_handle, ObjectHandle key_handle,
                                  Capacity capacity) {
  GW_CO_TRY(row, co_await AskedMechanismFor(scope, mechanism, CKF_WRAP));
  GW_CO_TRY(wrapping_key, KeyFor(scope, wrapping_handle, *row, CKA_WRAP, kWrappingKeyErrors));
  GW_CO_TRY(key, KeyToWrap(scope, key_handle));
  GW_CO_TRY_VOID(CheckMayWrap(*key, *wrapping_key));
  if (const auto known = WrappedBytes(*row, *wrapping_key, *key)) {
    if (auto length = LengthOnly(*known, capacity)) co_return *length;
  }
  GW_CO_TRY(asked, WithMacKey(scope, *row, mechanism, CKA_SIGN));
  // Where the length is the HSM's secret until it wraps, a query costs a request like the call.
  GW_CO_TRY(wrapped, co_await AskToWrap(scope, asked, *wrapping_key, *key));
  if (auto length = LengthOnly(wrapped.size(), capacity)) co_return *length;
  co_return Delivered(std::move(wrapped));
}

Awaitable<Result<ObjectHandle>> UnwrapKey(const CallScope& scope, const Mechanism& mechanism,
                                          ObjectHandle unwrapping_handle, ByteView wrapped,
                                          const AttributeList& given) {
  GW_CO_TRY(row, co_await AskedMechanismFor(scope, mechanism, CKF_UNWRAP));
  if (row->family == Family::kTransportKey)
    co_return co_await UnwrapPublic(scope, unwrapping_handle, wrapped, given);
  co_return co_await UnwrapHidden(scope, *row, mechanism, unwrapping_handle, wrapped, given);
}

Awaitable<Result<DerivedKey>> DeriveKey(const CallScope& scope, const Mechanism& mechanism,
                                        ObjectHandle base_handle, const AttributeList& given) {
  GW_CO_TRY(row, co_await AskedMechanismFor(scope, mechanism, CKF_DERIVE));
  const KeyNeed need = BaseKeyNeed(*row, mechanism);
  const KeyErrors errors;
  GW_CO_TRY(base_key, KeyFor(scope, base_handle, *row, CKA_DERIVE, need, errors));
  GW_CO_TRY(demanded, AddDemanded(given, base_key->attributes, CKA_DERIVE_TEMPLATE));
  GW_CO_TRY(wanted, TemplateFor(mechanism, *base_key, std::move(demanded)));
  const Makes makes = MakesBy(mechanism);
  GW_CO_TRY(attributes, Plan(scope, Purpose::kDerive, makes.object_class, makes.key_type,
                             mechanism.type, wanted, &base_key->attributes));
  GW_CO_TRY(at_hsm, DerivationForHsm(scope, mechanism, *base_key));
  DerivedKey derived;
  derived.output = CiphertextDoesNotFit(mechanism, *base_key);
  if (derived.output) co_return derived;
  GW_CO_TRY(call, co_await ForNewKey(scope, IsPrivate(attributes)));
  const AttributeList for_hsm = HsmTemplate(attributes, Purpose::kDerive);
  GW_CO_TRY(made, Noted(scope, co_await scope.token->hsm().DeriveKey(call, at_hsm, base_key->key,
                                                                     for_hsm)));
  GW_CO_TRY(output, AddDerivedParts(attributes, mechanism, made));
  derived.output = std::move(output);
  const Returns returns = derived.output ? Returns::kMore : Returns::kHandles;
  Object object = ObjectFrom(std::move(attributes), std::move(made.key));
  GW_CO_TRY(handle, co_await AddObject(scope, std::move(object), returns));
  derived.key = handle;
  co_return derived;
}

}  // namespace gw::ops

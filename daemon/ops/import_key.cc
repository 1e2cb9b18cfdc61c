// Room: ops.
#include "daemon/ops/import_key.h"

#include <algorithm>
#include <array>

#include "daemon/attributes/object_kind.h"
#include "daemon/core/ck.h"
#include "daemon/localcrypto/digest.h"
#include "daemon/localcrypto/private_key.h"
#include "daemon/localcrypto/public_key.h"
#include "daemon/localcrypto/random.h"
#include "daemon/ops/made_key.h"
#include "daemon/ops/public_parts.h"

namespace gw::ops {
namespace {

constexpr std::size_t kIvBytes = 16;
constexpr CK_ULONG kImportKeyBytes = 32;
constexpr std::size_t kCheckValueBytes = 3;

struct CodeRow {
  CK_RV from;
  CK_RV to;
};
// What the HSM says of wrapped keys and wrapping keys, to an application that has neither.
constexpr auto kCodes = std::to_array<CodeRow>({
    {CKR_WRAPPED_KEY_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    {CKR_WRAPPED_KEY_LEN_RANGE, CKR_ATTRIBUTE_VALUE_INVALID},
    {CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID},
    {CKR_PUBLIC_KEY_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_DEVICE_ERROR},
    {CKR_KEY_HANDLE_INVALID, CKR_DEVICE_ERROR},
    {CKR_KEY_TYPE_INCONSISTENT, CKR_DEVICE_ERROR},
    {CKR_MECHANISM_INVALID, CKR_DEVICE_ERROR},
    {CKR_MECHANISM_PARAM_INVALID, CKR_DEVICE_ERROR},
    {CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_DEVICE_ERROR},
    {CKR_UNWRAPPING_KEY_SIZE_RANGE, CKR_DEVICE_ERROR},
    {CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_DEVICE_ERROR},
});

Error AsCreateError(Error error) {
  const auto row = std::ranges::find(kCodes, error.rv, &CodeRow::from);
  if (row != kCodes.end()) error.rv = row->to;
  return error;
}

// What goes to the HSM, and how.
struct Load {
  SecretBytes clear;  // of a secret or private key
  Bytes spki;         // of a public key
  AttributeList attributes;
};

// Encrypts what is imported and unwraps it again: neither does it decrypt, nor wrap other keys.
Awaitable<Result<KeyBlob>> MakeImportKey(const CallScope& scope, const HsmCall& call) {
  AttributeList attributes;
  attributes.SetUlong(CKA_VALUE_LEN, kImportKeyBytes);
  for (CK_ATTRIBUTE_TYPE right : {CKA_ENCRYPT, CKA_UNWRAP}) attributes.SetBool(right, true);
  for (CK_ATTRIBUTE_TYPE right :
       {CKA_DECRYPT, CKA_WRAP, CKA_SIGN, CKA_VERIFY, CKA_DERIVE, CKA_EXTRACTABLE}) {
    attributes.SetBool(right, false);
  }
  const Mechanism mechanism{CKM_AES_KEY_GEN, {}};
  GW_CO_TRY(made,
            Noted(scope, co_await scope.token->hsm().GenerateKey(call, mechanism, attributes)));
  co_return std::move(made.key);
}

Awaitable<Result<MadeKey>> Unwrap(const CallScope& scope, const HsmCall& any_call,
                                  const KeyBlob& import_key, const Load& load) {
  HsmClient& hsm = scope.token->hsm();
  HsmCall call = any_call;
  call.binds = scope.token->login(load.attributes.BoolOr(CKA_PRIVATE, false));
  if (!load.spki.empty()) {
    const Mechanism mechanism{CKM_IBM_TRANSPORTKEY, {}};
    const AttributeList rights = HsmTemplate(load.attributes, Purpose::kCreate);
    co_return Noted(scope, co_await hsm.UnwrapKey(call, mechanism, import_key, load.spki, rights));
  }
  Bytes iv(kIvBytes);
  RandomBytes(iv);
  const Mechanism mechanism{CKM_AES_CBC_PAD, std::move(iv)};
  const AttributeList rights = HsmTemplate(load.attributes, Purpose::kUnwrap);
  GW_CO_TRY(wrapped, Noted(scope, co_await hsm.Single(any_call, KeyOperation::kEncrypt, mechanism,
                                                      import_key, load.clear.view())));
  co_return Noted(scope, co_await hsm.UnwrapKey(call, mechanism, import_key, wrapped, rights));
}

Awaitable<Result<MadeKey>> Attempt(const CallScope& scope, const HsmCall& call, const Load& load) {
  if (!scope.token->import_key) {
    // Bound to what everybody may open.
    HsmCall for_all = call;
    for_all.binds = scope.token->login(/*is_private=*/false);
    GW_CO_TRY(made, co_await MakeImportKey(scope, for_all));
    scope.token->import_key = std::move(made);
  }
  const KeyBlob import_key = *scope.token->import_key;
  co_return co_await Unwrap(scope, call, import_key, load);
}

// An import key that was made before may not be the HSM's any more: its master key may be another
// one. So where it fails, a new one is tried.
Awaitable<Result<MadeKey>> Import(const CallScope& scope, const Load& load) {
  GW_CO_TRY(call, co_await ForHsm(scope));
  const bool is_new = !scope.token->import_key;
  auto made = co_await Attempt(scope, call, load);
  if (!made && !is_new) {
    scope.token->import_key.reset();
    made = co_await Attempt(scope, call, load);
  }
  if (!made) co_return AsCreateError(std::move(made).error());
  co_return made;
}

ByteView ValueOf(const AttributeList& given, CK_ATTRIBUTE_TYPE type) {
  const Bytes* value = given.Find(type);
  return value == nullptr ? ByteView() : ByteView(*value);
}

Result<SecretBytes> PrivateValue(const AttributeList& given, const AttributeList& complete,
                                 ObjectKind kind) {
  if (kind == ObjectKind::kRsaPrivate) {
    return Pkcs8FromRsa({.modulus = ValueOf(given, CKA_MODULUS),
                         .public_exponent = ValueOf(given, CKA_PUBLIC_EXPONENT),
                         .private_exponent = ValueOf(given, CKA_PRIVATE_EXPONENT),
                         .prime_1 = ValueOf(given, CKA_PRIME_1),
                         .prime_2 = ValueOf(given, CKA_PRIME_2),
                         .exponent_1 = ValueOf(given, CKA_EXPONENT_1),
                         .exponent_2 = ValueOf(given, CKA_EXPONENT_2),
                         .coefficient = ValueOf(given, CKA_COEFFICIENT)});
  }
  if (kind == ObjectKind::kDsaPrivate || kind == ObjectKind::kDhPrivate) {
    const CK_KEY_TYPE type = kind == ObjectKind::kDsaPrivate ? CKK_DSA : CKK_DH;
    GW_TRY(domain, DomainOf(complete));
    return Pkcs8FromFfc(type, domain, ValueOf(given, CKA_VALUE));
  }
  if (kind != ObjectKind::kEcPrivate && kind != ObjectKind::kXdhPrivate) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID,
                       "private keys of this CKA_KEY_TYPE are not taken in clear");
  }
  const Curve* curve = FindCurve(ValueOf(given, CKA_EC_PARAMS));
  if (curve == nullptr || curve->kind == CurveKind::kPairing) {
    return CallerError(CKR_CURVE_NOT_SUPPORTED, "private keys of this curve are not taken");
  }
  if (curve->kind != CurveKind::kWeierstrass)
    return Pkcs8FromBare(*curve, ValueOf(given, CKA_VALUE));
  return Pkcs8FromEc(*curve, ValueOf(given, CKA_VALUE));
}

// The check value of a generic secret is cut from its digest (PKCS #11 v2.40 4.10.2), and nobody
// but us sees the value. Those of other secrets the HSM computes.
Status CheckGenericCheckValue(const AttributeList& given) {
  const ByteView said = ValueOf(given, CKA_CHECK_VALUE);
  if (said.empty()) return Ok();
  const Bytes digest = HashOf(Hash::kSha1, ValueOf(given, CKA_VALUE));
  if (Equal(said, ByteView(digest).first(kCheckValueBytes))) return Ok();
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_CHECK_VALUE is not that of the secret");
}

// Before the HSM is asked.
Result<Load> LoadFrom(const AttributeList& given, AttributeList attributes, ObjectKind kind) {
  Load load;
  load.attributes = std::move(attributes);
  if (Contains(kPublicKeys, kind)) {
    GW_TRY(spki, SpkiFor(load.attributes));
    load.spki = std::move(spki);
  } else if (Contains(kPrivateKeys, kind)) {
    GW_TRY(clear, PrivateValue(given, load.attributes, kind));
    load.clear = std::move(clear);
  } else {
    if (kind == ObjectKind::kGenericSecret) GW_TRY_VOID(CheckGenericCheckValue(given));
    load.clear = SecretBytes(ValueOf(given, CKA_VALUE));
  }
  return load;
}

// After it has answered.
Status AddParts(AttributeList& attributes, const Load& load, const MadeKey& made) {
  if (load.spki.empty()) return AddMadeParts(attributes, made);
  return AddSpkiParts(attributes, load.spki);
}

Status CheckPublicKeyInfo(const AttributeList& given, const AttributeList& attributes) {
  const ByteView said = ValueOf(given, CKA_PUBLIC_KEY_INFO);
  if (said.empty() || Equal(said, ValueOf(attributes, CKA_PUBLIC_KEY_INFO))) return Ok();
  return CallerError(CKR_TEMPLATE_INCONSISTENT, "CKA_PUBLIC_KEY_INFO is that of another key");
}

// The standard has types of its own for keys on other curves.
bool SameHsmType(const Bytes* said, const Bytes& given) {
  const auto type = UlongFrom(given);
  return said != nullptr && type && UlongFrom(*said) == HsmKeyType(*type);
}

// What an SPKI says, with the template beside it.
Result<AttributeList> WithSpki(ByteView spki, const AttributeList& given) {
  AttributeList all;
  if (auto added = AddSpkiParts(all, spki); !added)
    return CallerError(CKR_WRAPPED_KEY_INVALID, added.error().detail);
  if (ValueOf(all, CKA_PUBLIC_KEY_INFO).size() != spki.size())
    return CallerError(CKR_WRAPPED_KEY_INVALID, "octets behind the public key");
  all.SetUlong(CKA_CLASS, CKO_PUBLIC_KEY);
  for (const auto& [type, value] : given) {
    const Bytes* said = all.Find(type);
    const bool same_type = type == CKA_KEY_TYPE && SameHsmType(said, value);
    if (said != nullptr && *said != value && !same_type) {
      return CallerError(CKR_TEMPLATE_INCONSISTENT, "the template speaks of another public key");
    }
    all.Set(type, value);
  }
  return all;
}

}  // namespace

Awaitable<Result<Object>> ImportSpki(const CallScope& scope, ByteView spki,
                                     const AttributeList& given, Placement placement) {
  GW_CO_TRY(all, WithSpki(spki, given));
  co_return co_await ImportKey(scope, all, placement);
}

Awaitable<Result<Object>> ImportKey(const CallScope& scope, const AttributeList& given,
                                    Placement placement) {
  const KeyPlan plan{.purpose = Purpose::kCreate,
                     .object_class = std::nullopt,
                     .key_type = std::nullopt,
                     .mechanism = CK_UNAVAILABLE_INFORMATION,
                     .user = scope.login().user,
                     .placement = placement,
                     .given = given};
  GW_CO_TRY(complete, CompleteKey(plan));
  const std::optional<ObjectKind> kind = KindOf(complete);
  GW_CO_TRY(load, LoadFrom(given, std::move(complete), *kind));
  GW_CO_TRY(made, co_await Import(scope, load));
  AttributeList attributes = std::move(load.attributes);
  GW_CO_TRY_VOID(AddParts(attributes, load, made));
  GW_CO_TRY_VOID(CheckPublicKeyInfo(given, attributes));
  co_return ObjectFrom(std::move(attributes), std::move(made.key));
}

}  // namespace gw::ops

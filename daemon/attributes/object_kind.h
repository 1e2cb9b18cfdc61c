// Room: attributes. May include: core, mechanism, localcrypto/curve.h. May touch: nothing; every
// function of the room is pure and may run on any thread.
// The kinds of objects that the attribute rules tell apart: class plus key or certificate type.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/attribute_list.h"
#include "daemon/core/ck.h"

namespace gw {

enum class ObjectKind : std::uint8_t {
  kData,
  kX509,
  kAttributeCertificate,
  kWtls,
  kRsaPublic,
  kDsaPublic,
  kDhPublic,
  kEcPublic,
  kPqcPublic,
  kRsaPrivate,
  kDsaPrivate,
  kDhPrivate,
  kEcPrivate,
  kPqcPrivate,
  kGenericSecret,
  kDes2,
  kDes3,
  kAes,
  kDomainParameters,
  kXdhPublic,  // an EC key on a Montgomery curve, which signs nothing
  kXdhPrivate,
  kKyberPublic,
  kKyberPrivate,
};

// A set of kinds, one bit each.
using KindSet = std::uint32_t;

template <typename... Kinds>
constexpr KindSet KindsOf(Kinds... kinds) {
  return (KindSet{0} | ... | (KindSet{1} << static_cast<unsigned>(kinds)));
}
constexpr bool Contains(KindSet set, ObjectKind kind) { return (set & KindsOf(kind)) != 0; }

inline constexpr KindSet kCertificates =
    KindsOf(ObjectKind::kX509, ObjectKind::kAttributeCertificate, ObjectKind::kWtls);
inline constexpr KindSet kPublicKeys = KindsOf(
    ObjectKind::kRsaPublic, ObjectKind::kDsaPublic, ObjectKind::kDhPublic, ObjectKind::kEcPublic,
    ObjectKind::kPqcPublic, ObjectKind::kXdhPublic, ObjectKind::kKyberPublic);
inline constexpr KindSet kPrivateKeys =
    KindsOf(ObjectKind::kRsaPrivate, ObjectKind::kDsaPrivate, ObjectKind::kDhPrivate,
            ObjectKind::kEcPrivate, ObjectKind::kPqcPrivate, ObjectKind::kXdhPrivate,
            ObjectKind::kKyberPrivate);
inline constexpr KindSet kSecretKeys =
    KindsOf(ObjectKind::kGenericSecret, ObjectKind::kDes2, ObjectKind::kDes3, ObjectKind::kAes);
inline constexpr KindSet kKeys = kPublicKeys | kPrivateKeys | kSecretKeys;
inline constexpr KindSet kAllKinds =
    kKeys | kCertificates | KindsOf(ObjectKind::kData, ObjectKind::kDomainParameters);

// nullopt: we make and store no such object. `key_type` is looked at for keys and domain
// parameters, the certificate type for certificates.
std::optional<ObjectKind> KindOfKey(CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type);
std::optional<ObjectKind> KindOfCertificate(CK_CERTIFICATE_TYPE type);
// The kind of an EC key once its curve is known; `ec_params` may be nullptr. Others stay as they
// are.
ObjectKind KindOnCurve(ObjectKind kind, const Bytes* ec_params);
// What the HSM calls a key type: CKK_EC whatever the curve (behaviour R188).
CK_KEY_TYPE HsmKeyType(CK_KEY_TYPE key_type);
// The standard's own type for keys on such a curve: CKK_EC_EDWARDS and so on; CKK_EC if `ec_params`
// is no curve.
CK_KEY_TYPE StandardEcType(const Bytes* ec_params);
// By CKA_CLASS, CKA_KEY_TYPE or CKA_CERTIFICATE_TYPE, and curve, of a complete object.
std::optional<ObjectKind> KindOf(const AttributeList& object);

// What an algorithm can do: which of CKA_ENCRYPT, _DECRYPT, _SIGN, _VERIFY, _WRAP, _UNWRAP,
// _DERIVE, _SIGN_RECOVER, _VERIFY_RECOVER may be TRUE for a kind.
enum class UsageRule : std::uint8_t {
  kImpossible,  // FALSE for ever; TRUE in a template contradicts the algorithm
  kHostOnly,    // may be TRUE, default FALSE; the HSM knows nothing of it
  kAsked,       // may be TRUE, default FALSE; sealed into the key blob
  kGranted,     // default TRUE; sealed into the key blob
};
// `usage` must be one of the nine.
//   source  behaviour R221; GREP11 reference 3.4 "per-type usage"
UsageRule UsageOf(ObjectKind kind, CK_ATTRIBUTE_TYPE usage);

}  // namespace gw

// Room: upstream.
#include "daemon/upstream/grep11_messages.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "daemon/mechanism/hsm_names.h"
#include "daemon/mechanism/mechanism_table.h"

namespace gw {
namespace {

enum class Member : std::uint8_t { kBool, kNumber, kBigNumber, kBytes, kNever };

struct AttributeRow {
  CK_ATTRIBUTE_TYPE type;
  Member member;
};

// Wire sheet 3.2, column "Tmpl". Numbers of the standard that carry no name in the p11-kit header
// are spelled out.
constexpr auto kAttributes = std::to_array<AttributeRow>({
    {CKA_CLASS, Member::kNumber},
    {CKA_TOKEN, Member::kBool},
    {CKA_PRIVATE, Member::kBool},
    {CKA_LABEL, Member::kBytes},
    {CKA_VALUE, Member::kNever},
    {CKA_TRUSTED, Member::kBool},
    {CKA_CHECK_VALUE, Member::kNever},
    {CKA_KEY_TYPE, Member::kNumber},
    {CKA_SUBJECT, Member::kBytes},
    {CKA_ID, Member::kBytes},
    {CKA_SENSITIVE, Member::kBool},
    {CKA_ENCRYPT, Member::kBool},
    {CKA_DECRYPT, Member::kBool},
    {CKA_WRAP, Member::kBool},
    {CKA_UNWRAP, Member::kBool},
    {CKA_SIGN, Member::kBool},
    {CKA_SIGN_RECOVER, Member::kBool},
    {CKA_VERIFY, Member::kBool},
    {CKA_VERIFY_RECOVER, Member::kBool},
    {CKA_DERIVE, Member::kBool},
    {CKA_START_DATE, Member::kBytes},
    {CKA_END_DATE, Member::kBytes},
    {CKA_MODULUS, Member::kNever},
    {CKA_MODULUS_BITS, Member::kNumber},
    {CKA_PUBLIC_EXPONENT, Member::kBigNumber},
    {0x129 /* CKA_PUBLIC_KEY_INFO */, Member::kNever},
    {CKA_PRIME, Member::kNever},
    {CKA_SUBPRIME, Member::kNever},
    {CKA_BASE, Member::kNever},
    {CKA_PRIME_BITS, Member::kNumber},
    {CKA_VALUE_BITS, Member::kNumber},
    {CKA_VALUE_LEN, Member::kNumber},
    {CKA_EXTRACTABLE, Member::kBool},
    {CKA_LOCAL, Member::kNever},
    {CKA_NEVER_EXTRACTABLE, Member::kNever},
    {CKA_ALWAYS_SENSITIVE, Member::kNever},
    {CKA_KEY_GEN_MECHANISM, Member::kNever},
    {CKA_MODIFIABLE, Member::kBool},
    {0x171 /* CKA_COPYABLE */, Member::kBool},
    {0x172 /* CKA_DESTROYABLE */, Member::kBool},
    {CKA_EC_PARAMS, Member::kBytes},
    {CKA_EC_POINT, Member::kNever},
    {CKA_ALWAYS_AUTHENTICATE, Member::kBool},
    {CKA_WRAP_WITH_TRUSTED, Member::kBool},
    {CKA_WRAP_TEMPLATE, Member::kNever},
    {CKA_UNWRAP_TEMPLATE, Member::kNever},
    {0x40000600 /* CKA_ALLOWED_MECHANISMS */, Member::kNever},
    {CKA_IBM_RESTRICTABLE, Member::kBool},
    {CKA_IBM_NEVER_MODIFIABLE, Member::kNever},
    {CKA_IBM_RETAINKEY, Member::kNever},
    {CKA_IBM_ATTRBOUND, Member::kBool},
    {CKA_IBM_KEYTYPE, Member::kNumber},
    {CKA_IBM_CV, Member::kBytes},
    {CKA_IBM_MACKEY, Member::kBytes},
    {CKA_IBM_USE_AS_DATA, Member::kBool},
    {CKA_IBM_STRUCT_PARAMS, Member::kBytes},
    {CKA_IBM_STD_COMPLIANCE1, Member::kNumber},
    {CKA_IBM_PROTKEY_EXTRACTABLE, Member::kBool},
    {CKA_IBM_PROTKEY_NEVER_EXTRACTABLE, Member::kNever},
    {CKA_IBM_PQC_PARAMS, Member::kBytes},
    {CKA_IBM_LOGIN_SESSION, Member::kBytes},
    {CKA_IBM_WIRETEST, Member::kNever},
    {CKA_IBM_MACED_PUBLIC_KEY_INFO, Member::kNever},
    {CKA_GREP11_TOKEN_LABEL, Member::kBytes},
    {CKA_GREP11_WKID, Member::kNever},
    {CKA_GREP11_KEYSTORE_PASSWORD, Member::kNever},
    {CKA_GREP11_KEYBLOB_HAS_ROTATION, Member::kNever},
    {CKA_GREP11_NEXTWKID, Member::kNever},
});
static_assert(std::ranges::is_sorted(kAttributes, std::ranges::less_equal{}, &AttributeRow::type));

Member MemberOf(CK_ATTRIBUTE_TYPE type) {
  const auto found = std::ranges::lower_bound(kAttributes, type, {}, &AttributeRow::type);
  return found != kAttributes.end() && found->type == type ? found->member : Member::kBytes;
}

// Big-endian octets that fit an int64.
std::optional<std::int64_t> SmallNumber(ByteView bytes) {
  while (!bytes.empty() && bytes.front() == 0) bytes = bytes.subspan(1);
  if (bytes.size() > 8 || (bytes.size() == 8 && bytes.front() > 0x7f)) return std::nullopt;
  std::int64_t value = 0;
  for (const Byte byte : bytes) value = value << 8 | byte;
  return value;
}

Error BadValue(CK_ATTRIBUTE_TYPE type, const char* want) {
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID,
                     "attribute " + std::to_string(type) + " is not " + want);
}

Status FillValue(const AttributeList::Entry& from, Member member, grep11::AttributeValue* to) {
  switch (member) {
    case Member::kBool:
      if (from.value.size() != 1) return BadValue(from.type, "one CK_BBOOL");
      to->set_attributetf(from.value.front() != 0);
      return Ok();
    case Member::kNumber: {
      const auto number = UlongFrom(from.value);
      if (!number || *number > CK_ULONG{std::numeric_limits<std::int64_t>::max()}) {
        return BadValue(from.type, "one CK_ULONG");
      }
      to->set_attributei(static_cast<std::int64_t>(*number));
      return Ok();
    }
    case Member::kBigNumber:
      // IBM's clients send small exponents as integers; larger ones only fit octets.
      if (const auto number = SmallNumber(from.value)) {
        to->set_attributei(*number);
        return Ok();
      }
      Assign(from.value, to->mutable_attributeb());
      return Ok();
    case Member::kBytes:
    case Member::kNever:
      Assign(from.value, to->mutable_attributeb());
      return Ok();
  }
  return Ok();
}

struct ParameterFiller {
  grep11::Mechanism* to;

  void operator()(std::monostate) const { to->clear_Parameter(); }
  void operator()(const Bytes& from) const { Assign(from, to->mutable_parameterb()); }
  // It has a field of its own in the request.
  void operator()(const MacKeyParameter&) const { to->clear_Parameter(); }
  void operator()(const OaepParameter& from) const {
    auto* parameter = to->mutable_rsaoaepparameter();
    parameter->set_hashmech(TypeAtHsm(from.hash));
    parameter->set_mgf(static_cast<grep11::RSAOAEPParm_Mask>(ProtoEnumOf(from.mgf)));
    parameter->set_encodingparmtype(
        static_cast<grep11::RSAOAEPParm_ParmType>(ProtoEnumOf(from.source)));
    Assign(from.source_data, parameter->mutable_encodingparm());
  }
  void operator()(const PssParameter& from) const {
    auto* parameter = to->mutable_rsapssparameter();
    parameter->set_hashmech(TypeAtHsm(from.hash));
    parameter->set_mgf(static_cast<grep11::RSAPSSParm_Mask>(ProtoEnumOf(from.mgf)));
    parameter->set_saltbytecount(from.salt_bytes);
  }
  void operator()(const Ecdh1Parameter& from) const {
    auto* parameter = to->mutable_ecdh1deriveparameter();
    parameter->set_kdf(
        static_cast<grep11::ECDH1DeriveParm_KeyDerivationFunction>(ProtoEnumOf(from.kdf)));
    Assign(from.shared_data, parameter->mutable_shareddata());
    Assign(from.public_data, parameter->mutable_publicdata());
  }
  // CKM_EDDSA has another name there, and no parameter.
  void operator()(const EddsaParameter&) const { to->clear_Parameter(); }
  void operator()(const EcsgParameter& from) const {
    to->mutable_ecsgparameter()->set_type(
        static_cast<grep11::ECSGParm_ECSGType>(from.submechanism));
  }
  void operator()(const BtcParameter& from) const {
    auto* parameter = to->mutable_btcderiveparameter();
    parameter->set_type(static_cast<grep11::BTCDeriveParm_BTCDeriveType>(from.type));
    parameter->set_childkeyindex(from.child_index);
    Assign(from.chain_code, parameter->mutable_chaincode());
    parameter->set_version(from.version);
  }
  void operator()(const KyberParameter& from) const {
    auto* parameter = to->mutable_kyberkemparameter();
    parameter->set_version(static_cast<std::uint32_t>(from.version));
    parameter->set_mode(static_cast<grep11::KyberKEMParm_KyberMode>(from.mode));
    parameter->set_kdf(static_cast<grep11::KyberKEMParm_KyberDeriveType>(ProtoEnumOf(from.kdf)));
    parameter->set_prepend(from.prepend);
    Assign(from.ciphertext, parameter->mutable_ciphertext());
    Assign(from.shared_data, parameter->mutable_shareddata());
    Assign(from.blob, parameter->mutable_blob());
  }
};

}  // namespace

int ProtoEnumOf(CK_ULONG value) {
  constexpr CK_ULONG kVendorBit = 0x80000000UL;
  constexpr CK_ULONG kProtoVendorBit = 0x800000UL;
  if ((value & kVendorBit) != 0) return static_cast<int>(kProtoVendorBit | (value & 0x7fffffUL));
  return static_cast<int>(value & 0x7fffffffUL);
}

void FillMechanism(const Mechanism& from, grep11::Mechanism* to) {
  to->set_mechanism(TypeAtHsm(from.type));
  std::visit(ParameterFiller{to}, from.parameter);
}

// A KeyBlob with only KeyBlobs[0] is all that the service needs (wire sheet 3.5).
void FillKey(const KeyBlob& from, grep11::KeyBlob* to) {
  std::string* blob = to->keyblobs_size() == 0 ? to->add_keyblobs() : to->mutable_keyblobs(0);
  Assign(from.view(), blob);
}

Status FillTemplate(const AttributeList& from, AttributeMap* to) {
  for (const auto& entry : from) {
    const Member member = MemberOf(entry.type);
    if (member == Member::kNever) continue;
    GW_TRY_VOID(FillValue(entry, member, &(*to)[entry.type]));
  }
  return Ok();
}

KeyBlob TakeKey(const std::string& raw, const grep11::KeyBlob& message) {
  KeyBlob key;
  if (!raw.empty()) {
    key.octets = CopyOf(raw);
  } else if (message.keyblobs_size() > 0) {
    key.octets = CopyOf(message.keyblobs(0));
  }
  return key;
}

bool HoldsKey(const std::string& raw, const grep11::KeyBlob& message) {
  return !raw.empty() || (message.keyblobs_size() > 0 && !message.keyblobs(0).empty());
}

}  // namespace gw

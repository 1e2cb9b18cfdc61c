// Room: bench/load. Key templates. Touches the module only.
#include "bench/load/pkcs11_keys.h"

#include <deque>
#include <utility>
#include <vector>

namespace gw::bench {
namespace {

// Attributes with the memory that their values lie in. Neither copied nor moved: rows point into
// `values_`.
class AttributeRows {
 public:
  AttributeRows() = default;
  AttributeRows(const AttributeRows&) = delete;
  AttributeRows& operator=(const AttributeRows&) = delete;

  AttributeRows& Octets(CK_ATTRIBUTE_TYPE type, ByteView value) {
    Bytes& stored = values_.emplace_back(CopyOf(value));
    rows_.push_back({type, stored.data(), stored.size()});
    return *this;
  }
  AttributeRows& Flag(CK_ATTRIBUTE_TYPE type, bool value) {
    const Byte octet = value ? CK_TRUE : CK_FALSE;
    return Octets(type, {&octet, 1});
  }
  AttributeRows& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    return Octets(type, {reinterpret_cast<const Byte*>(&value), sizeof value});
  }
  CK_ATTRIBUTE* data() { return rows_.data(); }
  CK_ULONG size() const { return rows_.size(); }

 private:
  std::deque<Bytes> values_;
  std::vector<CK_ATTRIBUTE> rows_;
};

constexpr Byte kP256Oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr Byte kExponent65537[] = {0x01, 0x00, 0x01};

void AddEcParts(AttributeRows& open, AttributeRows& secret) {
  open.Octets(CKA_EC_PARAMS, kP256Oid).Flag(CKA_VERIFY, true);
  secret.Flag(CKA_SIGN, true);
}

void AddRsaParts(AttributeRows& open, AttributeRows& secret) {
  open.Number(CKA_MODULUS_BITS, 2048).Octets(CKA_PUBLIC_EXPONENT, kExponent65537);
  open.Flag(CKA_VERIFY, true).Flag(CKA_ENCRYPT, true);
  secret.Flag(CKA_SIGN, true).Flag(CKA_DECRYPT, true);
}

void AddAesParts(AttributeRows&, AttributeRows& secret) {
  secret.Number(CKA_VALUE_LEN, 32).Flag(CKA_ENCRYPT, true).Flag(CKA_DECRYPT, true);
}

void AddGenericParts(AttributeRows&, AttributeRows& secret) {
  secret.Number(CKA_VALUE_LEN, 32).Flag(CKA_SIGN, true).Flag(CKA_VERIFY, true);
}

struct KeyKind {
  KeyNeed need;
  CK_MECHANISM_TYPE generator;
  CK_OBJECT_CLASS secret_class;
  CK_KEY_TYPE key_type;
  void (*add_parts)(AttributeRows& open, AttributeRows& secret);
};

constexpr KeyKind kKinds[] = {
    {KeyNeed::kEc, CKM_EC_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKK_EC, AddEcParts},
    {KeyNeed::kRsa, CKM_RSA_PKCS_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKK_RSA, AddRsaParts},
    {KeyNeed::kAes, CKM_AES_KEY_GEN, CKO_SECRET_KEY, CKK_AES, AddAesParts},
    {KeyNeed::kGenericSecret, CKM_GENERIC_SECRET_KEY_GEN, CKO_SECRET_KEY, CKK_GENERIC_SECRET,
     AddGenericParts},
};

const KeyKind* KindOf(KeyNeed need) {
  for (const KeyKind& kind : kKinds) {
    if (kind.need == need) return &kind;
  }
  return nullptr;
}

void AddCommon(AttributeRows& rows, CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type,
               bool is_private, const std::string& label) {
  rows.Number(CKA_CLASS, object_class).Number(CKA_KEY_TYPE, key_type).Flag(CKA_TOKEN, false);
  rows.Flag(CKA_PRIVATE, is_private).Octets(CKA_LABEL, ViewOf(label));
}

// CK_INVALID_HANDLE when there is none; of several, the one that the module names first.
Result<CK_OBJECT_HANDLE> FindFirst(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session,
                                   AttributeRows& wanted) {
  CK_RV rv = module.C_FindObjectsInit(session, wanted.data(), wanted.size());
  if (rv != CKR_OK) return ModuleError(rv, "C_FindObjectsInit");
  CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
  CK_ULONG count = 0;
  rv = module.C_FindObjects(session, &found, 1, &count);
  module.C_FindObjectsFinal(session);
  if (rv != CKR_OK) return ModuleError(rv, "C_FindObjects");
  return count == 0 ? CK_OBJECT_HANDLE{CK_INVALID_HANDLE} : found;
}

}  // namespace

Result<KeyHandles> MakeKey(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, KeyNeed need,
                           bool private_object, std::string label) {
  KeyHandles keys;
  keys.label = std::move(label);
  const KeyKind* kind = KindOf(need);
  if (kind == nullptr) return keys;
  AttributeRows open;
  AttributeRows secret;
  AddCommon(secret, kind->secret_class, kind->key_type, private_object, keys.label);
  AddCommon(open, CKO_PUBLIC_KEY, kind->key_type, false, keys.label);
  secret.Flag(CKA_SENSITIVE, true).Flag(CKA_EXTRACTABLE, false);
  kind->add_parts(open, secret);
  CK_MECHANISM generator{kind->generator, nullptr, 0};
  if (kind->secret_class == CKO_SECRET_KEY) {
    const CK_RV rv =
        module.C_GenerateKey(session, &generator, secret.data(), secret.size(), &keys.secret);
    if (rv != CKR_OK) return ModuleError(rv, "C_GenerateKey for the run");
    return keys;
  }
  const CK_RV rv = module.C_GenerateKeyPair(session, &generator, open.data(), open.size(),
                                            secret.data(), secret.size(), &keys.open, &keys.secret);
  if (rv != CKR_OK) return ModuleError(rv, "C_GenerateKeyPair for the run");
  return keys;
}

Result<KeyHandles> FindKey(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, KeyNeed need,
                           std::string label) {
  KeyHandles keys;
  keys.label = std::move(label);
  const KeyKind* kind = KindOf(need);
  if (kind == nullptr) return keys;
  AttributeRows secret;
  secret.Number(CKA_CLASS, kind->secret_class).Octets(CKA_LABEL, ViewOf(keys.label));
  GW_TRY(secret_handle, FindFirst(module, session, secret));
  if (secret_handle == CK_INVALID_HANDLE) {
    return CallerError(CKR_KEY_HANDLE_INVALID,
                       "no key with the label '" + keys.label + "' (is a PIN needed?)");
  }
  AttributeRows open;
  open.Number(CKA_CLASS, CKO_PUBLIC_KEY).Octets(CKA_LABEL, ViewOf(keys.label));
  GW_TRY(open_handle, FindFirst(module, session, open));
  keys.secret = secret_handle;
  keys.open = open_handle;
  return keys;
}

bool DestroyKey(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, const KeyHandles& keys) {
  bool destroyed = true;
  for (const CK_OBJECT_HANDLE handle : {keys.open, keys.secret}) {
    if (handle == CK_INVALID_HANDLE) continue;
    if (module.C_DestroyObject(session, handle) != CKR_OK) destroyed = false;
  }
  return destroyed;
}

}  // namespace gw::bench

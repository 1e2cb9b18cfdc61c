// Room: emulator/engine. DeriveKey.
#include "emulator/crypto/ec.h"
#include "emulator/crypto/symmetric.h"
#include "emulator/engine/keys.h"
#include "emulator/engine/templates.h"
#include "emulator/engine/wallet.h"

namespace gw::emulator {
namespace {

// The point may come alone, which means CKD_NULL.
Ecdh1Params EcdhParamsOf(const Mechanism& mechanism) {
  if (const auto* point = std::get_if<Bytes>(&mechanism.params)) return {CKD_NULL, {}, *point};
  return std::get<Ecdh1Params>(mechanism.params);
}

// AES keys need to be told their length; a generic secret takes what the derivation gives.
Result<std::uint64_t> LengthOf(const AttributeMap& attributes, CK_KEY_TYPE type,
                               std::uint64_t natural) {
  const auto wanted = NumberIn(attributes, CKA_VALUE_LEN);
  if (!wanted && type != CKK_GENERIC_SECRET) {
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
  }
  const std::uint64_t octets = wanted.value_or(natural);
  if (!ValueLengthFits(type, octets))
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN");
  return octets;
}

Result<SecretBytes> Agreement(Family family, const PKey& key, ByteView point) {
  return family == Family::kXdh ? XdhSecret(key, point) : EcdhSecret(key, point);
}

// CKD_NULL takes the leading octets of the shared secret; the others run the X9.63 KDF over it.
Result<SecretBytes> EcdhValue(Family family, const PKey& key, const Ecdh1Params& params,
                              const AttributeMap& attributes, CK_KEY_TYPE type) {
  GW_TRY(secret, Agreement(family, key, params.public_data));
  GW_TRY(octets, LengthOf(attributes, type, secret.size()));
  if (params.kdf != CKD_NULL) {
    Bytes derived = X963Kdf(HashOfKdf(params.kdf), secret.view(), params.shared_data, octets);
    SecretBytes value(derived);
    Wipe(derived);
    return value;
  }
  if (octets > secret.size()) {
    return CallerError(CKR_KEY_SIZE_RANGE, "the shared secret is shorter than CKA_VALUE_LEN");
  }
  return SecretBytes(secret.view().first(octets));
}

}  // namespace

Result<NewKey> DeriveKey(Card& card, const Mechanism& mechanism, ByteView base_key,
                         const AttributeMap& attributes) {
  GW_TRY(row, FindMechanism(mechanism, CKF_DERIVE));
  GW_TRY_VOID(CheckTemplate(attributes));
  const auto type = NumberIn(attributes, CKA_KEY_TYPE);
  if (!type) return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE is missing");
  if (row->family == Family::kWallet) {
    return DeriveWalletKey(card, *row, mechanism, base_key, attributes);
  }
  GW_TRY_VOID(RequireKind(attributes, CKO_SECRET_KEY, *type));
  GW_TRY(bits, BitsOf(attributes, CKO_SECRET_KEY, *type, Origin::kDerived));
  GW_TRY(base, OpenFor(card, base_key, *row, kUseDerive));
  GW_TRY(value, EcdhValue(row->family, *base->pkey, EcdhParamsOf(mechanism), attributes, *type));
  Key key;
  key.object_class = CKO_SECRET_KEY;
  key.type = *type;
  key.bits = bits;
  key.value = std::move(value);
  return Finish(card, std::move(key));
}

}  // namespace gw::emulator

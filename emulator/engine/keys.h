// Room: emulator/engine. Keys made, wrapped, unwrapped and derived.
// All functions: errors of FindMechanism(), OpenFor(), CheckTemplate(), RequireKind() and BitsOf()
// besides those listed.
#pragma once

#include "emulator/engine/card.h"

namespace gw::emulator {

// A key together with its blob, as the RPCs return it. Domain parameters, which are no key, are
// their own blob in clear and have no check sum.
struct NewKey {
  Key key;
  Bytes blob;
  Bytes check_sum;
};

struct NewKeyPair {
  NewKey private_key;
  NewKey public_key;
};

//   errors  CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID for a missing or impossible
//   CKA_VALUE_LEN or CKA_PRIME_BITS
Result<NewKey> GenerateKey(Card& card, const Mechanism& mechanism, const AttributeMap& attributes);

//   errors  CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID (size, exponent),
//   CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID
Result<NewKeyPair> GenerateKeyPair(Card& card, const Mechanism& mechanism,
                                   const AttributeMap& private_template,
                                   const AttributeMap& public_template);

//   errors  CKR_KEY_UNEXTRACTABLE, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE, CKR_MECHANISM_INVALID
//   for an attribute-bound KEK
//   mac_key  for CKM_IBM_ATTRIBUTEBOUND_WRAP, see bound_wrap.h; nothing else looks at it
Result<Bytes> WrapKey(Card& card, const Mechanism& mechanism, ByteView key, ByteView wrapping_key,
                      ByteView mac_key = {});

//   errors  CKR_TEMPLATE_INCOMPLETE, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE
Result<NewKey> UnwrapKey(Card& card, const Mechanism& mechanism, ByteView wrapped,
                         ByteView unwrapping_key, const AttributeMap& attributes,
                         ByteView mac_key = {});

// CKM_IBM_KYBER that encapsulates has the ciphertext behind the check sum.
//   data    of the request; CKM_DES3_ECB_ENCRYPT_DATA takes it if its parameter is empty
//   errors  CKR_TEMPLATE_INCOMPLETE, CKR_KEY_SIZE_RANGE for more octets than the secret has without
//   a KDF, CKR_DATA_LEN_RANGE
Result<NewKey> DeriveKey(Card& card, const Mechanism& mechanism, ByteView base_key, ByteView data,
                         const AttributeMap& attributes);

// The blob and check sum of a finished key, bound to the login session that the request joined.
NewKey Finish(const Card& card, Key key);

// The public half of a private key with what a public key of its type may do by default.
Key PublicHalf(const Key& private_key);

// Secret keys have these lengths.
bool ValueLengthFits(CK_KEY_TYPE type, std::uint64_t octets);
// The only length that keys of the type have; 0 if there are several.
std::size_t FixedLengthOf(CK_KEY_TYPE type);

}  // namespace gw::emulator

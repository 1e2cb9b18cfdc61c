// Room: emulator/engine. CKM_IBM_ATTRIBUTEBOUND_WRAP: a key and its attributes travel together,
// under a wrapping key and a MAC key. All three keys are attribute-bound. The card's format is not
// public; this one is the emulator's own (numbers big-endian, fields with a length of 4 octets):
//   "GBW1"  attribute bits (4)  CKA_CLASS (8)  CKA_KEY_TYPE (8)
//   field   a fresh content key of 32 octets under the wrapping key: RSAES-OAEP with SHA-256, or IV
//           and AES-CBC
//   field   nonce (12) and AES-256-GCM under the content key of the value or PKCS #8; everything
//           before is authenticated
//   HMAC-SHA-256 (32) under the MAC key over everything before
#pragma once

#include "emulator/engine/keys.h"

namespace gw::emulator {

struct BoundWrapInput {
  ByteView subject;  // the key to wrap, or the wrapped key
  ByteView kek;
  ByteView mac_key;  // a generic secret with CKA_SIGN to wrap, CKA_VERIFY to unwrap
};

//   errors  those of OpenFor() for the wrapping key; CKR_KEY_HANDLE_INVALID and
//           CKR_KEY_TYPE_INCONSISTENT for the MAC key
//           CKR_KEY_FUNCTION_NOT_PERMITTED  wrapping or MAC key is not attribute-bound, or the MAC
//                                           key lacks its right
//           CKR_KEY_NOT_WRAPPABLE           the key is not attribute-bound, or a public one, or
//                                           wants a trusted wrapping key
//           CKR_KEY_UNEXTRACTABLE
Result<Bytes> BoundWrap(Card& card, const MechanismRow& row, const BoundWrapInput& input);

// The attributes come from inside. CKA_CLASS, CKA_KEY_TYPE and CKA_VALUE_LEN of the template must
// agree with them; its booleans are not looked at.
//   errors  as above; CKR_WRAPPED_KEY_INVALID  modified, or other keys than at wrapping
//           CKR_TEMPLATE_INCONSISTENT, CKR_WRAPPED_KEY_LEN_RANGE (CKA_VALUE_LEN)
Result<NewKey> BoundUnwrap(Card& card, const MechanismRow& row, const BoundWrapInput& input,
                           const AttributeMap& attributes);

}  // namespace gw::emulator

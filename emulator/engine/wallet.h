// Room: emulator/engine. DeriveKey by CKM_IBM_BTC_DERIVE: nodes of BIP-0032 and SLIP-0010.
#pragma once

#include "emulator/engine/keys.h"

namespace gw::emulator {

// A private or a public key, by the type in the parameter, which FindMechanism() has checked with
// `row`. The check sum of the answer is the node's chain code.
//   base_key    a generic secret (the seed) for a master key, else an EC key: the private half, or
//               the public one with its MAC from public to public; with CKA_DERIVE and
//               CKA_IBM_USE_AS_DATA
//   attributes  checked by CheckTemplate(). CKA_EC_PARAMS is needed for a master key and must be
//               the parent's curve otherwise; CKA_VALUE_LEN may be 0 or the octets of the field;
//               CKA_VERIFY for a private key is passed over
//   errors      those of OpenFor(), RequireKind(), BitsOf(), DeriveWalletMaster() and
//               DeriveWalletChild(); CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
//               CKR_CURVE_NOT_SUPPORTED, CKR_ATTRIBUTE_VALUE_INVALID (length),
//               CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT
Result<NewKey> DeriveWalletKey(Card& card, const MechanismRow& row, const Mechanism& mechanism,
                               ByteView base_key, const AttributeMap& attributes);

}  // namespace gw::emulator

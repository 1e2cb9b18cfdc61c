// Room: emulator/engine. Digests.
#pragma once

#include "emulator/engine/card.h"

namespace gw::emulator {

//   errors  CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID; CKR_ARGUMENTS_BAD for empty data
//   (documented as not allowed)
Result<Bytes> DigestSingle(const Mechanism& mechanism, ByteView data);

Result<Bytes> DigestInit(Card& card, const Mechanism& mechanism);
//   errors  those of OpenStateOf(), CKR_ARGUMENTS_BAD for empty data, CKR_OPERATION_ACTIVE after an
//   Update
Result<Bytes> DigestOneShot(Card& card, ByteView state, ByteView data);
// The next state.
Result<Bytes> DigestUpdate(Card& card, ByteView state, ByteView data);
// Goes on with the value of a secret key.
//   errors  those of OpenStateOf() and Card::Open(), CKR_KEY_TYPE_INCONSISTENT for other keys,
//           CKR_KEY_FUNCTION_NOT_PERMITTED without CKA_IBM_USE_AS_DATA
Result<Bytes> DigestKey(Card& card, ByteView state, ByteView key);
Result<Bytes> DigestFinal(Card& card, ByteView state);

}  // namespace gw::emulator

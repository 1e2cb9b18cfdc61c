// Room: emulator/engine. Signatures and MACs, made and verified.
// All functions:  errors of FindMechanism(), OpenFor(), OpenStateOf(); CKR_DATA_LEN_RANGE;
// verification also CKR_SIGNATURE_INVALID and CKR_SIGNATURE_LEN_RANGE; Update and Final
// CKR_FUNCTION_NOT_SUPPORTED.
#pragma once

#include "emulator/engine/card.h"

namespace gw::emulator {

Result<Bytes> SignSingle(Card& card, const Mechanism& mechanism, ByteView key, ByteView data);
Status VerifySingle(Card& card, const Mechanism& mechanism, ByteView key, ByteView data,
                    ByteView signature);

// `operation` is kSign or kVerify throughout.
Result<Bytes> SignatureInit(Card& card, Operation operation, const Mechanism& mechanism,
                            ByteView key);
// The next state. Empty data is a no-op.
Result<Bytes> SignatureUpdate(Card& card, Operation operation, ByteView state, ByteView data);

Result<Bytes> SignOneShot(Card& card, ByteView state, ByteView data);
Result<Bytes> SignFinal(Card& card, ByteView state);
Status VerifyOneShot(Card& card, ByteView state, ByteView data, ByteView signature);
Status VerifyFinal(Card& card, ByteView state, ByteView signature);

}  // namespace gw::emulator

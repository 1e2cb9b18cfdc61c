// Room: emulator/crypto/schnorr. In what the rules differ, one row each.
#pragma once

#include "emulator/crypto/group.h"
#include "emulator/crypto/schnorr/schnorr.h"

namespace gw::emulator {

struct SchnorrRuleRow {
  // 32 octets: the hash over message and points. `commitment` is Q.
  Bytes (*challenge)(const CurveRow& curve, const EC_POINT* commitment, const EC_POINT* public_key,
                     ByteView message);
  SchnorrRule rule;
  bool adds;     // s = k + r*d; else k - r*d
  bool reduces;  // r of the signature is below the order; else it is the hash as it came out
};

const SchnorrRuleRow& RowOf(SchnorrRule rule);

}  // namespace gw::emulator

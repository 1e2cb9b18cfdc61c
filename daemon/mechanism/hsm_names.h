// Room: mechanism. May include: core. Standard mechanisms that the HSM has under names of its own,
// so that applications which know the standard alone find them.
#pragma once

#include <span>

#include "daemon/core/result.h"
#include "daemon/mechanism/mechanism.h"

namespace gw {

// The mechanism as the HSM takes it with a key of so many bits: CKM_EDDSA with 255 is
// CKM_IBM_ED25519_SHA512, without a parameter. One that has no other name is the same.
//   errors  CKR_MECHANISM_PARAM_INVALID  CK_EDDSA_PARAMS with Ed25519: that is Ed25519ctx, another
//                                        signature even if the context is empty (RFC 8032 5.1)
Result<Mechanism> AtHsm(const Mechanism& mechanism, CK_ULONG key_bits);

// What the HSM calls it whatever the key: of digests, which have none, and of the hashes inside
// parameters. `type` itself if that is its name there, too, or if it depends on the key.
CK_MECHANISM_TYPE TypeAtHsm(CK_MECHANISM_TYPE type);

// True if an HSM with these mechanisms (sorted) serves `type`, by whatever name.
bool HsmServes(std::span<const CK_MECHANISM_TYPE> sorted, CK_MECHANISM_TYPE type);

}  // namespace gw

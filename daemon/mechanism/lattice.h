// Room: mechanism. May include: core. The strengths of the lattice algorithms, by the object
// identifier that CKA_IBM_PQC_PARAMS holds and public keys begin with.
#pragma once

#include <span>
#include <string_view>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"

namespace gw {

// One row per strength. Rows live for ever.
struct LatticeStrength {
  std::string_view name;
  ByteView der_oid;
  CK_KEY_TYPE key_type;
  std::size_t output_bytes;  // of a signature, or of the ciphertext of an encapsulation
};

// nullptr: none of ours.
//   source  GREP11 reference 4.11, 5.8
const LatticeStrength* FindLatticeStrength(ByteView der_oid);

std::span<const LatticeStrength> AllLatticeStrengths();

}  // namespace gw

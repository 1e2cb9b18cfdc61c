// Room: pkcs11-shim. PKCS #11 v2.40, 5.15: random numbers.
#include "pkcs11-shim/call.h"

using gw::shim::Call;
using gw::shim::Function;

namespace {

// Larger requests are made of several, so that no frame is large.
constexpr CK_ULONG kMostRandomBytes = 1ul << 20;

CK_RV GeneratePiece(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size) {
  Call call(Function::C_GenerateRandom, session);
  if (size != 0) call.put().Pointer(data);
  call.put().U64(size);
  return call.ReturnBytes(data, size);
}

}  // namespace

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG seed_len) {
  Call call(Function::C_SeedRandom, session);
  call.put().Data({seed, seed_len}, CKR_HOST_MEMORY);  // a seed has no length that is wrong
  return call.ReturnNothing();
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG size) {
  while (size > kMostRandomBytes) {
    const CK_RV piece = GeneratePiece(session, data, kMostRandomBytes);
    if (piece != CKR_OK) return piece;
    data += kMostRandomBytes;
    size -= kMostRandomBytes;
  }
  return GeneratePiece(session, data, size);
}

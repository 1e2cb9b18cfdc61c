// Room: pkcs11-shim. PKCS #11 v2.40, 5.13: one part through two operations of a session.
#include "pkcs11-shim/kept.h"
#include "pkcs11-shim/shapes.h"

using gw::shim::Call;
using gw::shim::Function;
using gw::shim::Input;
using gw::shim::Kind;
using gw::shim::Lock;
using gw::shim::Operations;
using gw::shim::Output;

namespace {

struct Dual {
  Function function;
  Kind cipher;
  Kind message;
  CK_FLAGS flags;  // of C_SessionCancel, for both
  CK_RV too_long;
};
constexpr Dual kDigestEncrypt = {Function::C_DigestEncryptUpdate, Kind::kEncrypt, Kind::kDigest,
                                 CKF_ENCRYPT | CKF_DIGEST, CKR_DATA_LEN_RANGE};
constexpr Dual kDecryptDigest = {Function::C_DecryptDigestUpdate, Kind::kDecrypt, Kind::kDigest,
                                 CKF_DECRYPT | CKF_DIGEST, CKR_ENCRYPTED_DATA_LEN_RANGE};
constexpr Dual kSignEncrypt = {Function::C_SignEncryptUpdate, Kind::kEncrypt, Kind::kSign,
                               CKF_ENCRYPT | CKF_SIGN, CKR_DATA_LEN_RANGE};
constexpr Dual kDecryptVerify = {Function::C_DecryptVerifyUpdate, Kind::kDecrypt, Kind::kVerify,
                                 CKF_DECRYPT | CKF_VERIFY, CKR_ENCRYPTED_DATA_LEN_RANGE};

uint32_t KnownDaemon() {
  const Lock lock;
  return gw::shim::GetHeritage().incarnation;
}

// An operation that the daemon does not know is begun there by an Update with nothing in it, which
// brings along what is kept of it.
CK_RV Settle(CK_SESSION_HANDLE session, Kind kind) {
  {
    const Lock lock;
    const Operations::Operation operation = gw::shim::GetHeritage().operations.Find(session, kind);
    const bool settled = operation.phase != Operations::Phase::kBegun ||
                         operation.incarnation == gw::shim::GetHeritage().incarnation;
    if (settled) return CKR_OK;
  }
  uint8_t nothing = 0;
  CK_ULONG size = 0;
  const Function update = gw::shim::UpdateOf(kind);
  if (kind == Kind::kEncrypt || kind == Kind::kDecrypt)
    return gw::shim::DataToOutput(update, session, {nullptr, 0}, {&nothing, &size});
  return gw::shim::DataOnly(update, session, {nullptr, 0});
}

void Feed(CK_SESSION_HANDLE session, Kind kind, const Call& call, Input input) {
  const Lock lock;
  if (call.life() != gw::shim::GetState().life) return;
  gw::shim::GetHeritage().operations.Feed(session, kind, call.incarnation(),
                                          {static_cast<const uint8_t*>(input.data), input.size});
}

// Ends both, also where the daemon has not heard of the call.
CK_RV EndBoth(const Dual& dual, CK_SESSION_HANDLE session, CK_RV result) {
  C_SessionCancel(session, dual.flags);
  gw::shim::CancelKept(session, dual.flags);
  return result;
}

CK_RV Once(const Dual& dual, CK_SESSION_HANDLE session, Input part, Output output) {
  const Kind both[] = {dual.cipher, dual.message};
  for (Kind kind : both) {
    const CK_RV settled = Settle(session, kind);
    if (settled != CKR_OK) return settled;
  }
  Call call(dual.function, session);
  call.put().Pointer(output.size).Data(part, dual.too_long).Capacity(output);
  const CK_RV result = call.ReturnOutput(output);
  if (result != CKR_OK || output.data == nullptr) return result;
  const Input plain = dual.cipher == Kind::kEncrypt
                          ? part
                          : Input{output.data, gw::shim::LoadFrom<CK_ULONG>(output.size)};
  Feed(session, dual.cipher, call, part);
  Feed(session, dual.message, call, plain);
  return result;
}

CK_RV Run(const Dual& dual, CK_SESSION_HANDLE session, Input part, Output output) {
  const uint32_t before = KnownDaemon();
  CK_RV result = Once(dual, session, part, output);
  // A daemon that was restarted meanwhile has done nothing of it.
  if (result == CKR_OPERATION_NOT_INITIALIZED && KnownDaemon() != before)
    result = Once(dual, session, part, output);
  const bool goes_on = result == CKR_OK || result == CKR_BUFFER_TOO_SMALL ||
                       result == CKR_SESSION_HANDLE_INVALID ||
                       result == CKR_CRYPTOKI_NOT_INITIALIZED;
  return goes_on ? result : EndBoth(dual, session, result);
}

}  // namespace

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,
                            CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len) {
  return Run(kDigestEncrypt, session, {part, part_len}, {encrypted, encrypted_len});
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted,
                            CK_ULONG encrypted_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len) {
  return Run(kDecryptDigest, session, {encrypted, encrypted_len}, {part, part_len});
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG part_len,
                          CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len) {
  return Run(kSignEncrypt, session, {part, part_len}, {encrypted, encrypted_len});
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted,
                            CK_ULONG encrypted_len, CK_BYTE_PTR part, CK_ULONG_PTR part_len) {
  return Run(kDecryptVerify, session, {encrypted, encrypted_len}, {part, part_len});
}

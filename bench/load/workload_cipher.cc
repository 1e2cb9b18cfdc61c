// Room: bench/load. Encryption and decryption. Touches the module only.
#include "bench/load/workload_functions.h"

namespace gw::bench {
namespace {

constexpr std::size_t kAesBlockBytes = 16;

Status PrepareAes(CallState& state, std::size_t size_bytes) {
  const std::size_t blocks = (size_bytes + kAesBlockBytes - 1) / kAesBlockBytes;
  state.input = TestOctets(blocks * kAesBlockBytes);
  state.output.resize(state.input.size());
  return Ok();
}

}  // namespace

Status PrepareAesEcb(CallState& state, std::size_t size_bytes) {
  state.mechanism = {CKM_AES_ECB, nullptr, 0};
  return PrepareAes(state, size_bytes);
}

Status PrepareAesCbc(CallState& state, std::size_t size_bytes) {
  state.mechanism = {CKM_AES_CBC, state.iv.data(), state.iv.size()};
  return PrepareAes(state, size_bytes);
}

// Encrypts once with the public key; the calls then decrypt that.
Status PrepareRsaDecrypt(CallState& state, std::size_t size_bytes) {
  if (state.keys.open == CK_INVALID_HANDLE) {
    return CallerError(CKR_KEY_HANDLE_INVALID, "no public key with the label of the private key");
  }
  state.mechanism = {CKM_RSA_PKCS, nullptr, 0};
  state.expected = TestOctets(size_bytes);
  state.input.resize(kMaxKeyedResultBytes);
  state.output.resize(kMaxKeyedResultBytes);
  CK_RV rv = state.module->C_EncryptInit(state.session, &state.mechanism, state.keys.open);
  if (rv != CKR_OK) return ModuleError(rv, "C_EncryptInit before the run");
  CK_ULONG size = state.input.size();
  rv = state.module->C_Encrypt(state.session, state.expected.data(), state.expected.size(),
                               state.input.data(), &size);
  if (rv != CKR_OK) return ModuleError(rv, "C_Encrypt before the run");
  state.input.resize(size);
  return Ok();
}

CK_RV CallEncrypt(CallState& state) {
  const CK_RV rv = state.module->C_EncryptInit(state.session, &state.mechanism, state.keys.secret);
  if (rv != CKR_OK) return rv;
  state.produced = state.output.size();
  return state.module->C_Encrypt(state.session, state.input.data(), state.input.size(),
                                 state.output.data(), &state.produced);
}

CK_RV CallDecrypt(CallState& state) {
  const CK_RV rv = state.module->C_DecryptInit(state.session, &state.mechanism, state.keys.secret);
  if (rv != CKR_OK) return rv;
  state.produced = state.output.size();
  return state.module->C_Decrypt(state.session, state.input.data(), state.input.size(),
                                 state.output.data(), &state.produced);
}

}  // namespace gw::bench

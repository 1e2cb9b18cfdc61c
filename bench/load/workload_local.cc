// Room: bench/load. Operations that need no HSM: digests, random, searches, reads. Touches the
// module only.
#include <array>

#include "bench/load/workload_functions.h"

namespace gw::bench {
namespace {

constexpr std::size_t kSha256Bytes = 32;

}  // namespace

Status PrepareNothing(CallState& state, std::size_t) {
  state.output.resize(kMaxKeyedResultBytes);
  return Ok();
}

Status PrepareDigest(CallState& state, std::size_t size_bytes) {
  state.mechanism = {CKM_SHA256, nullptr, 0};
  state.input = TestOctets(size_bytes);
  state.output.resize(kSha256Bytes);
  return Ok();
}

Status PrepareRandom(CallState& state, std::size_t size_bytes) {
  state.output.resize(size_bytes);
  return Ok();
}

CK_RV CallDigest(CallState& state) {
  const CK_RV rv = state.module->C_DigestInit(state.session, &state.mechanism);
  if (rv != CKR_OK) return rv;
  state.produced = state.output.size();
  return state.module->C_Digest(state.session, state.input.data(), state.input.size(),
                                state.output.data(), &state.produced);
}

CK_RV CallRandom(CallState& state) {
  return state.module->C_GenerateRandom(state.session, state.output.data(), state.output.size());
}

CK_RV CallFind(CallState& state) {
  CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
  std::array<CK_ATTRIBUTE, 2> wanted{
      CK_ATTRIBUTE{CKA_CLASS, &object_class, sizeof object_class},
      CK_ATTRIBUTE{CKA_LABEL, state.keys.label.data(), state.keys.label.size()}};
  CK_RV rv = state.module->C_FindObjectsInit(state.session, wanted.data(), wanted.size());
  if (rv != CKR_OK) return rv;
  std::array<CK_OBJECT_HANDLE, 16> found{};
  state.produced = 0;
  rv = state.module->C_FindObjects(state.session, found.data(), found.size(), &state.produced);
  const CK_RV final_rv = state.module->C_FindObjectsFinal(state.session);
  return rv != CKR_OK ? rv : final_rv;
}

CK_RV CallSessionInfo(CallState& state) {
  CK_SESSION_INFO info{};
  const CK_RV rv = state.module->C_GetSessionInfo(state.session, &info);
  state.produced = (info.flags & CKF_SERIAL_SESSION) != 0 ? 1 : 0;
  return rv;
}

CK_RV CallAttribute(CallState& state) {
  CK_ATTRIBUTE label{CKA_LABEL, state.output.data(), state.output.size()};
  const CK_RV rv = state.module->C_GetAttributeValue(state.session, state.keys.secret, &label, 1);
  state.produced = label.ulValueLen;
  return rv;
}

// Equal results of at least eight octets mean that the generator stands still; fewer may repeat by
// chance.
Verdict CheckRandom(CallState& state, bool) {
  const bool repeated = state.output.size() >= 8 && state.output == state.expected;
  state.expected = state.output;
  return repeated ? Verdict::kWrong : Verdict::kPlausible;
}

Verdict CheckFound(CallState& state, bool) {
  return state.produced > 0 ? Verdict::kPlausible : Verdict::kWrong;
}

// C_GetSessionInfo must report CKF_SERIAL_SESSION for every session. PKCS #11 v2.40, section 3.3.
Verdict CheckSession(CallState& state, bool) {
  return state.produced == 1 ? Verdict::kPlausible : Verdict::kWrong;
}

Verdict CheckLabel(CallState& state, bool) {
  if (state.produced > state.output.size()) return Verdict::kWrong;
  const ByteView label = ByteView(state.output).first(state.produced);
  return Equal(label, ViewOf(state.keys.label)) ? Verdict::kPlausible : Verdict::kWrong;
}

}  // namespace gw::bench

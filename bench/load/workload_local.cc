// Room: bench/load. Operations that need no HSM: digests, random, searches, reads. Touches the
// module only.
#include <algorithm>
#include <array>
#include <span>

#include "bench/load/workload_functions.h"

namespace gw::bench {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kPartBytes = std::size_t{1} << 20;

using Wanted = std::array<CK_ATTRIBUTE, 2>;

CK_RV BeginSearch(CallState& state, std::span<CK_ATTRIBUTE> wanted) {
  return state.module->C_FindObjectsInit(state.session, wanted.data(), wanted.size());
}

CK_ATTRIBUTE LabelOf(CallState& state) {
  return {CKA_LABEL, state.keys.label.data(), state.keys.label.size()};
}

CK_RV BeginKeySearch(CallState& state) {
  CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
  Wanted wanted{CK_ATTRIBUTE{CKA_CLASS, &object_class, sizeof object_class}, LabelOf(state)};
  return BeginSearch(state, wanted);
}

CK_RV EndSearch(CallState& state) {
  std::array<CK_OBJECT_HANDLE, 16> found{};
  state.produced = 0;
  const CK_RV rv =
      state.module->C_FindObjects(state.session, found.data(), found.size(), &state.produced);
  const CK_RV final_rv = state.module->C_FindObjectsFinal(state.session);
  return rv != CKR_OK ? rv : final_rv;
}

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

// What the parts must give is the digest of the whole, where the module takes that in one part.
Status PrepareDigestParts(CallState& state, std::size_t size_bytes) {
  GW_TRY_VOID(PrepareDigest(state, size_bytes));
  const CK_RV rv = CallDigest(state);
  if (rv == CKR_OK) state.expected = state.output;
  return rv == CKR_OK || rv == CKR_DATA_LEN_RANGE ? Ok() : ModuleError(rv, "C_Digest");
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

Status PrepareFindLabel(CallState& state, std::size_t) {
  if (!state.keys.label.empty()) return Ok();
  return CallerError(CKR_ARGUMENTS_BAD, "find-label needs --key-label");
}

Status PrepareFound(CallState& state, std::size_t) {
  const CK_RV rv = BeginKeySearch(state);
  return rv == CKR_OK ? Ok() : ModuleError(rv, "C_FindObjectsInit before the run");
}

CK_RV CallDigestParts(CallState& state) {
  CK_RV rv = state.module->C_DigestInit(state.session, &state.mechanism);
  for (std::size_t at = 0; rv == CKR_OK && at < state.input.size(); at += kPartBytes) {
    const std::size_t part = std::min(kPartBytes, state.input.size() - at);
    rv = state.module->C_DigestUpdate(state.session, state.input.data() + at, part);
  }
  if (rv != CKR_OK) return rv;
  state.produced = state.output.size();
  return state.module->C_DigestFinal(state.session, state.output.data(), &state.produced);
}

CK_RV CallFind(CallState& state) {
  const CK_RV rv = BeginKeySearch(state);
  return rv == CKR_OK ? EndSearch(state) : rv;
}

CK_RV CallFindLabel(CallState& state) {
  std::array<CK_ATTRIBUTE, 1> wanted{LabelOf(state)};
  const CK_RV rv = BeginSearch(state, wanted);
  return rv == CKR_OK ? EndSearch(state) : rv;
}

// Ends the search that `prepare` or the last check began: what the module answers from what Init
// brought.
CK_RV CallFound(CallState& state) { return EndSearch(state); }

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

Verdict CheckFoundAndSearch(CallState& state, bool thorough) {
  const Verdict found = CheckFound(state, thorough);
  return BeginKeySearch(state) == CKR_OK ? found : Verdict::kWrong;
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

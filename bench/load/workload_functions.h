// Room: bench/load. The functions that the rows of workload_table.cc name. `prepare` runs once in
// each thread, `call` is timed, `check` looks at the result and clears away what the call left.
// Touches the module only.
#pragma once

#include "bench/load/workload.h"

namespace gw::bench {

using Verdict = Caller::Verdict;

// workload_sign.cc
Status PrepareEcdsa(CallState& state, std::size_t size_bytes);
Status PrepareRsaPkcs(CallState& state, std::size_t size_bytes);
Status PrepareRsaPss(CallState& state, std::size_t size_bytes);
Status PrepareEcdsaSha256(CallState& state, std::size_t size_bytes);
Status PrepareHmac(CallState& state, std::size_t size_bytes);
Status PrepareVerify(CallState& state, std::size_t size_bytes);
CK_RV CallSign(CallState& state);
CK_RV CallVerify(CallState& state);
Verdict CheckSignature(CallState& state, bool thorough);

// workload_cipher.cc
Status PrepareAesCbc(CallState& state, std::size_t size_bytes);
Status PrepareAesEcb(CallState& state, std::size_t size_bytes);
Status PrepareRsaDecrypt(CallState& state, std::size_t size_bytes);
CK_RV CallEncrypt(CallState& state);
CK_RV CallDecrypt(CallState& state);

// workload_local.cc
Status PrepareDigest(CallState& state, std::size_t size_bytes);
Status PrepareDigestParts(CallState& state, std::size_t size_bytes);
Status PrepareRandom(CallState& state, std::size_t size_bytes);
Status PrepareNothing(CallState& state, std::size_t size_bytes);
Status PrepareFindLabel(CallState& state, std::size_t size_bytes);
Status PrepareFound(CallState& state, std::size_t size_bytes);
CK_RV CallDigest(CallState& state);
CK_RV CallDigestParts(CallState& state);
CK_RV CallRandom(CallState& state);
CK_RV CallFind(CallState& state);
CK_RV CallFindLabel(CallState& state);
CK_RV CallFound(CallState& state);
CK_RV CallSessionInfo(CallState& state);
CK_RV CallAttribute(CallState& state);
Verdict CheckRandom(CallState& state, bool thorough);
Verdict CheckFound(CallState& state, bool thorough);
Verdict CheckFoundAndSearch(CallState& state, bool thorough);
Verdict CheckSession(CallState& state, bool thorough);
Verdict CheckLabel(CallState& state, bool thorough);

// workload_keys.cc
Status PrepareLogin(CallState& state, std::size_t size_bytes);
Status PrepareObject(CallState& state, std::size_t size_bytes);
CK_RV CallLogin(CallState& state);
CK_RV CallCreateObject(CallState& state);
CK_RV CallGenerateEc(CallState& state);
Verdict CheckLoginAndLogout(CallState& state, bool thorough);
Verdict CheckAndDestroyPair(CallState& state, bool thorough);

// The result must be that of the first call, or what `prepare` put into state.expected.
Verdict CheckSame(CallState& state, bool thorough);
Verdict CheckNothing(CallState& state, bool thorough);

// Room for any result of the operations above: RSA keys of 16,384 bits.
inline constexpr std::size_t kMaxKeyedResultBytes = 2048;
// `size` octets that are not all alike.
Bytes TestOctets(std::size_t size);

}  // namespace gw::bench

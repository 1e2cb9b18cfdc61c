// Room: bench/load. One row per operation of grep11-load, and what rows have in common.
#include <algorithm>
#include <iterator>

#include "bench/load/workload_functions.h"

namespace gw::bench {
namespace {

// clang-format off
//   name            help                                                                    key                 size  pin    1 thread
constexpr Workload kWorkloads[] = {
    {"ecdsa",        "CKM_ECDSA signature of a digest, P-256 unless the key says otherwise", KeyNeed::kEc,           32, false, false, PrepareEcdsa,      CallSign,        CheckSignature},
    {"rsa",          "CKM_RSA_PKCS signature of a SHA-256 DigestInfo, 2048 bits",            KeyNeed::kRsa,          51, false, false, PrepareRsaPkcs,    CallSign,        CheckSignature},
    {"rsa-pss",      "CKM_RSA_PKCS_PSS signature of a SHA-256 digest, 2048 bits",            KeyNeed::kRsa,          32, false, false, PrepareRsaPss,     CallSign,        CheckSignature},
    {"rsa-decrypt",  "CKM_RSA_PKCS decryption, 2048 bits",                                   KeyNeed::kRsa,          48, false, false, PrepareRsaDecrypt, CallDecrypt,     CheckSame},
    {"hmac",         "CKM_SHA256_HMAC",                                                      KeyNeed::kGenericSecret, 64, false, false, PrepareHmac,      CallSign,        CheckSame},
    {"aes-cbc",      "CKM_AES_CBC encryption, 256 bits; size rounded up to 16",              KeyNeed::kAes,        1024, false, false, PrepareAesCbc,     CallEncrypt,     CheckSame},
    {"aes-ecb",      "CKM_AES_ECB encryption, 256 bits; size rounded up to 16",              KeyNeed::kAes,        1024, false, false, PrepareAesEcb,     CallEncrypt,     CheckSame},
    {"ecdsa-sha256", "CKM_ECDSA_SHA256 signature of data that the mechanism hashes, P-256",  KeyNeed::kEc,         1024, false, false, PrepareEcdsaSha256, CallSign,       CheckSignature},
    {"verify",       "CKM_ECDSA verification of a signature made before the run",            KeyNeed::kEc,           32, false, false, PrepareVerify,     CallVerify,      CheckNothing},
    {"random",       "C_GenerateRandom",                                                     KeyNeed::kNone,         32, false, false, PrepareRandom,     CallRandom,      CheckRandom},
    {"digest",       "CKM_SHA256",                                                           KeyNeed::kNone,         64, false, false, PrepareDigest,     CallDigest,      CheckSame},
    {"digest-parts", "CKM_SHA256 by C_DigestUpdate, 1 MiB at a time",                        KeyNeed::kNone,     1 << 20, false, false, PrepareDigestParts, CallDigestParts, CheckSame},
    {"find",         "C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal by class and label", KeyNeed::kEc,         0, false, false, PrepareNothing,    CallFind,        CheckFound},
    {"find-label",   "the same by label alone, that of --key-label",                         KeyNeed::kNone,          0, false, false, PrepareFindLabel,  CallFindLabel,   CheckFound},
    {"found",        "C_FindObjects, C_FindObjectsFinal after an untimed Init",              KeyNeed::kEc,            0, false, false, PrepareFound,      CallFound,       CheckFoundAndSearch},
    {"session-info", "C_GetSessionInfo",                                                     KeyNeed::kNone,          0, false, false, PrepareNothing,    CallSessionInfo, CheckSession},
    {"attribute",    "C_GetAttributeValue of a private key's label",                         KeyNeed::kEc,            0, false, false, PrepareNothing,    CallAttribute,   CheckLabel},
    {"login",        "C_Login; C_Logout follows untimed; one thread per process",            KeyNeed::kNone,          0, true,  true,  PrepareLogin,      CallLogin,       CheckLoginAndLogout},
    {"create-object", "C_CreateObject of a data object that stays in the token; --key-label names it", KeyNeed::kNone, 64, false, false, PrepareObject, CallCreateObject, CheckNothing},
    {"keygen-ec",    "C_GenerateKeyPair of a P-256 session pair; destroyed untimed",         KeyNeed::kNone,          0, false, false, PrepareNothing,    CallGenerateEc,  CheckAndDestroyPair},
};
// clang-format on

}  // namespace

std::span<const Workload> Workloads() { return kWorkloads; }

const Workload* FindWorkload(std::string_view name) {
  const auto* row = std::ranges::find(kWorkloads, name, &Workload::name);
  return row == std::end(kWorkloads) ? nullptr : row;
}

Error ModuleError(CK_RV rv, std::string_view function, SourceLocation where) {
  return UpstreamError(rv, std::string(function), false, where);
}

Bytes TestOctets(std::size_t size) {
  Bytes octets(size);
  Byte value = 1;
  for (Byte& octet : octets) {
    octet = value;
    value = static_cast<Byte>(value * 5 + 3);
  }
  return octets;
}

Verdict CheckSame(CallState& state, bool) {
  const ByteView result = ByteView(state.output).first(state.produced);
  if (state.expected.empty()) state.expected = CopyOf(result);
  return Equal(result, state.expected) ? Verdict::kPlausible : Verdict::kWrong;
}

Verdict CheckNothing(CallState&, bool) { return Verdict::kPlausible; }

}  // namespace gw::bench

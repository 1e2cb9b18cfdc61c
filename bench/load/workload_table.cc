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
    {"verify",       "CKM_ECDSA verification of a signature made before the run",            KeyNeed::kEc,           32, false, false, PrepareVerify,     CallVerify,      CheckNothing},
    {"random",       "C_GenerateRandom",                                                     KeyNeed::kNone,         32, false, false, PrepareRandom,     CallRandom,      CheckRandom},
    {"digest",       "CKM_SHA256",                                                           KeyNeed::kNone,         64, false, false, PrepareDigest,     CallDigest,      CheckSame},
    {"find",         "C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal by class and label", KeyNeed::kEc,         0, false, false, PrepareNothing,    CallFind,        CheckFound},
    {"session-info", "C_GetSessionInfo",                                                     KeyNeed::kNone,          0, false, false, PrepareNothing,    CallSessionInfo, CheckSession},
    {"attribute",    "C_GetAttributeValue of a private key's label",                         KeyNeed::kEc,            0, false, false, PrepareNothing,    CallAttribute,   CheckLabel},
    {"login",        "C_Login; C_Logout follows untimed; one thread per process",            KeyNeed::kNone,          0, true,  true,  PrepareLogin,      CallLogin,       CheckLoginAndLogout},
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

// Room: bench/load. Signatures, MACs and verification. Touches the module only.
#include <algorithm>

#include "bench/load/workload_functions.h"

namespace gw::bench {
namespace {

// DER of DigestInfo { sha256, OCTET STRING of 32 octets }, up to the digest. RFC 8017, 9.2, note 1.
constexpr Byte kSha256DigestInfo[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

struct CurveSignature {
  std::string_view curve_der;
  std::size_t signature_bytes;  // r||s, each as long as the order
};

using namespace std::string_view_literals;
constexpr CurveSignature kCurves[] = {
    {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv, 64},  // P-256
    {"\x06\x05\x2b\x81\x04\x00\x22"sv, 96},              // P-384
    {"\x06\x05\x2b\x81\x04\x00\x23"sv, 132},             // P-521
    {"\x06\x05\x2b\x81\x04\x00\x0a"sv, 64},              // secp256k1
};

// The value of one attribute; empty when the module does not give it.
Bytes AttributeOf(const CallState& state, CK_ATTRIBUTE_TYPE type) {
  Bytes value(kMaxKeyedResultBytes);
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  const CK_RV rv =
      state.module->C_GetAttributeValue(state.session, state.keys.secret, &attribute, 1);
  value.resize(rv == CKR_OK && attribute.ulValueLen <= value.size() ? attribute.ulValueLen : 0);
  return value;
}

// 0 when the curve is not in the table: the first signature then says how long the others must be.
std::size_t EcdsaSignatureBytes(const CallState& state) {
  const Bytes curve = AttributeOf(state, CKA_EC_PARAMS);
  const auto* row = std::ranges::find(kCurves, TextOf(curve), &CurveSignature::curve_der);
  return row == std::end(kCurves) ? 0 : row->signature_bytes;
}

Status PrepareSign(CallState& state, CK_MECHANISM_TYPE type, Bytes input) {
  state.mechanism = {type, nullptr, 0};
  state.input = std::move(input);
  state.output.resize(kMaxKeyedResultBytes);
  return Ok();
}

CK_RV VerifyLast(CallState& state) {
  const CK_RV rv = state.module->C_VerifyInit(state.session, &state.mechanism, state.keys.open);
  if (rv != CKR_OK) return rv;
  return state.module->C_Verify(state.session, state.input.data(), state.input.size(),
                                state.output.data(), state.produced);
}

}  // namespace

Status PrepareEcdsa(CallState& state, std::size_t size_bytes) {
  GW_TRY_VOID(PrepareSign(state, CKM_ECDSA, TestOctets(size_bytes)));
  state.expected_size = EcdsaSignatureBytes(state);
  return Ok();
}

Status PrepareRsaPkcs(CallState& state, std::size_t size_bytes) {
  Bytes input = TestOctets(size_bytes);
  if (size_bytes == sizeof kSha256DigestInfo + 32)
    std::ranges::copy(kSha256DigestInfo, input.begin());
  GW_TRY_VOID(PrepareSign(state, CKM_RSA_PKCS, std::move(input)));
  state.expected_size = AttributeOf(state, CKA_MODULUS).size();
  return Ok();
}

Status PrepareRsaPss(CallState& state, std::size_t size_bytes) {
  GW_TRY_VOID(PrepareSign(state, CKM_RSA_PKCS_PSS, TestOctets(size_bytes)));
  state.pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
  state.mechanism.pParameter = &state.pss;
  state.mechanism.ulParameterLen = sizeof state.pss;
  state.expected_size = AttributeOf(state, CKA_MODULUS).size();
  return Ok();
}

Status PrepareEcdsaSha256(CallState& state, std::size_t size_bytes) {
  GW_TRY_VOID(PrepareSign(state, CKM_ECDSA_SHA256, TestOctets(size_bytes)));
  state.expected_size = EcdsaSignatureBytes(state);
  return Ok();
}

Status PrepareHmac(CallState& state, std::size_t size_bytes) {
  return PrepareSign(state, CKM_SHA256_HMAC, TestOctets(size_bytes));
}

Status PrepareVerify(CallState& state, std::size_t size_bytes) {
  if (state.keys.open == CK_INVALID_HANDLE) {
    return CallerError(CKR_KEY_HANDLE_INVALID, "no public key with the label of the private key");
  }
  GW_TRY_VOID(PrepareSign(state, CKM_ECDSA, TestOctets(size_bytes)));
  if (const CK_RV rv = CallSign(state); rv != CKR_OK)
    return ModuleError(rv, "signing before the run");
  return Ok();
}

CK_RV CallSign(CallState& state) {
  const CK_RV rv = state.module->C_SignInit(state.session, &state.mechanism, state.keys.secret);
  if (rv != CKR_OK) return rv;
  state.produced = state.output.size();
  return state.module->C_Sign(state.session, state.input.data(), state.input.size(),
                              state.output.data(), &state.produced);
}

CK_RV CallVerify(CallState& state) { return VerifyLast(state); }

Verdict CheckSignature(CallState& state, bool thorough) {
  if (state.expected_size == 0) state.expected_size = state.produced;
  if (state.produced != state.expected_size) return Verdict::kWrong;
  if (!thorough || state.keys.open == CK_INVALID_HANDLE) return Verdict::kPlausible;
  switch (VerifyLast(state)) {
    case CKR_OK:
      return Verdict::kVerified;
    case CKR_SIGNATURE_INVALID:
    case CKR_SIGNATURE_LEN_RANGE:
      return Verdict::kWrong;
    default:  // this module, or this key, does not verify
      return Verdict::kPlausible;
  }
}

}  // namespace gw::bench

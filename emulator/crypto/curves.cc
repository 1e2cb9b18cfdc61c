// Room: emulator/crypto. Source of OIDs and names: GREP11's curve list.
#include "emulator/crypto/curves.h"

#include <array>

namespace gw::emulator {
namespace {

constexpr Byte kP224[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21};
constexpr Byte kP256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr Byte kP384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr Byte kP521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
constexpr Byte kSecp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};

constexpr auto kCurves = std::to_array<CurveRow>({
    {"P-224", kP224, "secp224r1", 224, 28},
    {"P-256", kP256, "prime256v1", 256, 32},
    {"P-384", kP384, "secp384r1", 384, 48},
    {"P-521", kP521, "secp521r1", 521, 66},
    {"SECP256K1", kSecp256k1, "secp256k1", 256, 32},
});

}  // namespace

std::span<const CurveRow> CurveTable() { return kCurves; }

const CurveRow* FindCurve(ByteView ec_params) {
  for (const CurveRow& row : kCurves) {
    if (Equal(row.oid_der, ec_params) || row.ascii_name == TextOf(ec_params)) return &row;
  }
  return nullptr;
}

const CurveRow* FindCurveByOpensslName(std::string_view name) {
  for (const CurveRow& row : kCurves) {
    if (row.openssl_name == name) return &row;
  }
  return nullptr;
}

}  // namespace gw::emulator

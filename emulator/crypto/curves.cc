// Room: emulator/crypto. Source of OIDs and names: GREP11's curve list.
#include "emulator/crypto/curves.h"

#include <array>

namespace gw::emulator {
namespace {

using enum CurveKind;

constexpr Byte kP192[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01};
constexpr Byte kP224[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21};
constexpr Byte kP256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr Byte kP384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr Byte kP521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
constexpr Byte kSecp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
// brainpool 1.3.36.3.3.2.8.1.1.N and RFC 8410 1.3.101.N differ in their last arc alone.
template <Byte kLast>
constexpr Byte kBrainpool[] = {0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, kLast};
template <Byte kLast>
constexpr Byte kRaw[] = {0x06, 0x03, 0x2b, 0x65, kLast};

constexpr auto kCurves = std::to_array<CurveRow>({
    {"P-192", kP192, "prime192v1", kWeierstrass, 192, 24},
    {"P-224", kP224, "secp224r1", kWeierstrass, 224, 28},
    {"P-256", kP256, "prime256v1", kWeierstrass, 256, 32},
    {"P-384", kP384, "secp384r1", kWeierstrass, 384, 48},
    {"P-521", kP521, "secp521r1", kWeierstrass, 521, 66},
    {"BP-160R", kBrainpool<1>, "brainpoolP160r1", kWeierstrass, 160, 20},
    {"BP-160T", kBrainpool<2>, "brainpoolP160t1", kWeierstrass, 160, 20},
    {"BP-192R", kBrainpool<3>, "brainpoolP192r1", kWeierstrass, 192, 24},
    {"BP-192T", kBrainpool<4>, "brainpoolP192t1", kWeierstrass, 192, 24},
    {"BP-224R", kBrainpool<5>, "brainpoolP224r1", kWeierstrass, 224, 28},
    {"BP-224T", kBrainpool<6>, "brainpoolP224t1", kWeierstrass, 224, 28},
    {"BP-256R", kBrainpool<7>, "brainpoolP256r1", kWeierstrass, 256, 32},
    {"BP-256T", kBrainpool<8>, "brainpoolP256t1", kWeierstrass, 256, 32},
    {"BP-320R", kBrainpool<9>, "brainpoolP320r1", kWeierstrass, 320, 40},
    {"BP-320T", kBrainpool<10>, "brainpoolP320t1", kWeierstrass, 320, 40},
    {"BP-384R", kBrainpool<11>, "brainpoolP384r1", kWeierstrass, 384, 48},
    {"BP-384T", kBrainpool<12>, "brainpoolP384t1", kWeierstrass, 384, 48},
    {"BP-512R", kBrainpool<13>, "brainpoolP512r1", kWeierstrass, 512, 64},
    {"BP-512T", kBrainpool<14>, "brainpoolP512t1", kWeierstrass, 512, 64},
    {"SECP256K1", kSecp256k1, "secp256k1", kWeierstrass, 256, 32},
    {"curve25519", kRaw<110>, "X25519", kMontgomery, 255, 32},
    {"x448", kRaw<111>, "X448", kMontgomery, 448, 56},
    {"ed25519", kRaw<112>, "ED25519", kEdwards, 255, 32},
    {"ed448", kRaw<113>, "ED448", kEdwards, 448, 56},
});

}  // namespace

std::size_t CurveRow::point_bytes() const {
  switch (kind) {
    case kWeierstrass:
      return 1 + 2 * field_bytes;
    case kEdwards:
      return bits / 8 + 1;  // one coordinate and a sign bit: RFC 8032 section 3, parameter b
    case kMontgomery:
      return field_bytes;
  }
  return 0;
}

std::size_t CurveRow::private_bytes() const { return is_raw() ? point_bytes() : order_bytes(); }

std::size_t CurveRow::signature_bytes() const {
  switch (kind) {
    case kWeierstrass:
      return 2 * order_bytes();
    case kEdwards:
      return 2 * point_bytes();
    case kMontgomery:
      return 0;
  }
  return 0;
}

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

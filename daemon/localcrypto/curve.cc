// Room: localcrypto.
#include "daemon/localcrypto/curve.h"

#include <array>

#include "daemon/localcrypto/der.h"

namespace gw {
namespace {

// A DER object identifier as a constant with an address, for the rows below.
template <Byte... kOctets>
inline constexpr std::array<Byte, sizeof...(kOctets)> kDer = {kOctets...};

// clang-format off
template <Byte kLast> inline constexpr ByteView kX962 = kDer<6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, kLast>;
template <Byte kLast> inline constexpr ByteView kCerticom = kDer<6, 5, 0x2b, 0x81, 4, 0, kLast>;
template <Byte kLast> inline constexpr ByteView kBrainpool = kDer<6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, kLast>;
template <Byte kLast> inline constexpr ByteView kRfc8410 = kDer<6, 3, 0x2b, 0x65, kLast>;
inline constexpr ByteView kBls = kDer<6, 12, 0x2b, 6, 1, 4, 1, 2, 0x82, 0x0b, 0x87, 0x67, 3, 2>;

using enum CurveKind;
// GREP11 reference 10.3. Columns: name, DER, kind, bits, order_bytes, coordinate_bytes,
// local_verify, OpenSSL's name.
constexpr auto kCurves = std::to_array<Curve>({
    {"P-192", kX962<1>, kWeierstrass, 192, 24, 24, true, "prime192v1"},
    {"P-224", kCerticom<33>, kWeierstrass, 224, 28, 28, true, "secp224r1"},
    {"P-256", kX962<7>, kWeierstrass, 256, 32, 32, true, "prime256v1"},
    {"P-384", kCerticom<34>, kWeierstrass, 384, 48, 48, true, "secp384r1"},
    {"P-521", kCerticom<35>, kWeierstrass, 521, 66, 66, true, "secp521r1"},
    {"BP-160R", kBrainpool<1>, kWeierstrass, 160, 20, 20, true, "brainpoolP160r1"},
    {"BP-160T", kBrainpool<2>, kWeierstrass, 160, 20, 20, true, "brainpoolP160t1"},
    {"BP-192R", kBrainpool<3>, kWeierstrass, 192, 24, 24, true, "brainpoolP192r1"},
    {"BP-192T", kBrainpool<4>, kWeierstrass, 192, 24, 24, true, "brainpoolP192t1"},
    {"BP-224R", kBrainpool<5>, kWeierstrass, 224, 28, 28, true, "brainpoolP224r1"},
    {"BP-224T", kBrainpool<6>, kWeierstrass, 224, 28, 28, true, "brainpoolP224t1"},
    {"BP-256R", kBrainpool<7>, kWeierstrass, 256, 32, 32, true, "brainpoolP256r1"},
    {"BP-256T", kBrainpool<8>, kWeierstrass, 256, 32, 32, true, "brainpoolP256t1"},
    {"BP-320R", kBrainpool<9>, kWeierstrass, 320, 40, 40, true, "brainpoolP320r1"},
    {"BP-320T", kBrainpool<10>, kWeierstrass, 320, 40, 40, true, "brainpoolP320t1"},
    {"BP-384R", kBrainpool<11>, kWeierstrass, 384, 48, 48, true, "brainpoolP384r1"},
    {"BP-384T", kBrainpool<12>, kWeierstrass, 384, 48, 48, true, "brainpoolP384t1"},
    {"BP-512R", kBrainpool<13>, kWeierstrass, 512, 64, 64, true, "brainpoolP512r1"},
    {"BP-512T", kBrainpool<14>, kWeierstrass, 512, 64, 64, true, "brainpoolP512t1"},
    {"SECP256K1", kCerticom<10>, kWeierstrass, 256, 32, 32, true, "secp256k1"},
    {"curve25519", kRfc8410<110>, kMontgomery, 255, 0, 32, false, "X25519"},
    {"x448", kRfc8410<111>, kMontgomery, 448, 0, 56, false, "X448"},
    {"ed25519", kRfc8410<112>, kEdwards, 255, 32, 32, true, "ED25519"},
    {"ed448", kRfc8410<113>, kEdwards, 448, 57, 57, true, "ED448"},
    {"BLS12-381", kBls, kPairing, 381, 96, 48, false, ""},
});

struct Alias {
  std::string_view alias;
  std::string_view name;
};

constexpr auto kAliases = std::to_array<Alias>({
    {"secp192r1", "P-192"},         {"secp224r1", "P-224"},         {"secp256r1", "P-256"},
    {"secp384r1", "P-384"},         {"secp521r1", "P-521"},
    {"curve448", "x448"},           {"edwards25519", "ed25519"},    {"edwards448", "ed448"},
    // A PrintableString of OpenSC's pkcs11-tool, whose length is one too many.
    {"\x13\x0b" "curve25519", "curve25519"},
});
// clang-format on

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

const Curve* FindByName(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto alias = std::ranges::find_if(
      kAliases, [name](const Alias& row) { return SameName(row.alias, name); });
  if (alias != kAliases.end()) name = alias->name;
  const auto row = std::ranges::find_if(kCurves, [name](const Curve& curve) {
    return SameName(curve.name, name) || SameName(curve.openssl_name, name);
  });
  return row == kCurves.end() ? nullptr : &*row;
}

}  // namespace

const Curve* FindCurve(ByteView ec_params) {
  const auto row = std::ranges::find_if(
      kCurves, [ec_params](const Curve& curve) { return Equal(curve.der_oid, ec_params); });
  if (row != kCurves.end()) return &*row;
  der::Reader reader(ec_params);
  const auto printable = reader.Take(der::kPrintableString);
  if (printable) return reader.done() ? FindByName(TextOf(*printable)) : nullptr;
  return FindByName(TextOf(ec_params));
}

std::span<const Curve> AllCurves() { return kCurves; }

}  // namespace gw

// Room: emulator/crypto/wallet. "I", "IL" and "IR" are the standards' names for the HMAC and its
// halves: the left one becomes the key, the right one the chain code.
#include "emulator/crypto/wallet/wallet.h"

#include <openssl/hmac.h>

#include <optional>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"
#include "emulator/crypto/wallet/arithmetic.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kKeyBytes = 32;

struct WalletCurve {
  std::string_view name;
  std::string_view master_key;  // key of the HMAC over the seed
  bool in_bip32;
};
constexpr WalletCurve kCurves[] = {
    {"SECP256K1", "Bitcoin seed", true},
    {"P-256", "Nist256p1 seed", false},
    {"ed25519", "ed25519 seed", false},
};

Result<const WalletCurve*> WalletCurveOf(WalletStandard standard, const CurveRow& curve) {
  for (const WalletCurve& row : kCurves) {
    const bool listed = standard == WalletStandard::kSlip10 || row.in_bip32;
    if (row.name == curve.ascii_name && listed) return &row;
  }
  return CallerError(CKR_CURVE_NOT_SUPPORTED, "not a curve of the wallet standard");
}

// One HMAC-SHA-512, in two halves.
struct Intermediate {
  SecretBytes octets;
  ByteView left() const { return octets.view().first(kKeyBytes); }
  ByteView right() const { return octets.view().subspan(kKeyBytes); }
};

// OpenSSL's own HMAC, because it wipes what it leaves behind.
Intermediate Hmac(ByteView key, ByteView data) {
  Intermediate i{SecretBytes::OfSize(kKeyBytes + kChainCodeBytes)};
  unsigned size = 0;
  GW_CHECK(HMAC(MdOf(HashId::kSha512), key.data(), static_cast<int>(key.size()), data.data(),
                data.size(), i.octets.mutable_view().data(), &size) != nullptr);
  GW_CHECK(size == i.octets.size());
  return i;
}

// prefix || key || index, what a child is hashed from.
SecretBytes ChildInput(Byte prefix, ByteView key, std::uint32_t index) {
  SecretBytes input = SecretBytes::OfSize(1 + key.size() + 4);
  const std::span<Byte> octets = input.mutable_view();
  octets[0] = prefix;
  std::ranges::copy(key, octets.begin() + 1);
  for (std::size_t i = 0; i < 4; ++i) {
    octets[1 + key.size() + i] = static_cast<Byte>(index >> (24 - 8 * i));
  }
  return input;
}

bool IsHardened(const WalletParams& params) { return params.index >= kHardenedIndex; }
bool IsPublic(const WalletParams& params) { return params.step == WalletStep::kPublicToPublic; }

Result<SecretBytes> FirstInput(const WalletParams& params, const PKey& parent) {
  if (IsHardened(params)) {
    GW_TRY(value, parent.PrivateValue());
    return ChildInput(0x00, value.view(), params.index);
  }
  // The compressed point: whether Y is odd, then X.
  const Bytes point = parent.Point();
  const Byte sign = point.back() & 1;
  return ChildInput(static_cast<Byte>(0x02 | sign), ByteView(point).subspan(1, kKeyBytes),
                    params.index);
}

// Null if this IL gives no key.
Result<std::optional<PKey>> ChildKey(const WalletParams& params, const PKey& parent, ByteView il) {
  const CurveRow& curve = *parent.curve();
  if (IsPublic(params)) {
    const std::optional<Bytes> point = AddToPoint(curve, il, parent.Point());
    if (!point) return std::optional<PKey>();
    GW_TRY(key, PKey::FromPublic(curve, *point));
    return std::optional<PKey>(key);
  }
  GW_TRY(value, parent.PrivateValue());
  std::optional<SecretBytes> child =
      curve.is_raw() ? SecretBytes(il) : AddToScalar(curve, il, value.view());
  if (!child) return std::optional<PKey>();
  GW_TRY(key, PKey::FromPrivate(curve, child->view()));
  return std::optional<PKey>(key);
}

Status CheckChild(const WalletParams& params, const PKey& parent) {
  if (parent.curve() == nullptr) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a curve's key");
  }
  GW_TRY_VOID(WalletCurveOf(params.standard, *parent.curve()));
  if (params.step == WalletStep::kMaster || params.chain_code.size() != kChainCodeBytes) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "not the parameter of a child");
  }
  // Ed25519 seeds do not add up as points do: they are hashed from the parent's private half alone.
  const bool raw = parent.curve()->is_raw();
  const bool possible = IsPublic(params) ? !raw && !IsHardened(params) : !raw || IsHardened(params);
  if (!possible) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "no such child, or not by its public key");
  }
  return Ok();
}

Result<WalletNode> NodeOf(const WalletParams& params, const PKey& child, ByteView chain_code) {
  if (params.step != WalletStep::kPrivateToPublic) return WalletNode{child, CopyOf(chain_code)};
  GW_TRY(half, PKey::FromPublic(*child.curve(), child.Point()));
  return WalletNode{half, CopyOf(chain_code)};
}

Error NoKey() { return CallerError(CKR_FUNCTION_FAILED, "gives no key by BIP-0032"); }

}  // namespace

Result<WalletParams> ParseWalletParams(std::uint64_t type, std::uint64_t child_key_index,
                                       ByteView chain_code, std::uint64_t version) {
  const auto refused = [](const char* why) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, why);
  };
  if (version != kWalletVersion) return refused("version of the derivation");
  if (type < 1 || type > 8) return refused("type of the derivation");
  if (child_key_index > 0xffffffffU) return refused("index above 32 bits");
  WalletParams params{type <= 4 ? WalletStandard::kBip32 : WalletStandard::kSlip10,
                      static_cast<WalletStep>((type - 1) % 4),
                      static_cast<std::uint32_t>(child_key_index), CopyOf(chain_code)};
  if (params.step == WalletStep::kMaster) {
    if (child_key_index != 0 || !chain_code.empty()) return refused("a master key has no parent");
    return params;
  }
  if (chain_code.size() != kChainCodeBytes) return refused("length of the chain code");
  if (IsPublic(params) && IsHardened(params)) return refused("hardened, but from a public key");
  return params;
}

Result<WalletNode> DeriveWalletMaster(const WalletParams& params, const CurveRow& curve,
                                      ByteView seed) {
  GW_TRY(row, WalletCurveOf(params.standard, curve));
  if (params.step != WalletStep::kMaster) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "not the parameter of a master key");
  }
  if (seed.size() < kMinSeedBytes || seed.size() > kMaxSeedBytes) {
    return CallerError(CKR_KEY_SIZE_RANGE, "seed is not of 128 to 512 bits");
  }
  Intermediate i = Hmac(ViewOf(row->master_key), seed);
  while (true) {
    const Result<PKey> key = PKey::FromPrivate(curve, i.left());
    if (key) return WalletNode{*key, CopyOf(i.right())};
    if (params.standard == WalletStandard::kBip32) return NoKey();
    // SLIP-0010: what gives no key takes the place of the seed.
    i = Hmac(ViewOf(row->master_key), i.octets.view());
  }
}

Result<WalletNode> DeriveWalletChild(const WalletParams& params, const PKey& parent) {
  GW_TRY_VOID(CheckChild(params, parent));
  GW_TRY(input, FirstInput(params, parent));
  while (true) {
    const Intermediate i = Hmac(params.chain_code, input.view());
    GW_TRY(child, ChildKey(params, parent, i.left()));
    if (child) return NodeOf(params, *child, i.right());
    if (params.standard == WalletStandard::kBip32) return NoKey();
    // SLIP-0010: hashed again from the right half, until there is a key.
    input = ChildInput(0x01, i.right(), params.index);
  }
}

}  // namespace gw::emulator

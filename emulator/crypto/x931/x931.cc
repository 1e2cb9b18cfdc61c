// Room: emulator/crypto/x931.
#include "emulator/crypto/x931/x931.h"

#include <algorithm>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"
#include "emulator/crypto/rsa.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kMinBits = 1024;
constexpr std::size_t kStepBits = 256;
constexpr std::size_t kHeaderBytes = 2;
constexpr Byte kTrailer = 0xcc;
constexpr RsaFormat kUnpadded{RsaScheme::kRaw, HashId::kNone, 0, {}};

Byte IdentifierOf(HashId hash) {
  switch (hash) {
    case HashId::kSha1:
      return 0x33;
    case HashId::kSha224:
      return 0x38;
    case HashId::kSha256:
      return 0x34;
    case HashId::kSha384:
      return 0x36;
    case HashId::kSha512:
      return 0x35;
    case HashId::kNone:
    case HashId::kSha512_224:
    case HashId::kSha512_256:
    case HashId::kSha3_224:
    case HashId::kSha3_256:
    case HashId::kSha3_384:
    case HashId::kSha3_512:
      break;
  }
  GW_CHECK(false && "no identifier for this hash");
  return 0;
}

Status RequireX931Key(const PKey& key) {
  if (key.type() != CKK_RSA) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not an RSA key");
  if (key.bits() < kMinBits || key.bits() % kStepBits != 0) {
    return CallerError(CKR_KEY_SIZE_RANGE, "X9.31 needs 1024 bits and steps of 256");
  }
  return Ok();
}

// modulus - number, as long as the modulus. `number` is not above it.
Bytes Complement(const PKey& key, ByteView number) {
  const Bytes modulus = key.Modulus();
  const BignumPtr n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const BignumPtr x(BN_bin2bn(number.data(), static_cast<int>(number.size()), nullptr));
  const int size = static_cast<int>(key.signature_bytes());
  Bytes complement(key.signature_bytes());
  GW_CHECK(n != nullptr && x != nullptr && BN_sub(x.get(), n.get(), x.get()) == 1);
  GW_CHECK(BN_bn2binpad(x.get(), complement.data(), size) == size);
  return complement;
}

}  // namespace

Bytes X931InputOf(HashId hash, ByteView digest) {
  Bytes input = CopyOf(digest);
  input.insert(input.end(), {IdentifierOf(hash), kTrailer});
  return input;
}

Result<Bytes> X931Block(std::size_t modulus_bytes, ByteView input) {
  if (input.empty() || input.size() + kHeaderBytes > modulus_bytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "input does not fit the modulus");
  }
  if (input.back() != kTrailer) {
    return CallerError(CKR_DATA_INVALID, "input does not end in the trailer");
  }
  Bytes block = {0x6b};
  block.resize(modulus_bytes - input.size() - 1, 0xbb);
  block.push_back(0xba);
  Append(block, input);
  return block;
}

Result<Bytes> X931Sign(const PKey& key, ByteView input) {
  GW_TRY_VOID(RequireX931Key(key));
  GW_TRY(block, X931Block(key.signature_bytes(), input));
  Result<Bytes> x = RsaSign(key, kUnpadded, block);
  // The block is below the modulus, whose highest bit is set: nothing but the key can be wrong.
  if (!x) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a private key");
  // Both are of one length, so that the octets compare as the numbers do.
  return std::min(*x, Complement(key, *x));
}

Status X931Verify(const PKey& key, ByteView input, ByteView signature) {
  GW_TRY_VOID(RequireX931Key(key));
  GW_TRY(block, X931Block(key.signature_bytes(), input));
  if (signature.size() != key.signature_bytes()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "signature is not as long as the modulus");
  }
  const Result<Bytes> recovered = RsaEncrypt(key, kUnpadded, signature);
  if (!recovered) return CallerError(CKR_SIGNATURE_INVALID, "not below the modulus");
  // "if the low nibble is not C, take the complement"
  const bool folded = (recovered->back() & 0x0f) != 0x0c;
  const Bytes found = folded ? Complement(key, *recovered) : *recovered;
  if (found != block) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

}  // namespace gw::emulator

// Room: emulator/crypto.
#include "emulator/crypto/check_value.h"

#include "emulator/crypto/des.h"
#include "emulator/crypto/hash.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

Bytes FirstOctets(ByteView octets) { return CopyOf(octets.first(kCheckValueBytes)); }

Bytes OfHash(ByteView octets) { return FirstOctets(HashOnce(HashId::kSha1, octets)); }

Bytes OfAes(ByteView value) {
  static constexpr Byte kZeros[kAesBlockBytes] = {};
  return FirstOctets(AesBlocks(BlockMode::kEcb, Direction::kEncrypt, value, {}, kZeros));
}

Bytes OfDes(ByteView value) {
  static constexpr Byte kZeros[kDesBlockBytes] = {};
  return FirstOctets(Des3EcbEncrypt(value, kZeros).view());
}

bool IsAes(std::size_t size) { return size == 16 || size == 24 || size == 32; }
bool IsDes2(std::size_t size) { return size == kDes2Bytes; }
bool IsDes3(std::size_t size) { return size == kDes3Bytes; }
bool IsAny(std::size_t size) { return size > 0; }

struct CheckRow {
  CK_KEY_TYPE type;
  bool (*size_fits)(std::size_t);
  Bytes (*check_value)(ByteView);
};
constexpr CheckRow kRows[] = {
    {CKK_AES, IsAes, OfAes},          {CKK_DES2, IsDes2, OfDes},
    {CKK_DES3, IsDes3, OfDes},        {CKK_GENERIC_SECRET, IsAny, OfHash},
    {CKK_SHA_1_HMAC, IsAny, OfHash},  {CKK_SHA224_HMAC, IsAny, OfHash},
    {CKK_SHA256_HMAC, IsAny, OfHash}, {CKK_SHA384_HMAC, IsAny, OfHash},
    {CKK_SHA512_HMAC, IsAny, OfHash},
};

}  // namespace

Result<Bytes> CheckValue(CK_KEY_TYPE type, ByteView value) {
  for (const CheckRow& row : kRows) {
    if (row.type != type) continue;
    if (row.size_fits(value.size())) return row.check_value(value);
    return CallerError(CKR_KEY_SIZE_RANGE, "no length for a key of this type");
  }
  return CallerError(CKR_KEY_TYPE_INCONSISTENT, "keys of this type have no check value");
}

Result<Bytes> CheckSum(CK_KEY_TYPE type, ByteView value) {
  GW_TRY(check, CheckValue(type, value));
  AppendU32Be(check, static_cast<std::uint32_t>(value.size() * 8));
  return std::move(check);
}

Bytes CertificateCheckValue(ByteView certificate) { return OfHash(certificate); }

}  // namespace gw::emulator

// Room: emulator/crypto.
#include "emulator/crypto/derivation.h"

#include <algorithm>
#include <array>

#include "emulator/crypto/des.h"

namespace gw::emulator {
namespace {

// The lengths that a type has, 0 where there are no more.
struct TypeRow {
  CK_KEY_TYPE type;
  std::array<std::size_t, 3> lengths;
};
constexpr TypeRow kTypes[] = {
    {CKK_AES, {16, 24, 32}},
    {CKK_DES2, {kDes2Bytes, 0, 0}},
    {CKK_DES3, {kDes3Bytes, 0, 0}},
};

Result<std::size_t> LengthOf(const TypeRow& row, const SecretShape& shape) {
  if (!shape.value_bytes) {
    if (row.lengths[1] == 0) return row.lengths[0];
    return CallerError(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
  }
  for (const std::size_t length : row.lengths) {
    if (length == *shape.value_bytes) return length;
  }
  return CallerError(CKR_TEMPLATE_INCONSISTENT, "CKA_VALUE_LEN does not fit CKA_KEY_TYPE");
}

// How many of the `available` octets the key gets.
Result<std::size_t> LengthOf(const SecretShape& shape, std::size_t available, CK_RV too_short) {
  if (shape.value_bytes == 0U) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "no length at all");
  std::size_t length = 0;
  if (shape.type.value_or(CKK_GENERIC_SECRET) == CKK_GENERIC_SECRET) {
    length = shape.value_bytes.value_or(available);
  } else {
    const auto* row = std::ranges::find(kTypes, *shape.type, &TypeRow::type);
    if (row == std::end(kTypes)) {
      return CallerError(CKR_TEMPLATE_INCONSISTENT, "no such key can be derived");
    }
    GW_TRY(of_type, LengthOf(*row, shape));
    length = of_type;
  }
  if (length > available) return CallerError(too_short, "not enough octets for the key");
  return length;
}

Result<DerivedSecret> Cut(ByteView octets, const SecretShape& shape, CK_RV too_short) {
  GW_TRY(length, LengthOf(shape, octets.size(), too_short));
  DerivedSecret derived{shape.type.value_or(CKK_GENERIC_SECRET), SecretBytes(octets.first(length))};
  if (derived.type == CKK_DES2 || derived.type == CKK_DES3) {
    SetOddParity(derived.value.mutable_view());
  }
  return derived;
}

}  // namespace

Result<DerivedSecret> DeriveByDigest(HashId hash, ByteView base_key, const SecretShape& shape) {
  Bytes digest = HashOnce(hash, base_key);
  Result<DerivedSecret> derived = Cut(digest, shape, CKR_KEY_SIZE_RANGE);
  Wipe(digest);
  return derived;
}

Result<DerivedSecret> DeriveByDes3Ecb(ByteView base_key, ByteView data, const SecretShape& shape) {
  if (base_key.size() != kDes2Bytes && base_key.size() != kDes3Bytes) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "base key is neither DES2 nor DES3");
  }
  if (data.empty() || data.size() % kDesBlockBytes != 0 || data.size() > kMaxDesDataBytes) {
    return CallerError(CKR_DATA_LEN_RANGE, "data is not whole blocks, or very many");
  }
  // The length first: what is too long for any key need not be encrypted.
  GW_TRY(length, LengthOf(shape, data.size(), CKR_DATA_LEN_RANGE));
  const std::size_t used = (length + kDesBlockBytes - 1) / kDesBlockBytes * kDesBlockBytes;
  const SecretBytes encrypted = Des3EcbEncrypt(base_key, data.first(used));
  return Cut(encrypted.view(), {shape.type, length}, CKR_DATA_LEN_RANGE);
}

}  // namespace gw::emulator

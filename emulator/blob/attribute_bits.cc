// Room: emulator/blob.
#include "emulator/blob/attribute_bits.h"

#include <algorithm>
#include <array>

namespace gw::emulator {
namespace {

using enum BitAccess;

constexpr auto kBits = std::to_array<AttributeBitRow>({
    {CKA_TRUSTED, kTrusted, kFree},
    {CKA_ENCRYPT, kEncryptRight, kFree},
    {CKA_DECRYPT, kDecryptRight, kFree},
    {CKA_WRAP, kWrapRight, kFree},
    {CKA_UNWRAP, kUnwrapRight, kFree},
    {CKA_SIGN, kSignRight, kFree},
    {CKA_SIGN_RECOVER, kSignRecover, kFree},
    {CKA_VERIFY, kVerifyRight, kFree},
    {CKA_VERIFY_RECOVER, kVerifyRecover, kFree},
    {CKA_DERIVE, kDeriveRight, kFree},
    {CKA_EXTRACTABLE, kExtractable, kClearOnly},
    {CKA_LOCAL, kLocal, kHsmOnly},
    {CKA_NEVER_EXTRACTABLE, kNeverExtractable, kHsmOnly},
    {CKA_MODIFIABLE, kModifiable, kClearOnly},
    {CKA_WRAP_WITH_TRUSTED, kWrapWithTrusted, kSetOnly},
    {CKA_IBM_RESTRICTABLE, kRestrictable, kSetOnly},
    {CKA_IBM_NEVER_MODIFIABLE, kNeverModifiable, kHsmOnly},
    {CKA_IBM_ATTRBOUND, kAttributeBound, kTemplate},
    {CKA_IBM_USE_AS_DATA, kUseAsData, kFree},
    {CKA_IBM_PROTKEY_EXTRACTABLE, kProtkeyExtractable, kFree},
    {CKA_IBM_PROTKEY_NEVER_EXTRACTABLE, kProtkeyNeverExtractable, kHsmOnly},
});

}  // namespace

std::span<const AttributeBitRow> AttributeBitTable() { return kBits; }

const AttributeBitRow* FindAttributeBit(CK_ATTRIBUTE_TYPE type) {
  const auto at = std::ranges::find(kBits, type, &AttributeBitRow::type);
  return at == kBits.end() ? nullptr : &*at;
}

}  // namespace gw::emulator

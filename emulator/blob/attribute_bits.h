// Room: emulator/blob. The boolean attributes that live in the clear header of a blob, and their
// PKCS #11 numbers.
#pragma once

#include <cstdint>
#include <span>

#include "daemon/core/ck.h"

namespace gw::emulator {

// The low word of the header's attribute field; bit values are EP11's.
using AttributeBits = std::uint32_t;

inline constexpr AttributeBits kExtractable = 0x1;
inline constexpr AttributeBits kNeverExtractable = 0x2;
inline constexpr AttributeBits kModifiable = 0x4;
inline constexpr AttributeBits kNeverModifiable = 0x8;
inline constexpr AttributeBits kRestrictable = 0x10;
inline constexpr AttributeBits kLocal = 0x20;
inline constexpr AttributeBits kAttributeBound = 0x40;
inline constexpr AttributeBits kUseAsData = 0x80;
inline constexpr AttributeBits kSignRight = 0x100;
inline constexpr AttributeBits kSignRecover = 0x200;
inline constexpr AttributeBits kDecryptRight = 0x400;
inline constexpr AttributeBits kEncryptRight = 0x800;
inline constexpr AttributeBits kDeriveRight = 0x1000;
inline constexpr AttributeBits kUnwrapRight = 0x2000;
inline constexpr AttributeBits kWrapRight = 0x4000;
inline constexpr AttributeBits kVerifyRight = 0x8000;
inline constexpr AttributeBits kVerifyRecover = 0x10000;
inline constexpr AttributeBits kTrusted = 0x20000;
inline constexpr AttributeBits kWrapWithTrusted = 0x40000;
inline constexpr AttributeBits kProtkeyExtractable = 0x200000;
inline constexpr AttributeBits kProtkeyNeverExtractable = 0x400000;

// What keys of one type may be used for; other rights in a template contradict the type.
inline constexpr AttributeBits kAllRights = kSignRight | kVerifyRight | kEncryptRight |
                                            kDecryptRight | kWrapRight | kUnwrapRight |
                                            kDeriveRight;

// Who may change the attribute.
enum class BitAccess : std::uint8_t {
  kFree,       // in templates, and later by SetAttributeValue
  kTemplate,   // in templates only
  kClearOnly,  // in templates; later only to FALSE
  kSetOnly,    // in templates; later only to TRUE
  kHsmOnly,    // set by the HSM
};

struct AttributeBitRow {
  CK_ATTRIBUTE_TYPE type;
  AttributeBits bit;
  BitAccess access;
};

std::span<const AttributeBitRow> AttributeBitTable();
// Null if the attribute is not one of the booleans in the blob.
const AttributeBitRow* FindAttributeBit(CK_ATTRIBUTE_TYPE type);

}  // namespace gw::emulator

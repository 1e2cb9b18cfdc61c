// Room: localcrypto, private to it. Touches nothing. The little DER that public keys are made of.
#pragma once

#include <initializer_list>
#include <optional>

#include "daemon/core/bytes.h"

namespace gw::der {

inline constexpr Byte kInteger = 0x02;
inline constexpr Byte kBitString = 0x03;
inline constexpr Byte kOctetString = 0x04;
inline constexpr Byte kNull = 0x05;
inline constexpr Byte kOid = 0x06;
inline constexpr Byte kPrintableString = 0x13;
inline constexpr Byte kSequence = 0x30;

// Takes elements off the front of `left`, which borrows from the caller.
//
// Strict: definite lengths in their shortest form, up to four octets of them. Nothing is taken when
// the next element has another tag, is truncated or is not DER.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  // The content of the next element.
  std::optional<ByteView> Take(Byte tag);
  // The next element as it stands, tag and length included.
  std::optional<ByteView> TakeWhole(Byte tag);
  // The magnitude of the next INTEGER without leading zeros; negative numbers and needless zeros
  // are refused. Zero is empty.
  std::optional<ByteView> TakeUnsigned();
  // The content of the next BIT STRING that has whole octets.
  std::optional<ByteView> TakeBits();

  bool done() const { return left_.empty(); }

 private:
  ByteView left_;
};

// Tag and length of an element with so much content.
Bytes Header(Byte tag, std::size_t length);
Bytes Encode(Byte tag, ByteView content);
// INTEGER of a big-endian magnitude; leading zeros are dropped, one is added if it would look
// negative.
Bytes EncodeUnsigned(ByteView magnitude);
// BIT STRING of whole octets.
Bytes EncodeBits(ByteView octets);
Bytes Join(std::initializer_list<ByteView> parts);

ByteView WithoutLeadingZeros(ByteView magnitude);

}  // namespace gw::der

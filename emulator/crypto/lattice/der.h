// Room: emulator/crypto. Lattices: as much of DER as IBM's keys need. Threads: any.
#pragma once

#include <initializer_list>

#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::lattice {

inline constexpr Byte kDerInteger = 0x02;
inline constexpr Byte kDerBitString = 0x03;
inline constexpr Byte kDerOctetString = 0x04;
inline constexpr Byte kDerNull = 0x05;
inline constexpr Byte kDerOid = 0x06;
inline constexpr Byte kDerSequence = 0x30;
inline constexpr Byte kDerContext0 = 0xa0;  // [0], constructed

// One element whose content is the parts, at most 64 KiB.
WipedBytes DerElement(Byte tag, std::initializer_list<ByteView> parts);
// A BIT STRING without unused bits.
WipedBytes DerBits(ByteView content);

// Takes a row of elements apart. After the first thing that is not as it should be, ok() is false
// and all reads give empty views. Only DER passes: lengths in their shortest form.
class DerReader {
 public:
  explicit DerReader(ByteView in) : in_(in) {}

  // Content of the next element, which must have this tag.
  ByteView Take(Byte tag);
  // The next element with its header.
  ByteView TakeWhole(Byte tag);
  // The octets of the next element, which must be a BIT STRING without unused bits.
  ByteView TakeBits();
  // As many of them as this.
  ByteView TakeBits(std::size_t size);
  // The next element, which must be exactly this one.
  void Expect(ByteView element);

  bool empty() const { return in_.empty(); }
  bool ok() const { return ok_; }
  // Everything was as it should be, and there is no more.
  bool Finished() const { return ok_ && in_.empty(); }

 private:
  ByteView Raw(std::size_t size);
  std::size_t Length();

  ByteView in_;
  bool ok_ = true;
};

}  // namespace gw::emulator::lattice

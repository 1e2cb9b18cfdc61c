// Room: emulator/crypto. Source: X.690, 8.1.3 and 10.1 (lengths), 8.6 (BIT STRING).
#include "emulator/crypto/lattice/der.h"

#include "daemon/core/check.h"

namespace gw::emulator::lattice {

WipedBytes DerElement(Byte tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  GW_CHECK(size <= 0xffff);
  WipedBytes element;
  element.reserve(4 + size);
  element.push_back(tag);
  if (size > 0xff) element.push_back(0x82);
  if (size > 0xff) element.push_back(static_cast<Byte>(size >> 8));
  if (size > 0x7f && size <= 0xff) element.push_back(0x81);
  element.push_back(static_cast<Byte>(size));
  for (const ByteView part : parts) element.insert(element.end(), part.begin(), part.end());
  return element;
}

WipedBytes DerBits(ByteView content) {
  static constexpr Byte kUnusedBits[] = {0};
  return DerElement(kDerBitString, {kUnusedBits, content});
}

ByteView DerReader::Raw(std::size_t size) {
  if (!ok_ || size > in_.size()) {
    ok_ = false;
    return {};
  }
  const ByteView taken = in_.first(size);
  in_ = in_.subspan(size);
  return taken;
}

std::size_t DerReader::Length() {
  const ByteView first = Raw(1);
  if (first.empty()) return 0;
  if (first[0] < 0x80) return first[0];
  const std::size_t octets = first[0] & 0x7f;
  std::size_t length = 0;
  if (octets <= 2) {
    for (const Byte octet : Raw(octets)) length = length << 8 | octet;
  }
  // Also refused: the indefinite form, and what is longer than any key.
  const std::size_t shortest = length > 0xff ? 2 : 1;
  if (length <= 0x7f || octets != shortest) ok_ = false;
  return ok_ ? length : 0;
}

ByteView DerReader::Take(Byte tag) {
  const ByteView found = Raw(1);
  if (found.empty() || found[0] != tag) {
    ok_ = false;
    return {};
  }
  return Raw(Length());
}

ByteView DerReader::TakeWhole(Byte tag) {
  const ByteView before = in_;
  Take(tag);
  return ok_ ? before.first(before.size() - in_.size()) : ByteView();
}

ByteView DerReader::TakeBits() {
  const ByteView content = Take(kDerBitString);
  if (content.empty() || content[0] != 0) {
    ok_ = false;
    return {};
  }
  return content.subspan(1);
}

ByteView DerReader::TakeBits(std::size_t size) {
  const ByteView content = TakeBits();
  if (content.size() != size) ok_ = false;
  return ok_ ? content : ByteView();
}

void DerReader::Expect(ByteView element) {
  if (!Equal(Raw(element.size()), element)) ok_ = false;
}

}  // namespace gw::emulator::lattice

// Room: localcrypto.
#include "daemon/localcrypto/der.h"

#include <array>

namespace gw::der {
namespace {

struct Found {
  std::size_t header_bytes;
  std::size_t content_bytes;
};

// X.690 8.1.3 and 10.1: one octet up to 127, else a count of octets and the shortest number.
std::optional<Found> ReadHeader(ByteView bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const Byte first = bytes[1];
  if (first < 0x80) return Found{2, first};
  const std::size_t octets = first & 0x7fu;
  if (octets == 0 || octets > 4 || bytes.size() < 2 + octets) return std::nullopt;
  std::size_t length = 0;
  for (Byte byte : bytes.subspan(2, octets)) length = length << 8 | byte;
  if (bytes[2] == 0 || length < 0x80) return std::nullopt;
  return Found{2 + octets, length};
}

}  // namespace

Bytes Header(Byte tag, std::size_t length) {
  Bytes header{tag};
  if (length < 0x80) {
    header.push_back(static_cast<Byte>(length));
    return header;
  }
  std::array<Byte, 4> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[octets.size() - 1 - i] = static_cast<Byte>(length >> (8 * i));
  }
  const ByteView shortest = WithoutLeadingZeros(octets);
  header.push_back(static_cast<Byte>(0x80 | shortest.size()));
  Append(header, shortest);
  return header;
}

std::optional<ByteView> Reader::TakeWhole(Byte tag) {
  const auto header = ReadHeader(left_);
  if (!header || left_[0] != tag) return std::nullopt;
  if (header->content_bytes > left_.size() - header->header_bytes) return std::nullopt;
  const std::size_t size = header->header_bytes + header->content_bytes;
  const ByteView whole = left_.first(size);
  left_ = left_.subspan(size);
  return whole;
}

std::optional<ByteView> Reader::Take(Byte tag) {
  const auto whole = TakeWhole(tag);
  if (!whole) return std::nullopt;
  return whole->subspan(ReadHeader(*whole)->header_bytes);
}

std::optional<ByteView> Reader::TakeUnsigned() {
  const auto content = Take(kInteger);
  if (!content || content->empty() || (*content)[0] >= 0x80) return std::nullopt;
  if ((*content)[0] != 0) return content;
  const ByteView magnitude = content->subspan(1);
  if (!magnitude.empty() && magnitude[0] < 0x80) return std::nullopt;
  return magnitude;
}

std::optional<ByteView> Reader::TakeBits() {
  const auto content = Take(kBitString);
  if (!content || content->empty() || (*content)[0] != 0) return std::nullopt;
  return content->subspan(1);
}

Bytes Encode(Byte tag, ByteView content) {
  Bytes out = Header(tag, content.size());
  Append(out, content);
  return out;
}

Bytes EncodeUnsigned(ByteView magnitude) {
  const ByteView shortest = WithoutLeadingZeros(magnitude);
  Bytes content;
  if (shortest.empty() || shortest[0] >= 0x80) content.push_back(0);
  Append(content, shortest);
  return Encode(kInteger, content);
}

Bytes EncodeBits(ByteView octets) {
  Bytes content{0};
  Append(content, octets);
  return Encode(kBitString, content);
}

Bytes Join(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (ByteView part : parts) Append(out, part);
  return out;
}

ByteView WithoutLeadingZeros(ByteView magnitude) {
  const auto first = std::ranges::find_if(magnitude, [](Byte byte) { return byte != 0; });
  return magnitude.subspan(static_cast<std::size_t>(first - magnitude.begin()));
}

}  // namespace gw::der

// Room: localcrypto.
#include "daemon/localcrypto/secret_der.h"

#include <algorithm>

#include "daemon/localcrypto/der.h"

namespace gw::secret_der {

SecretBytes Element(Byte tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (ByteView part : parts) size += part.size();
  const Bytes header = der::Header(tag, size);
  SecretBytes out = SecretBytes::OfSize(header.size() + size);
  auto at = std::ranges::copy(header, out.mutable_view().begin()).out;
  for (ByteView part : parts) at = std::ranges::copy(part, at).out;
  return out;
}

SecretBytes Integer(ByteView magnitude) {
  static constexpr Byte kZero = 0;
  const ByteView shortest = der::WithoutLeadingZeros(magnitude);
  const bool looks_negative = shortest.empty() || shortest[0] >= 0x80;
  return Element(der::kInteger, {ByteView(&kZero, looks_negative ? 1 : 0), shortest});
}

}  // namespace gw::secret_der

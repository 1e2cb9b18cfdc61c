// Room: core.
#include "daemon/core/bytes.h"

#include <string.h>

#include "daemon/core/secret_heap.h"

namespace gw {

bool EqualConstantTime(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

void Wipe(std::span<Byte> bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

std::optional<ByteView> TakeCounted(ByteView& in) {
  constexpr std::size_t kLengthBytes = 4;
  if (in.size() < kLengthBytes) return std::nullopt;
  std::size_t length = 0;
  for (const Byte octet : in.first(kLengthBytes)) length = length << 8 | octet;
  if (length > in.size() - kLengthBytes) return std::nullopt;
  const ByteView octets = in.subspan(kLengthBytes, length);
  in = in.subspan(kLengthBytes + length);
  return octets;
}

std::string HexOf(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (Byte byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

SecretBytes SecretBytes::OfSize(std::size_t size) {
  SecretBytes secret;
  if (size == 0) return secret;
  secret.data_ = SecretHeap::Take(size);
  secret.size_ = size;
  return secret;
}

SecretBytes::SecretBytes(ByteView bytes) {
  *this = OfSize(bytes.size());
  std::ranges::copy(bytes, data_);
}

SecretBytes::~SecretBytes() { Release(); }

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void SecretBytes::Release() {
  if (data_ == nullptr) return;
  Wipe({data_, size_});
  SecretHeap::Give(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace gw

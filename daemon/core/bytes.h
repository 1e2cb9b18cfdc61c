// Room: core. Vocabulary for octets; touches nothing.
// ByteView is borrowed, Bytes is owned, SecretBytes is owned, wiped on destruction and never
// printed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw {

using Byte = std::uint8_t;
using ByteView = std::span<const Byte>;
using Bytes = std::vector<Byte>;

inline ByteView ViewOf(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
inline std::string_view TextOf(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes CopyOf(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes CopyOf(std::string_view text) { return CopyOf(ViewOf(text)); }
inline bool Equal(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

// Takes the same time for any two inputs of one length. For PINs, keys and tags.
bool EqualConstantTime(ByteView a, ByteView b);

// Overwrites `bytes` with zeros in a way the optimiser must keep.
void Wipe(std::span<Byte> bytes);

// Lower-case hex without separators.
std::string HexOf(ByteView bytes);

// Big-endian integer helpers of the HSM's formats.
inline void AppendU32Be(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(value >> shift));
}
inline void Append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

// Octets behind their length, four octets big-endian.
inline void AppendCounted(Bytes& out, ByteView octets) {
  AppendU32Be(out, static_cast<std::uint32_t>(octets.size()));
  Append(out, octets);
}
// Takes such octets off the front; nullopt: it ends too early.
std::optional<ByteView> TakeCounted(ByteView& in);

// Secret octets: pages are locked when the limit allows it, the content is wiped when the object
// dies. Not copyable by accident: Clone() says that a second copy is wanted. Thread: as any value
// type.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(ByteView bytes);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  SecretBytes Clone() const { return SecretBytes(view()); }
  ByteView view() const { return {data_, size_}; }
  std::span<Byte> mutable_view() { return {data_, size_}; }
  std::string_view text() const { return TextOf(view()); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // `size` zero octets, to be filled by the caller.
  static SecretBytes OfSize(std::size_t size);

 private:
  void Release();

  Byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace gw

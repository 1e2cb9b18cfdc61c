// Room: proto/wire. Reads and writes the frames of WIRE.md. Used by the shim and the daemon, so:
// libc headers only, no allocation, no exception; every read is bounds checked. A Reader or Writer
// that failed once stays failed and yields zeros, so callers decode a whole body and ask ok() at
// the end.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace gw::wire {

inline constexpr uint32_t kAttachMagic = 0x41313147;  // "G11A" in little-endian order
inline constexpr uint16_t kVersionMin = 1;
inline constexpr uint16_t kVersionMax = 1;

inline constexpr size_t kHeaderBytes = 24;
inline constexpr uint32_t kMaxBodyBytes = 64u << 20;
inline constexpr uint32_t kMaxAttributes = 4096;
inline constexpr uint32_t kMaxNesting = 4;
inline constexpr size_t kApplicationIdBytes = 16;
inline constexpr uint32_t kMaxRecords = 1u << 20;
inline constexpr uint32_t kMaxProfileBytes = 4095;  // as long as a path can be

// A capacity of kNullBuffer says that the application passed a NULL buffer: it asks for the length.
inline constexpr uint64_t kNullBuffer = ~uint64_t{0};

// Header flags of a request.
inline constexpr uint16_t kFlagRepeat =
    1;  // sent before with this request number; the answer may exist already
inline constexpr uint16_t kFlagInitAhead =
    4;  // before the body: bytes init, bytes fed, from which the operation begins
// What they may add to a body, in all; the limits of bodies do not count it.
inline constexpr uint32_t kMaxAheadBytes = (64u << 10) + 8;
// Header flags of a reply.
inline constexpr uint16_t kFlagRecords =
    2;  // record updates follow the results, and last their length (u32)

// Feature bits of Attach; the daemon grants a subset of what the shim offers.
inline constexpr uint32_t kFeatureEpochPage =
    2;  // the reply to Attach carries a memory page by SCM_RIGHTS

// As whom a connection attaches.
enum class Manner : uint8_t { kBegin = 0, kJoin = 1, kRestore = 2, kClone = 3 };

// The record that says whose an application's records are.
inline constexpr uint32_t kApplicationRecord = 1;

// Handles that one reply to C_FindObjectsInit carries.
inline constexpr uint32_t kMaxFoundAtOnce = 512;

struct Header {
  uint32_t body_bytes = 0;
  uint16_t function = 0;
  uint16_t flags = 0;
  uint64_t request = 0;  // chosen by the shim, unique within the application; the reply repeats it
  uint64_t session_or_result = 0;  // request: session handle; reply: CK_RV
};

// How the parameter of a mechanism travels. Structures with pointers are flattened by the shim.
enum class ParameterForm : uint8_t {
  kNone = 0,   // no parameter: NULL or zero length
  kBytes = 1,  // as given: IVs, public values, anything without pointers
  kOaep = 2,   // hash, mgf, source type (u64 each), source data (bytes)
  kPss = 3,    // hash, mgf, salt length (u64 each)
  kEcdh1 = 4,  // kdf (u64), shared data (bytes), public data (bytes)

  // Curves and lattices.
  kEcsg = 16,   // sub-mechanism (u64)
  kEddsa = 17,  // hash first (u8), context (bytes)
  kBtc = 18,    // type, child index (u64 each), chain code (bytes), version (u64)
  kKyber = 19,  // version, mode, kdf (u64 each), prepend (u8), ciphertext (bytes), room for a
                // ciphertext (u64), shared data (bytes), secret key (u64), key blob (bytes)
};

// How the value of an attribute travels.
enum class ValueForm : uint8_t {
  kBytes = 0,   // the caller's bytes, numbers in native order
  kNested = 1,  // an attribute list (CKA_WRAP_TEMPLATE and its like)
};

// What C_GetAttributeValue answers for one attribute.
enum class ValueState : uint8_t {
  kLength = 0,       // u64 length, no value: a length query
  kValue = 1,        // bytes
  kUnavailable = 2,  // sensitive, unknown or too small: ulValueLen = CK_UNAVAILABLE_INFORMATION
  kTooSmall = 3,     // as kUnavailable, for the older rule that reports it apart
  kTemplate = 4,     // attributes: the entries of a template
};

struct Octets {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

namespace internal {
template <typename T>
T LoadLe(const uint8_t* from) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(from[i]) << (8 * i)));
  return value;
}
template <typename T>
void StoreLe(uint8_t* to, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<uint8_t>(value >> (8 * i));
}
}  // namespace internal

class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : at_(data), left_(size) {}

  uint8_t U8() { return Number<uint8_t>(); }
  uint16_t U16() { return Number<uint16_t>(); }
  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }

  // u32 length, then as many bytes. Points into the frame.
  Octets Bytes() {
    const uint32_t size = U32();
    return {Take(size), ok_ ? size : 0};
  }

  // A count that must be plausible: at most `limit`, and at least `bytes_each` bytes left for each
  // element.
  uint32_t Count(uint32_t limit, size_t bytes_each) {
    const uint32_t count = U32();
    if (count > limit || static_cast<uint64_t>(count) * bytes_each > left_) Fail();
    return ok_ ? count : 0;
  }

  void Fail() {
    ok_ = false;
    left_ = 0;
  }
  bool ok() const { return ok_; }
  size_t left() const { return left_; }
  // True when everything was read and nothing is left over. The usual last question about a body.
  bool AtEnd() const { return ok_ && left_ == 0; }

 private:
  const uint8_t* Take(size_t size) {
    if (size > left_) Fail();
    if (!ok_) return nullptr;
    const uint8_t* here = at_;
    at_ += size;
    left_ -= size;
    return here;
  }
  template <typename T>
  T Number() {
    const uint8_t* here = Take(sizeof(T));
    return here == nullptr ? T{0} : internal::LoadLe<T>(here);
  }

  const uint8_t* at_;
  size_t left_;
  bool ok_ = true;
};

// Buffer is any type with `uint8_t* Extend(size_t bytes)`: room for that many more bytes at the
// end, or nullptr.
template <typename Buffer>
class Writer {
 public:
  explicit Writer(Buffer& buffer) : buffer_(buffer) {}

  void U8(uint8_t value) { Number(value); }
  void U16(uint16_t value) { Number(value); }
  void U32(uint32_t value) { Number(value); }
  void U64(uint64_t value) { Number(value); }
  void Bytes(const void* data, size_t size) {
    if (size > kMaxBodyBytes) {
      ok_ = false;
      return;
    }
    U32(static_cast<uint32_t>(size));
    if (size == 0) return;
    if (uint8_t* to = Room(size)) memcpy(to, data, size);
  }
  void Bytes(Octets octets) { Bytes(octets.data, octets.size); }

  bool ok() const { return ok_; }

 private:
  uint8_t* Room(size_t size) {
    uint8_t* to = ok_ ? buffer_.Extend(size) : nullptr;
    if (to == nullptr) ok_ = false;
    return to;
  }
  template <typename T>
  void Number(T value) {
    if (uint8_t* to = Room(sizeof(T))) internal::StoreLe(to, value);
  }

  Buffer& buffer_;
  bool ok_ = true;
};

inline void EncodeHeader(const Header& header, uint8_t (&to)[kHeaderBytes]) {
  internal::StoreLe(to, header.body_bytes);
  internal::StoreLe(to + 4, header.function);
  internal::StoreLe(to + 6, header.flags);
  internal::StoreLe(to + 8, header.request);
  internal::StoreLe(to + 16, header.session_or_result);
}

inline Header DecodeHeader(const uint8_t (&from)[kHeaderBytes]) {
  Header header;
  header.body_bytes = internal::LoadLe<uint32_t>(from);
  header.function = internal::LoadLe<uint16_t>(from + 4);
  header.flags = internal::LoadLe<uint16_t>(from + 6);
  header.request = internal::LoadLe<uint64_t>(from + 8);
  header.session_or_result = internal::LoadLe<uint64_t>(from + 16);
  return header;
}

}  // namespace gw::wire

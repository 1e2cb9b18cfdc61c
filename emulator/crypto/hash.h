// Room: emulator/crypto. Digests: one row per hash, one-shot hashing, and a digest that can be
// stopped, stored and continued. Threads: any; a HashState belongs to one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/sha3/sha3.h"

namespace gw::emulator {

enum class HashId : std::uint8_t {
  kNone,
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512,
  kSha512_224,
  kSha512_256,
  kSha3_224,
  kSha3_256,
  kSha3_384,
  kSha3_512,
};

// Everything that belongs to one hash, in every numbering that PKCS #11 has for it; 0 where it has
// none.
struct HashRow {
  HashId id;
  const char* openssl_name;
  std::size_t digest_bytes;
  std::size_t block_bytes;
  CK_MECHANISM_TYPE mechanism;
  std::uint64_t mgf;  // CKG_MGF1_*
  std::uint64_t kdf;  // CKD_*_KDF of ECDH1
};

std::span<const HashRow> HashTable();
const HashRow& RowOf(HashId id);
// kNone if the number is not that of a hash we know.
HashId HashOfMechanism(CK_MECHANISM_TYPE mechanism);
HashId HashOfMgf(std::uint64_t mgf);
HashId HashOfKdf(std::uint64_t kdf);

Bytes HashOnce(HashId id, ByteView data);

inline constexpr std::size_t kMaxHashBlockBytes = 144;  // of SHA3-224

// SHA-1 and SHA-2 in progress: chaining words, bit counter and the unfinished block, as OpenSSL's
// contexts of every size have them.
struct Sha2Words {
  std::array<std::uint64_t, 8> chain{};
  std::uint64_t bits_low = 0;
  std::uint64_t bits_high = 0;
  std::size_t pending = 0;
  std::array<Byte, 128> block{};
};

// A digest in progress. EVP contexts cannot be taken apart, and an EP11 state must travel to any
// other instance, so SHA-1 and SHA-2 sit on the block functions below EVP, whose contexts are plain
// words, and SHA-3 on a sponge of its own.
class HashState {
 public:
  // Octets of Export(), the same for every hash and at every point.
  static constexpr std::size_t kExportBytes = 8 * 8 + 2 * 8 + 1 + 128;

  explicit HashState(HashId id);

  void Update(ByteView data);
  // The digest of what was appended; the state itself stays as it is and may go on.
  Bytes Finish() const;

  Bytes Export() const;
  //   errors  CKR_ENCRYPTED_DATA_INVALID  not something that Export() wrote
  static Result<HashState> Import(HashId id, ByteView exported);

  HashId id() const { return id_; }

 private:
  template <typename Family>
  void UpdateAs(ByteView data);
  template <typename Family>
  Bytes FinishAs() const;

  Sha2Words& words() { return std::get<Sha2Words>(progress_); }
  const Sha2Words& words() const { return std::get<Sha2Words>(progress_); }
  Bytes ExportWords() const;
  Status ImportWords(ByteView exported);

  HashId id_;
  std::variant<Sha2Words, Sha3State> progress_;
};

// HMAC in the two halves that a stored state needs: the inner hash travels, the key comes from its
// blob each time.
HashState HmacStart(HashId id, ByteView key);
Bytes HmacFinish(const HashState& inner, ByteView key);
Bytes HmacOnce(HashId id, ByteView key, ByteView data);

}  // namespace gw::emulator

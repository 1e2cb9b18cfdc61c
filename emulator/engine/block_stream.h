// Room: emulator/engine. A block cipher fed in parts: ECB, CBC and CBC with PKCS #7 padding.
#pragma once

#include "daemon/core/result.h"
#include "emulator/crypto/des.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {

struct BlockCipher {
  std::size_t block_bytes;
  // Whole blocks.
  Bytes (*run)(BlockMode mode, Direction direction, ByteView key, ByteView iv, ByteView data);
};
inline constexpr BlockCipher kAesCipher{kAesBlockBytes, AesBlocks};
inline constexpr BlockCipher kDes3Cipher{kDesBlockBytes, Des3Blocks};

// Holds back what is not a whole block, and when removing padding also the last block, since it may
// be the padding. Thread: one at a time.
class BlockStream {
 public:
  //   iv  as long as a block, or empty
  BlockStream(const BlockCipher& cipher, BlockMode mode, bool padded, Direction direction,
              ByteView iv);

  Bytes Update(ByteView key, ByteView data);
  //   errors  CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_LEN_RANGE  not a multiple of the block
  //           CKR_ENCRYPTED_DATA_INVALID                        padding is wrong
  Result<Bytes> Final(ByteView key);

  // Chaining value and pending octets; of one length for a cipher.
  Bytes Export() const;
  Status Import(ByteView exported);

 private:
  Bytes Run(ByteView key, ByteView blocks);
  Result<Bytes> FinalPadded(ByteView key);
  std::size_t block() const { return cipher_.block_bytes; }

  const BlockCipher cipher_;
  const BlockMode mode_;
  const bool padded_;
  const Direction direction_;
  Bytes chain_;  // a block; zeros and unused in ECB
  Bytes pending_;
};

}  // namespace gw::emulator

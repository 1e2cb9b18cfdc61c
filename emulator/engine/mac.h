// Room: emulator/engine. MACs of both kinds, with hashes (RFC 2104) and with block ciphers (CMAC,
// NIST SP 800-38B), at once or in parts. Thread: one at a time.
#pragma once

#include <variant>

#include "daemon/core/result.h"
#include "emulator/blob/key_cache.h"
#include "emulator/crypto/hash.h"
#include "emulator/engine/block_stream.h"
#include "emulator/mechanism_table.h"

namespace gw::emulator {

bool IsMac(const MechanismRow& row);

// CBC that gives its last block alone. What is pending is never empty but before the first octet:
// the last block is treated unlike the others.
class Cmac {
 public:
  explicit Cmac(const BlockCipher& cipher) : cipher_(cipher), chain_(cipher.block_bytes) {}

  void Update(ByteView key, ByteView data);
  Bytes Finish(ByteView key) const;

  // Chaining value and pending octets; of one length for a cipher.
  Bytes Export() const;
  //   errors  CKR_ENCRYPTED_DATA_INVALID  not something that Export() wrote
  Status Import(ByteView exported);

 private:
  std::size_t block() const { return cipher_.block_bytes; }

  BlockCipher cipher_;
  Bytes chain_;
  Bytes pending_;
};

class Mac {
 public:
  //   row  one for which IsMac() is true;  key  fits the row
  Mac(const MechanismRow& row, KeyPtr key);
  //   errors  CKR_ENCRYPTED_DATA_INVALID  not something that Export() wrote
  static Result<Mac> Resume(const MechanismRow& row, KeyPtr key, ByteView exported);

  void Update(ByteView data);
  // The MAC of what was appended; may go on.
  Bytes Finish() const;
  Bytes Export() const;

 private:
  ByteView value() const { return key_->value.view(); }

  KeyPtr key_;
  std::variant<HashState, Cmac> progress_;
};

}  // namespace gw::emulator

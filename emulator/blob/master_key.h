// Room: emulator/blob. The wrapping key that makes an emulator "the same crypto unit" as another
// one. May touch: its file.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw::emulator {

inline constexpr std::size_t kMasterKeyBytes = 32;
inline constexpr std::size_t kWkidBytes = 16;

using Wkid = std::array<Byte, kWkidBytes>;

// Immutable. Every use has a key of its own, derived by HKDF, so that a blob can never be taken for
// a state or a token.
class MasterKey {
 public:
  explicit MasterKey(ByteView secret);

  // The file holds 64 hex digits. Made with mode 0600 and fresh random content if it does not
  // exist.
  //   errors  CKR_ARGUMENTS_BAD with a text for the operator
  static Result<MasterKey> LoadOrCreate(const std::string& path);
  static MasterKey Random();
  // Nothing if the text is not 64 hex digits, with or without a line end.
  static std::optional<MasterKey> FromText(std::string_view text);

  // Puts this key into the file, whole or not at all.
  //   errors  as LoadOrCreate()
  Status Save(const std::string& path) const;

  // First half of the verification pattern; names the key in blobs and states.
  const Wkid& wkid() const { return wkid_; }
  ByteView blob_key() const { return blob_key_; }
  ByteView state_key() const { return state_key_; }
  ByteView spki_mac_key() const { return spki_mac_key_; }
  ByteView token_key() const { return token_key_; }
  ByteView pin_mac_key() const { return pin_mac_key_; }

 private:
  Bytes secret_;
  Wkid wkid_;
  Bytes blob_key_;
  Bytes state_key_;
  Bytes spki_mac_key_;
  Bytes token_key_;
  Bytes pin_mac_key_;
};

}  // namespace gw::emulator

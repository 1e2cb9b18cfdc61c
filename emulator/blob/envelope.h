// Room: emulator/blob. The sealed form that key blobs and operation states share.
//   0..31 login session (zero: unbound)  32..47 WKID  48..55 attributes  56..63 compliance
//   mode  64..65 marker 66..79 nonce (12) and two zero octets  80.. AES-256-GCM ciphertext, then
//   the tag; everything before 66 is authenticated
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/blob/master_key.h"
#include "emulator/blob/session.h"

namespace gw::emulator {

// Compliance mode of every blob, as in published ones.
inline constexpr std::uint64_t kFips2009Mode = 1;
inline constexpr std::size_t kEnvelopeHeaderBytes = 66;
inline constexpr std::size_t kEnvelopeOverheadBytes = 80 + 16;
// Key blobs carry this marker as on the card; states another, so that neither opens as the other.
inline constexpr std::uint16_t kBlobMarker = 0x1234;
inline constexpr std::uint16_t kStateMarker = 0x1235;

struct Envelope {
  std::uint64_t attributes = 0;
  std::uint16_t marker = 0;
  Bytes content;
  SessionId session{};
};

Bytes SealEnvelope(const MasterKey& master, const Envelope& envelope);
//   errors  CKR_IBM_WKID_MISMATCH       sealed under another master key
//           CKR_ENCRYPTED_DATA_INVALID  malformed, of another kind, or modified
Result<Envelope> OpenEnvelope(const MasterKey& master, std::uint16_t marker, ByteView sealed);

}  // namespace gw::emulator

// Room: emulator/blob. Keys to blobs and back: encrypted blobs for secret and private keys, MACed
// SPKIs for public ones.
#pragma once

#include <memory>
#include <optional>

#include "daemon/core/result.h"
#include "emulator/blob/key.h"
#include "emulator/blob/master_key.h"

namespace gw::emulator {

// The blob of any key; a public key becomes a MACed SPKI.
Bytes SealKey(const MasterKey& master, const Key& key);

// Opens whatever SealKey made, or a bare SPKI (then key.maced is false).
//   errors  CKR_KEY_HANDLE_INVALID      empty
//           CKR_IBM_WKID_MISMATCH       made under another master key
//           CKR_ENCRYPTED_DATA_INVALID  malformed or modified
//           CKR_PUBLIC_KEY_INVALID, CKR_CURVE_NOT_SUPPORTED  a bare SPKI that does not parse
Result<Key> OpenKey(const MasterKey& master, ByteView blob);

// Octets of the DER SEQUENCE at the start of `bytes`, header included; nothing if there is no whole
// one.
std::optional<std::size_t> DerSequenceSize(ByteView bytes);

// 3 octets of check value and the bit count; of a secret key.
Bytes CheckSumOf(const Key& key);
Bytes CheckValueOf(const Key& key);

}  // namespace gw::emulator

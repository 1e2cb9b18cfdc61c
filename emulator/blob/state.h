// Room: emulator/blob. Operation states: everything an operation knows between two requests, sealed
// and given to the caller. Nothing is remembered here, so any state may be presented again, in any
// order, to any instance with the master key.
#pragma once

#include "daemon/core/result.h"
#include "emulator/blob/master_key.h"
#include "emulator/blob/session.h"
#include "emulator/mechanism.h"

namespace gw::emulator {

enum class Operation : Byte { kDigest = 1, kEncrypt, kDecrypt, kSign, kVerify };

struct OperationState {
  Operation operation = Operation::kDigest;
  Mechanism mechanism;
  Bytes key_blob;           // empty for digests
  std::uint64_t taken = 0;  // octets that Updates have taken so far
  // What the algorithm needs to go on; of constant length for one mechanism, so that a state keeps
  // its length for life.
  Bytes progress;
  // Of a secret or private key; states of public keys and digests belong to no session.
  SessionId session{};
};

Bytes SealState(const MasterKey& master, const OperationState& state);
//   errors  CKR_IBM_WKID_MISMATCH, CKR_ENCRYPTED_DATA_INVALID
//           CKR_OPERATION_NOT_INITIALIZED  empty
Result<OperationState> OpenState(const MasterKey& master, ByteView sealed);

}  // namespace gw::emulator

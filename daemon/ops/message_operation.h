// Room: ops. What C_Sign* and C_Verify* share: a message that comes at once or in parts, and
// reaches the HSM in the fewest requests: hashed here where the mechanism hashes, else gathered and
// sent at the end, else in parts.
#pragma once

#include <memory>
#include <optional>

#include "daemon/localcrypto/digest.h"
#include "daemon/localcrypto/public_key.h"
#include "daemon/ops/key_use.h"
#include "daemon/ops/output.h"

namespace gw::ops {

class MessageOperation final : public ActiveOperation {
 public:
  MessageOperation(const Services& services, KeyOperation operation, const MechanismRow& row,
                   Mechanism mechanism, ObjectPtr key);

  bool UsesPrivateObject() const override { return key_->is_private; }

  const MechanismRow& row() const { return row_; }
  const Object& key() const { return *key_; }
  bool updated() const { return updated_; }
  // 0: only the HSM knows.
  std::size_t signature_bytes() const { return signature_bytes_; }

  // Takes a part of the message.
  //   errors  CKR_DATA_LEN_RANGE  more than gateway.limits.gathered_bytes for a mechanism that the
  //   HSM takes in one part
  //           those of HsmClient::Init and Update
  Awaitable<Status> Add(const CallScope& scope, ByteView part);

  // One request for the whole message: what to ask the HSM.
  struct Request {
    Mechanism mechanism;
    Bytes data;
  };
  // For a message that came in one piece.
  Request ForWhole(ByteView message) const;
  // For the parts that were added; nullopt: they are at the HSM already, see state().
  std::optional<Request> ForParts();
  // What C_Sign and its kin can answer without the HSM: the length of the signature, or one that
  // did not fit before. `data` is empty after parts.
  std::optional<Output> Ready(ByteView data, Capacity capacity);
  // A signature that was made and whose length only the HSM knew is kept until there is room.
  void Fit(ByteView data, Result<Output>& made, Capacity capacity);
  // Sends what is still here and yields the HSM's state; only when ForParts() is nullopt.
  Awaitable<Result<OperationState>> RemoteState(const CallScope& scope);

  // The public half, parsed when the operation verifies here; else nullptr.
  std::shared_ptr<const PublicKey> public_key;

 private:
  Awaitable<Status> Flush(const CallScope& scope);

  const KeyOperation operation_;
  const MechanismRow& row_;
  const Mechanism mechanism_;
  const ObjectPtr key_;
  const std::size_t signature_bytes_;
  const std::size_t gather_limit_;
  const bool hashes_here_;
  bool updated_ = false;
  HeldOutput held_;                      // a signature of unknown length
  std::optional<Digest> digest_;         // hashing here
  Bytes gathered_;                       // else: parts not sent yet
  std::optional<OperationState> state_;  // else: the HSM has begun
};

}  // namespace gw::ops

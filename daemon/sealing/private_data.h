// Room: sealing. May include: core, localcrypto, keystore/keystore.h. Values of private data
// objects at rest: sealed on their way into a keystore, opened on their way out (behaviour R261).
// Keys need none of it, their values are the HSM's blobs.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "daemon/keystore/keystore.h"
#include "daemon/localcrypto/sealer.h"

namespace gw {

// What the key of such values is derived for (DerivedSecret()).
inline constexpr std::string_view kPrivateDataPurpose = "values of private data objects 1";

// Stands in front of an engine. Thread: as Keystore.
class PrivateDataKeystore final : public Keystore {
 public:
  // `key` has Sealer::kKeyBytes octets.
  PrivateDataKeystore(std::unique_ptr<Keystore> engine, SecretBytes key);

  // An object whose value does not open is refused, as one with a wrong tag is.
  Result<KeystoreContents> Load() override;
  Awaitable<Result<std::vector<std::uint64_t>>> Commit(Mutation mutation) override;
  const FirstAnswer* AnswerTo(const RequestId& request) const override {
    return engine_->AnswerTo(request);
  }
  KeystoreAccess AccessTo(const std::string& keystore) const override {
    return engine_->AccessTo(keystore);
  }
  void Stop() override { engine_->Stop(); }

  // Numbers of the records whose value Load has found in the clear: of versions before this one.
  // Whoever commits them again has them sealed.
  const std::vector<std::uint64_t>& in_the_clear() const { return in_the_clear_; }

 private:
  void Seal(Record& record) const;
  // False: it does not open.
  bool Open(Record& record);

  const std::unique_ptr<Keystore> engine_;
  const Sealer sealer_;
  std::vector<std::uint64_t> in_the_clear_;
};

}  // namespace gw

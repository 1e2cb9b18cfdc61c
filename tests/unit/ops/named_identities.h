// Room: tests. IAM as far as these tests need it: an API key is the name of who comes, and some
// names are trouble.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "daemon/upstream/hsm_client.h"

namespace gw {

class NamedIdentity final : public Identity {
 public:
  explicit NamedIdentity(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  ByteView api_key() const override { return ViewOf(name_); }

 private:
  const std::string name_;
};

class NamedIdentities final : public IdentityProvider {
 public:
  Awaitable<Result<IdentityPtr>> Authenticate(SecretBytes api_key, Deadline) override {
    const std::string name(TextOf(api_key.view()));
    if (name == "unknown") co_return CallerError(CKR_PIN_INCORRECT, "IAM does not know it");
    if (name == "locked") co_return CallerError(CKR_PIN_LOCKED, "IAM has locked it");
    if (name == "away") co_return UpstreamError(CKR_DEVICE_ERROR, "IAM is away");
    co_return std::make_shared<NamedIdentity>(name);
  }
};

}  // namespace gw

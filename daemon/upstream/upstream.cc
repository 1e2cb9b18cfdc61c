// Room: upstream.
#include "daemon/upstream/upstream.h"

#include <random>
#include <utility>

#include "daemon/runtime/silo.h"
#include "daemon/upstream/grep11_client.h"
#include "daemon/upstream/iam_client.h"
#include "daemon/upstream/token_cache.h"

namespace gw {
namespace {

class NoIdentities final : public IdentityProvider {
 public:
  Awaitable<Result<IdentityPtr>> Authenticate(SecretBytes /*api_key*/,
                                              Deadline /*deadline*/) override {
    co_return InternalError("IAM is switched off: PINs are checked by the token");
  }
};

// The first use of a key: the HSM must accept the token for something harmless that every role may
// do. The list itself is not needed.
Awaitable<Status> AskHsm(HsmClient& client, IdentityPtr identity, Deadline deadline) {
  HsmCall call;
  call.identity = std::move(identity);
  call.deadline = deadline;
  GW_CO_TRY_VOID(co_await client.GetMechanismList(call));
  co_return Ok();
}

class RealUpstream final : public Upstream {
 public:
  explicit RealUpstream(std::unique_ptr<Grep11Client> client) : client_(std::move(client)) {}

  void AddIam(std::unique_ptr<IamClient> iam, const TimesConfig& times, Silo& silo,
              const Clock& clock) {
    iam_ = std::move(iam);
    TokenCache::Times bounds;
    bounds.fetch = times.iam;
    bounds.verify = times.call;
    cache_ = std::make_unique<TokenCache>(
        silo.loop().get_executor(), clock, bounds,
        [iam_client = iam_.get()](SecretBytes key, Deadline deadline) {
          return iam_client->Fetch(std::move(key), deadline);
        },
        [hsm = client_.get()](IdentityPtr identity, Deadline deadline) {
          return AskHsm(*hsm, std::move(identity), deadline);
        },
        std::random_device{}());
  }

  HsmClient& client() override { return *client_; }
  IdentityProvider& identities() override {
    if (cache_ != nullptr) return *cache_;
    return no_identities_;
  }
  void SetWeight(std::uint64_t application, unsigned weight) override {
    client_->admission().SetWeight(application, weight);
  }
  void Connect() override { client_->Connect(); }
  void Shutdown() override {
    if (cache_ != nullptr) cache_->Close();
    client_->Close();
  }

 private:
  std::unique_ptr<Grep11Client> client_;
  std::unique_ptr<IamClient> iam_;  // null without IAM, as the cache
  std::unique_ptr<TokenCache> cache_;
  NoIdentities no_identities_;
};

}  // namespace

Result<std::unique_ptr<Upstream>> MakeUpstream(const TokenConfig& token, const TimesConfig& times,
                                               Silo& silo, const Clock& clock) {
  GW_TRY(client, Grep11Client::Make(token, times, silo, clock));
  auto upstream = std::make_unique<RealUpstream>(std::move(client));
  if (token.iam.enabled) {
    GW_TRY(iam, IamClient::Make(silo.loop().get_executor(), clock, token.iam));
    upstream->AddIam(std::move(iam), times, silo, clock);
  }
  return std::unique_ptr<Upstream>(std::move(upstream));
}

}  // namespace gw

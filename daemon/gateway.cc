// No room: puts the rooms together.
#include "daemon/gateway.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "daemon/core/log.h"
#include "daemon/keystore/sqlite_keystore.h"
#include "daemon/localcrypto/hmac.h"
#include "daemon/localcrypto/keystore_secret.h"
#include "daemon/localcrypto/random.h"
#include "daemon/runtime/notify.h"
#include "daemon/sealing/private_data.h"
#include "daemon/sealing/seal_key.h"
#include "daemon/sealing/sealed_keystore.h"

namespace gw {
namespace {

// Attached applications are bounded by their connections: each has at least one.
std::unique_ptr<ApplicationTable> MakeApplications(TokenTable& tokens, const Config& config) {
  return std::make_unique<ApplicationTable>(tokens, config.gateway.limits.connections);
}

Awaitable<void> CommitInto(Keystore& keystore, Mutation mutation,
                           std::optional<Result<std::vector<std::uint64_t>>>& result) {
  result.emplace(co_await keystore.Commit(std::move(mutation)));
}

// Values that a version before this one stored in the clear are stored again, sealed. Before
// anybody else sees the objects, on a loop of its own: that of the silo does not run yet.
Status SealWhatIsClear(PrivateDataKeystore& keystore, KeystoreContents& contents) {
  if (keystore.in_the_clear().empty()) return Ok();
  const std::set<std::uint64_t> clear(keystore.in_the_clear().begin(),
                                      keystore.in_the_clear().end());
  Mutation mutation;
  for (Record& record : contents.records) {
    if (!clear.contains(record.number)) continue;
    ++record.version;
    mutation.puts.push_back(record);
  }
  boost::asio::io_context loop;
  std::optional<Result<std::vector<std::uint64_t>>> result;
  boost::asio::co_spawn(loop, CommitInto(keystore, std::move(mutation), result),
                        boost::asio::detached);
  loop.run();
  GW_TRY_VOID(*std::move(result));
  log::Info("keystore: the values of {} private data objects are encrypted now", clear.size());
  return Ok();
}

}  // namespace

Gateway::Gateway(ConfigPtr config)
    : applications_(MakeApplications(tokens_, *config)),
      services_{tokens_, *applications_, blocking_, std::move(config)},
      gate_(silo_.loop().get_executor()) {}

Gateway::~Gateway() = default;

Status Gateway::Start() {
  GW_TRY_VOID(OpenKeystore());
  GW_TRY_VOID(OpenRecords());
  dispatcher_ = std::make_unique<Dispatcher>(services_, *records_, silo_.loop().get_executor());
  listener_ = std::make_unique<Listener>(silo_.loop(), services_, *dispatcher_, gate_);
  GW_TRY_VOID(listener_->Open(services_.gateway().socket));
  const std::string& metrics_listen = services_.gateway().metrics_listen;
  if (!metrics_listen.empty()) {
    admin_ = std::make_unique<AdminServer>(silo_.loop(), metrics_listen,
                                           [this] { return HealthJson(); });
    GW_TRY_VOID(admin_->Start());
  }
  tokens_.epoch().Offer(services_.gateway().local.remember_init);
  for (const auto& rotation : rotations_) rotation->Resume();
  silo_.Start();
  return Ok();
}

Status Gateway::OpenRecords() {
  GW_TRY(key, LoadOrMakeSealKey(SealKeyPath(services_.gateway()), BootId()));
  records_ = std::make_unique<RecordKeeper>(std::move(key), tokens_, *applications_);
  return Ok();
}

Status Gateway::OpenKeystore() {
  SqliteOptions options;
  options.directory = services_.gateway().state_directory;
  options.crypto = KeystoreCrypto{&RandomBytes, &HmacSha256};
  GW_TRY(engine, OpenSqliteKeystore(options));
  GW_TRY(data_key, DerivedSecret(options, kPrivateDataPurpose));
  auto data = std::make_unique<PrivateDataKeystore>(std::move(engine), std::move(data_key));
  PrivateDataKeystore& private_data = *data;
  std::vector<KeystorePassword> passwords;
  for (const TokenConfig& token : services_.config->tokens) {
    if (token.keystore_password == nullptr) continue;
    passwords.push_back({token.private_keystore, token.keystore_password});
    passwords.push_back({token.public_keystore, token.keystore_password});
  }
  keystore_ = MakeSealedKeystore(std::move(data), std::move(passwords));
  GW_TRY(contents, keystore_->Load());
  GW_TRY_VOID(SealWhatIsClear(private_data, contents));
  for (const std::string& refused : contents.refused) log::Error("keystore: {}", refused);
  log::Info("keystore: {} objects loaded, {} refused", contents.records.size(),
            contents.refused.size());
  return OpenTokens(contents);
}

Status Gateway::OpenTokens(KeystoreContents& contents) {
  for (const TokenConfig& token_config : services_.config->tokens) {
    GW_TRY(upstream, MakeUpstream(token_config, services_.gateway().times, silo_));
    IdentityProvider* identities = token_config.iam.enabled ? &upstream->identities() : nullptr;
    auto token = std::make_unique<Token>(token_config, upstream->client(), identities, *keystore_);
    token->Adopt(contents);
    token->MakeLogins(&LoginPinFor);
    upstream->Connect();
    rotations_.push_back(
        std::make_shared<Rotation>(*token, *applications_, silo_.loop().get_executor()));
    tokens_.Add(std::move(token));
    upstreams_.push_back(std::move(upstream));
  }
  return Ok();
}

void Gateway::Reload(ConfigPtr config) {
  const GatewayConfig& before = services_.gateway();
  const GatewayConfig& after = config->gateway;
  if (before.socket != after.socket || before.state_directory != after.state_directory ||
      before.metrics_listen != after.metrics_listen || SealKeyPath(before) != SealKeyPath(after)) {
    log::Warn(
        "gateway.socket, gateway.state_directory, gateway.seal_key and gateway.metrics_listen "
        "change "
        "at the next restart");
  }
  log::Info(
      "logging, policy, limits, times and local work are in force; changes of tokens, endpoints "
      "and "
      "of times.rpc, times.iam, times.hedge and times.master_key wait for the next restart");
  services_.config = std::move(config);
  tokens_.epoch().Offer(services_.gateway().local.remember_init);
}

void Gateway::StartRotation() {
  for (const auto& rotation : rotations_) rotation->Start();
}

void Gateway::ForgetRotation() {
  for (const auto& rotation : rotations_) rotation->Forget();
}

Awaitable<void> Gateway::DrainConnections() {
  // What the next daemon will make of an Init is not known here.
  tokens_.epoch().Offer(false);
  listener_->Close();
  gate_.Close();
  for (const auto& rotation : rotations_) rotation->Stop();
  const auto drain = services_.gateway().times.drain;
  const bool empty = co_await gate_.WaitEmpty(drain);
  if (!empty) log::Warn("{} calls were still in flight after {} ms", gate_.inside(), drain.count());
  dispatcher_->Close();
  listener_->CloseConnections();
  if (admin_ != nullptr) admin_->Stop();
  for (const auto& upstream : upstreams_) upstream->Shutdown();
}

void Gateway::Stop() {
  silo_.Stop();
  blocking_.join();
  if (keystore_ != nullptr) keystore_->Stop();
}

std::string Gateway::metrics_address() const {
  return admin_ == nullptr ? std::string() : admin_->address();
}

std::string Gateway::HealthJson() const {
  nlohmann::json rotations = nlohmann::json::array();
  for (const auto& rotation : rotations_) {
    const Rotation::Progress& progress = rotation->progress();
    rotations.push_back({{"slot", ToNumber(rotation->slot())},
                         {"phase", NameOf(progress.phase)},
                         {"keys", progress.keys},
                         {"done", progress.done},
                         {"failed", progress.failed}});
  }
  const nlohmann::json health{
      {"applications", applications_->size()},
      {"connections", listener_->connections()},
      {"calls_in_flight", gate_.inside()},
      {"master_key", std::move(rotations)},
  };
  return health.dump();
}

}  // namespace gw

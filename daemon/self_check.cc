// No room: what `grep11d --check` asks of each part of a configuration.
#include "daemon/self_check.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/core/clock.h"
#include "daemon/keystore/sqlite_keystore.h"
#include "daemon/localcrypto/hmac.h"
#include "daemon/localcrypto/random.h"
#include "daemon/runtime/silo.h"
#include "daemon/upstream/iam_client.h"
#include "daemon/upstream/probe.h"
#include "daemon/upstream/tls_files.h"
#include "daemon/upstream/upstream.h"

namespace gw {
namespace {

using Outcome = Finding::Outcome;

constexpr const char* kMendTls =
    "correct tokens.<n>.grep11connection.tls or the file it names; the files must be readable for "
    "the user of the daemon";
constexpr const char* kMendAddress =
    "see that address and port are right, that name service and firewall let them through, that "
    "cacert is the authority of the service's certificate, and with tls.mutual that the service "
    "trusts certfile";
constexpr const char* kMendIam =
    "see that users.2.iamauth.endpoint is right and gateway.iam_ca_file its authority, and that "
    "name service and firewall let it through";
constexpr const char* kMendKey =
    "make a new API key for the service ID of the anonymous user and put it into "
    "users.2.iamauth.apikey";
constexpr const char* kMendRights =
    "give the service ID of the anonymous user a role of the instance in IAM, with the "
    "tokenspaceID "
    "of user 2 as resource; if the HSM names a code of its own, docs/configuration.md and its "
    "administrator know it";
constexpr const char* kMendKeystore = "docs/keystore.md, \"When something is wrong\"";

// A future wants results with a default constructor; a coroutine of its own brings them there.
template <typename T>
Awaitable<void> Fill(Awaitable<Result<T>> task, std::optional<Result<T>>& out) {
  out.emplace(co_await std::move(task));
}

class Checks {
 public:
  Checks(const Config& config, const std::function<void(const Finding&)>& tell)
      : config_(config), tell_(tell) {
    silo_.Start();
  }
  ~Checks() {
    boost::asio::post(silo_.loop(), boost::asio::use_future([this] {
                        for (const auto& each : upstreams_) each->Shutdown();
                      }))
        .get();
    silo_.Stop();
  }
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  bool Run() {
    TellOfProfiles();
    LookAtKeystores();
    for (const TokenConfig& token : config_.tokens) CheckSlot(token);
    return all_well_;
  }

 private:
  template <typename T>
  Result<T> Await(Awaitable<Result<T>> task) {
    std::optional<Result<T>> result;
    boost::asio::co_spawn(silo_.loop(), Fill(std::move(task), result), boost::asio::use_future)
        .get();
    return *std::move(result);
  }

  static Deadline In(std::chrono::milliseconds time) { return Deadline{RealClock().Now() + time}; }

  bool Tell(Outcome outcome, std::string part, std::string text, std::string advice = {}) {
    tell_({outcome, std::move(part), std::move(text), std::move(advice)});
    all_well_ = all_well_ && outcome != Outcome::kFailed;
    return outcome == Outcome::kOk;
  }
  bool Fail(std::string part, const Error& error, const char* advice) {
    return Tell(Outcome::kFailed, std::move(part), Describe(error.rv) + error.detail, advice);
  }
  static std::string Describe(CK_RV rv) {
    return rv == CKR_DEVICE_ERROR || rv == CKR_ARGUMENTS_BAD ? ""
                                                             : std::string(NameOfRv(rv)) + ": ";
  }

  void TellOfProfiles();
  void LookAtKeystores();
  void TellOfKeystore(const std::string& part, const std::string& keystore,
                      const KeystoreContents& contents);
  void CheckSlot(const TokenConfig& token);
  bool CheckTlsFiles(const std::string& slot, const TokenConfig& token);
  bool CheckEndpoints(const std::string& slot, const TokenConfig& token);
  bool CheckIam(const std::string& slot, const TokenConfig& token);
  void CheckHsm(const std::string& slot, const TokenConfig& token);
  Result<std::size_t> AskHsm(const TokenConfig& token);

  const Config& config_;
  const std::function<void(const Finding&)>& tell_;
  Silo silo_;
  std::vector<std::unique_ptr<IamClient>> iam_;
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  bool all_well_ = true;
};

// --- profiles ---

void Checks::TellOfProfiles() {
  for (const auto& [name, slots] : config_.gateway.profile_slots) {
    std::string text = "its slots are";
    for (std::size_t i = 0; i < slots.size(); ++i) {
      text += (i == 0 ? " " : ", ") + std::to_string(i) + " for slot " + std::to_string(slots[i]);
    }
    Tell(Outcome::kOk, "profile " + name, text);
  }
}

// --- keystores ---

void Checks::LookAtKeystores() {
  const std::string& directory = config_.gateway.state_directory;
  const std::string part = "keystore " + directory;
  if (!HasSqliteKeystore(directory)) {
    Tell(Outcome::kSkipped, part, "there is none; the daemon makes one when it starts");
    return;
  }
  SqliteOptions options;
  options.directory = directory;
  options.crypto = KeystoreCrypto{&RandomBytes, &HmacSha256};
  const auto look = LookAtSqliteKeystore(options);
  if (!look) {
    Fail(part, look.error(), kMendKeystore);
    return;
  }
  if (look->older_schema) {
    Tell(Outcome::kOk, part, "of an earlier version; brought up to date when the daemon starts");
    return;
  }
  for (const std::string& refused : look->contents.refused) {
    Tell(Outcome::kFailed, part, refused, kMendKeystore);
  }
  for (const TokenConfig& token : config_.tokens) {
    const std::string slot = "slot " + std::to_string(token.slot);
    if (!token.remotestore) {
      Tell(Outcome::kSkipped, slot + ": keystores", "storage.remotestore.enabled is false");
      continue;
    }
    TellOfKeystore(slot + ": private keystore", token.private_keystore, look->contents);
    TellOfKeystore(slot + ": public keystore", token.public_keystore, look->contents);
  }
}

void Checks::TellOfKeystore(const std::string& part, const std::string& keystore,
                            const KeystoreContents& contents) {
  const auto objects = std::ranges::count(contents.records, keystore, &Record::keystore);
  Tell(Outcome::kOk, part, keystore + ", " + std::to_string(objects) + " objects");
}

// --- one slot ---

void Checks::CheckSlot(const TokenConfig& token) {
  const std::string slot = "slot " + std::to_string(token.slot);
  const bool files = CheckTlsFiles(slot, token);
  const bool reached = files && CheckEndpoints(slot, token);
  const bool known = CheckIam(slot, token);
  if (reached && known) {
    CheckHsm(slot, token);
  } else {
    Tell(Outcome::kSkipped, slot + ": HSM call", "not made without what the lines above miss");
  }
}

bool Checks::CheckTlsFiles(const std::string& slot, const TokenConfig& token) {
  const std::string part = slot + ": TLS files";
  if (!token.tls.enabled) return Tell(Outcome::kOk, part, "none: TLS is switched off");
  const auto material = LoadTlsMaterial(token.tls);
  if (!material) return Fail(part, material.error(), kMendTls);
  return Tell(Outcome::kOk, part,
              token.tls.mutual ? "authorities, own certificate and its key" : "authorities");
}

// True: one of them at least can be used.
bool Checks::CheckEndpoints(const std::string& slot, const TokenConfig& token) {
  bool any = false;
  for (const EndpointConfig& endpoint : token.endpoints) {
    const std::string part =
        slot + ": address " + endpoint.address + " port " + std::to_string(endpoint.port);
    const auto reached =
        Await(ReachEndpoint(silo_, endpoint, token.tls, In(config_.gateway.times.rpc)));
    const bool well =
        reached ? Tell(Outcome::kOk, part, "answers") : Fail(part, reached.error(), kMendAddress);
    any = any || well;
  }
  return any;
}

bool Checks::CheckIam(const std::string& slot, const TokenConfig& token) {
  const std::string part = slot + ": IAM";
  if (!token.iam.enabled) {
    Tell(Outcome::kSkipped, part, "switched off");
    return true;
  }
  auto client = IamClient::Make(silo_.loop().get_executor(), RealClock(), token.iam);
  if (!client) return Fail(part, client.error(), kMendIam);
  iam_.push_back(std::move(*client));
  if (token.anonymous_api_key == nullptr) {
    return Tell(Outcome::kSkipped, part,
                token.iam.endpoint + " not asked: users.2.iamauth.apikey is empty");
  }
  const auto fetched =
      Await(iam_.back()->Fetch(token.anonymous_api_key->Clone(), In(config_.gateway.times.iam)));
  if (fetched) return Tell(Outcome::kOk, part, "the anonymous user is " + fetched->iam_id);
  return Fail(part, fetched.error(), fetched.error().rv == CKR_DEVICE_ERROR ? kMendIam : kMendKey);
}

// --- one request ---

Awaitable<Result<std::size_t>> CountMechanisms(Upstream& upstream, const TokenConfig& token,
                                               Deadline deadline) {
  HsmCall call;
  call.deadline = deadline;
  if (token.iam.enabled) {
    SecretBytes key = token.anonymous_api_key->Clone();
    GW_CO_TRY(identity, co_await upstream.identities().Authenticate(std::move(key), deadline));
    call.identity = std::move(identity);
  }
  GW_CO_TRY(mechanisms, co_await upstream.client().GetMechanismList(call));
  co_return mechanisms.size();
}

void Checks::CheckHsm(const std::string& slot, const TokenConfig& token) {
  const std::string part = slot + ": HSM call";
  const auto asked = AskHsm(token);
  if (asked) {
    Tell(Outcome::kOk, part, "GetMechanismList: " + std::to_string(*asked) + " mechanisms");
  } else {
    Fail(part, asked.error(), kMendRights);
  }
}

Result<std::size_t> Checks::AskHsm(const TokenConfig& token) {
  GW_TRY(upstream, MakeUpstream(token, config_.gateway.times, silo_));
  upstreams_.push_back(std::move(upstream));
  return Await(CountMechanisms(*upstreams_.back(), token, In(config_.gateway.times.rpc)));
}

}  // namespace

std::string Describe(const Finding& finding) {
  const char* outcome = finding.outcome == Outcome::kOk       ? "ok       "
                        : finding.outcome == Outcome::kFailed ? "FAILED   "
                                                              : "skipped  ";
  std::string line = outcome + finding.part + ": " + finding.text;
  if (!finding.advice.empty()) line += "\n         to do: " + finding.advice;
  return line;
}

bool CheckParts(const Config& config, const std::function<void(const Finding&)>& tell) {
  return Checks(config, tell).Run();
}

}  // namespace gw

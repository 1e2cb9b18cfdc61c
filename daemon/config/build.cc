// Room: config.
#include "daemon/config/build.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace gw {
namespace {

constexpr std::size_t kMaxProfileBytes = 4095;  // wire::kMaxProfileBytes

void BuildStorage(Problems& problems, const Place& place, const RawStorage& raw,
                  TokenConfig& token) {
  token.remotestore = raw.remote.enabled.value;
  if (!raw.file.enabled.value) return;
  problems.Error({place.path + ".storage.filestore.enabled", raw.file.enabled.line},
                 "a file store is not offered; token objects live in the keystore of the gateway: "
                 "set this to false and remotestore.enabled to true");
}

TokenConfig BuildToken(Problems& problems, const RawFile& file, std::uint64_t slot,
                       const RawToken& raw) {
  TokenConfig token;
  token.slot = slot;
  const Place place = PlaceOfToken(slot, raw);
  const auto extra = file.gateway.tokens.find(slot);
  BuildUsers(problems, place, file, raw, token);
  BuildConnection(problems, place, raw,
                  extra == file.gateway.tokens.end() ? nullptr : &extra->second, token);
  BuildStorage(problems, place, raw.storage, token);
  return token;
}

// One keystore cannot be public in one slot and private in another: what is put into the private
// one would be readable without a login.
void CheckKeystoresAcrossSlots(Problems& problems, const RawFile& file,
                               const std::vector<TokenConfig>& tokens) {
  std::map<std::string, std::uint64_t> private_of;
  for (const TokenConfig& token : tokens) private_of.emplace(token.private_keystore, token.slot);
  for (const TokenConfig& token : tokens) {
    const auto found = private_of.find(token.public_keystore);
    if (token.public_keystore.empty() || found == private_of.end()) continue;
    if (found->second == token.slot) continue;  // said by the rule for one token
    const RawToken& raw = file.tokens.at(token.slot);
    problems.Error({PlaceOfToken(token.slot, raw).path + ".users.2.tokenspaceID",
                    raw.users.at(2).keystore.line},
                   "is the private keystore of slot " + std::to_string(found->second));
  }
}

void BuildTokens(Problems& problems, const RawFile& file, Config& config) {
  if (!file.names_tokens) {
    problems.Error({"tokens"}, "is missing: at least tokens.0 with grep11connection and users");
  }
  for (const auto& [slot, raw] : file.tokens) {
    config.tokens.push_back(BuildToken(problems, file, slot, raw));
  }
  CheckKeystoresAcrossSlots(problems, file, config.tokens);
  CheckSessionAuth(problems, file, config.tokens);
  for (const auto& [slot, raw] : file.gateway.tokens) {
    if (file.tokens.contains(slot)) continue;
    problems.Error({"gateway.tokens." + std::to_string(slot), raw.line},
                   "there is no tokens." + std::to_string(slot));
  }
}

LoggingConfig BuildLogging(Problems& problems, const RawLogging& raw) {
  LoggingConfig logging;
  if (raw.level.present() && !ParseLogLevel(raw.level.value, logging.level).empty()) {
    problems.Warning({"logging.loglevel", raw.level.line},
                     "is not panic, fatal, error, warning, info, debug or trace; taken as warning");
  }
  if (raw.path.value.empty()) return logging;
  if (!ParseAbsolutePath(raw.path.value, logging.path).empty()) {
    problems.Warning({"logging.logpath", raw.path.line},
                     "must be a full path, beginning with \"/\"; ignored, the journal is used");
  }
  return logging;
}

void CheckProfileSlots(Problems& problems, const Place& place, const RawFile& file,
                       const std::vector<std::uint32_t>& slots) {
  if (slots.empty()) Missing(problems, place, "slots");
  const Place at = place.Child("slots", place.line);
  std::set<std::uint32_t> named;
  for (const std::uint32_t slot : slots) {
    const bool is_new = named.insert(slot).second;
    if (!is_new) problems.Error(at, "names slot " + std::to_string(slot) + " more than once");
    if (is_new && !file.tokens.contains(slot))
      problems.Error(at, "there is no tokens." + std::to_string(slot));
  }
}

void BuildProfiles(Problems& problems, const RawFile& file, GatewayConfig& gateway) {
  for (std::size_t i = 0; i < file.gateway.profiles.size(); ++i) {
    const RawProfile& raw = file.gateway.profiles[i];
    const Place place{"gateway.profiles[" + std::to_string(i) + "]", raw.line};
    CheckProfileSlots(problems, place, file, raw.slots);
    const std::string& name = raw.ep11client_cfg.value;
    const Place at = place.Child("ep11client_cfg", raw.ep11client_cfg.line);
    if (name.empty()) {
      Missing(problems, place, "ep11client_cfg");
    } else if (name.size() > kMaxProfileBytes) {
      problems.Error(at, "is longer than 4095 characters, so no application can have it");
    } else if (!gateway.profile_slots.emplace(name, raw.slots).second) {
      problems.Error(at, "is that of another profile, too");
    }
  }
}

GatewayConfig BuildGateway(Problems& problems, const RawFile& file) {
  const RawGateway& raw = file.gateway;
  GatewayConfig gateway = raw;
  BuildProfiles(problems, file, gateway);
  for (const auto& [slot, token] : raw.tokens) {
    const PolicyConfig& policy = token;
    const bool open = policy.allowed_uids.empty() && policy.allowed_gids.empty();
    if (!open) gateway.slot_policies.emplace(slot, policy);
  }
  const std::string& iam_ca_file = raw.iam_ca_file.value;
  if (const Complaint complaint = iam_ca_file.empty() ? Complaint{} : FileProblem(iam_ca_file);
      !complaint.empty()) {
    problems.Error({"gateway.iam_ca_file", raw.iam_ca_file.line}, complaint);
  }
  if (gateway.times.rpc > gateway.times.call) {
    problems.Warning({"gateway.times.rpc", raw.line},
                     "is longer than gateway.times.call, which ends the request before");
  }
  return gateway;
}

}  // namespace

Config BuildConfig(Problems& problems, const RawFile& file) {
  Config config;
  config.file = problems.file();
  BuildTokens(problems, file, config);
  config.logging = BuildLogging(problems, file.logging);
  config.gateway = BuildGateway(problems, file);
  return config;
}

bool HoldsSecret(const RawFile& file) {
  const auto iam_has = [](const RawIamAuth& iam) { return iam.api_key.present(); };
  const auto session_has = [](const RawSessionAuth& auth) { return auth.password.present(); };
  const auto user_has = [&](const auto& entry) {
    const RawUser& user = entry.second;
    return iam_has(user.iam) || session_has(user.session) || user.keystore_password.present();
  };
  return iam_has(file.iam_template) || session_has(file.session_template) ||
         std::ranges::any_of(file.tokens, [&](const auto& entry) {
           return std::ranges::any_of(entry.second.users, user_has);
         });
}

}  // namespace gw

// Room: config. The users of a token: keystores, IAM, and the password of authenticated keystores.
#include <algorithm>
#include <map>

#include "daemon/config/build.h"

namespace gw {
namespace {

constexpr std::uint64_t kSo = 0;
constexpr std::uint64_t kNormal = 1;
constexpr std::uint64_t kAnonymous = 2;
constexpr std::size_t kMinPasswordBytes = 6;
constexpr std::size_t kMaxPasswordBytes = 8;
constexpr std::size_t kMaxAuthenticatedKeystores = 5;  // of a service instance
constexpr std::string_view kDefaultIamEndpoint = "https://iam.cloud.ibm.com";

const RawUser* FindUser(const RawToken& token, std::uint64_t number) {
  const auto found = token.users.find(number);
  return found == token.users.end() ? nullptr : &found->second;
}

Place PlaceOfUser(const Place& token, std::uint64_t number, const RawUser& user) {
  return {token.path + ".users." + std::to_string(number), user.line};
}

// A user without a section of its own gets the template's.
const RawIamAuth& IamOf(const RawFile& file, const RawUser& user) {
  return user.iam.line != 0 ? user.iam : file.iam_template;
}

void CheckUserNumbers(Problems& problems, const Place& place, const RawToken& raw) {
  for (const auto& [number, user] : raw.users) {
    if (number <= kAnonymous) continue;
    problems.Error(PlaceOfUser(place, number, user),
                   "users are 0 (SO), 1 (normal user) and 2 (anonymous user)");
  }
  for (const std::uint64_t number : {kNormal, kAnonymous}) {
    if (!raw.users.contains(number)) Missing(problems, place, "users." + std::to_string(number));
  }
}

// The keystore of a user as written; empty, after a complaint, if there is none.
std::string KeystoreOf(Problems& problems, const Place& place, const RawToken& raw,
                       std::uint64_t number) {
  const RawUser* user = FindUser(raw, number);
  if (user == nullptr) return {};
  if (!user->keystore.present()) {
    Missing(problems, PlaceOfUser(place, number, *user), "tokenspaceID");
  }
  return user->keystore.value;
}

void BuildKeystores(Problems& problems, const Place& place, const RawToken& raw,
                    TokenConfig& token) {
  token.private_keystore_as_written = KeystoreOf(problems, place, raw, kNormal);
  token.public_keystore_as_written = KeystoreOf(problems, place, raw, kAnonymous);
  token.private_keystore = LowerCase(token.private_keystore_as_written);
  token.public_keystore = LowerCase(token.public_keystore_as_written);
  if (token.public_keystore.empty() || token.private_keystore != token.public_keystore) return;
  problems.Error(PlaceOfUser(place, kAnonymous, raw.users.at(kAnonymous))
                     .Child("tokenspaceID", raw.users.at(kAnonymous).keystore.line),
                 "must differ from that of users.1: one keystore cannot be private and public");
}

std::string EndpointOf(const RawIamAuth& iam) {
  return iam.endpoint.value.empty() ? std::string(kDefaultIamEndpoint) : iam.endpoint.value;
}

// The gateway keeps one IAM client for a token, so the other users must agree with the anonymous
// one, whose section is the one that people fill in.
void CheckIamAgrees(Problems& problems, const Place& place, const RawIamAuth& iam,
                    const TokenConfig& token) {
  constexpr std::string_view kText = "must be the same as for users.2: a token has one IAM";
  const auto at = [&place](std::string_view key, int line) {
    return place.Child(key, line != 0 ? line : place.line);
  };
  if (iam.enabled.value != token.iam.enabled) {
    problems.Error(at("enabled", iam.enabled.line), kText);
  }
  const bool wrong = iam.endpoint.present() && iam.endpoint.value.empty();  // said already
  if (!wrong && EndpointOf(iam) != token.iam.endpoint) {
    problems.Error(at("endpoint", iam.endpoint.line), kText);
  }
}

void BuildIam(Problems& problems, const Place& place, const RawFile& file, const RawToken& raw,
              TokenConfig& token) {
  token.iam.endpoint = kDefaultIamEndpoint;
  token.iam.ca_file = file.gateway.iam_ca_file.value;
  const RawUser* anonymous = FindUser(raw, kAnonymous);
  if (anonymous == nullptr) return;  // said already
  const RawIamAuth& reference = IamOf(file, *anonymous);
  token.iam.enabled = reference.enabled.value;
  token.iam.endpoint = EndpointOf(reference);
  token.iam.instance = reference.instance.value;
  for (const auto& [number, user] : raw.users) {
    const RawIamAuth& iam = IamOf(file, user);
    const Place section =
        PlaceOfUser(place, number, user).Child("iamauth", iam.line != 0 ? iam.line : user.line);
    CheckIamAgrees(problems, section, iam, token);
  }
}

// An API key of the SO or the normal user in a file is a PIN for everybody who reads the file.
void WarnOfMisplacedKeys(Problems& problems, const Place& place, const RawToken& raw) {
  for (const std::uint64_t number : {kSo, kNormal}) {
    const RawUser* user = FindUser(raw, number);
    if (user == nullptr || !user->iam.api_key.present()) continue;
    problems.Warning(PlaceOfUser(place, number, *user)
                         .Child("iamauth", user->iam.line)
                         .Child("apikey", user->iam.api_key.line),
                     "ignored; the API key of this user is the PIN and belongs in no file");
  }
}

void BuildAnonymousKey(Problems& problems, const Place& place, const RawFile& file,
                       const RawToken& raw, TokenConfig& token) {
  const RawUser* user = FindUser(raw, kAnonymous);
  if (user == nullptr) return;
  const GivenSecret& key = IamOf(file, *user).api_key;
  const Place at = PlaceOfUser(place, kAnonymous, *user)
                       .Child("iamauth.apikey", key.present() ? key.line : user->line);
  if (!token.iam.enabled) {
    if (key.present()) problems.Warning(at, "ignored, because IAM is off");
  } else if (!key.present()) {
    problems.Warning(at, "is missing; applications that do not log in cannot use the HSM");
  } else if (key.value->text().starts_with('<') && key.value->text().ends_with('>')) {
    problems.Error(at, "is still the placeholder of the template");
  } else {
    token.anonymous_api_key = key.value;
  }
}

std::string NameOf(const RawToken& raw, std::uint64_t number) {
  const RawUser* user = FindUser(raw, number);
  return user == nullptr ? std::string() : user->name.value;
}

// What sessionauth says about one keystore, whichever generation of the file says it.
struct KeystoreAuth {
  bool enabled = false;
  std::shared_ptr<const SecretBytes> password;
  Place enabled_at;
  Place password_at;
};

KeystoreAuth AuthOf(Problems& problems, const RawFile& file, const Place& place,
                    const RawUser& user) {
  const RawSessionAuth& raw = user.session.line != 0 ? user.session : file.session_template;
  const GivenSecret& old = user.keystore_password;
  const Place section = place.Child("sessionauth", raw.line != 0 ? raw.line : user.line);
  const auto at = [&section](std::string_view key, int line) {
    return section.Child(key, line != 0 ? line : section.line);
  };
  KeystoreAuth auth;
  auth.enabled = raw.enabled.value || old.present();
  auth.enabled_at = at("enabled", raw.enabled.line);
  auth.password = raw.password.value;
  auth.password_at = at("tokenspaceIDPassword", raw.password.line);
  if (!old.present()) return auth;
  if (auth.password && !Equal(auth.password->view(), old.value->view())) {
    problems.Error(place.Child("keystorePassword", old.line),
                   "differs from sessionauth.tokenspaceIDPassword");
  }
  auth.password = old.value;
  auth.password_at = place.Child("keystorePassword", old.line);
  return auth;
}

void CheckPassword(Problems& problems, const KeystoreAuth& auth) {
  if (!auth.enabled) return;
  if (!auth.password) {
    problems.Error(auth.password_at, "is missing, because sessionauth is enabled");
  } else if (auth.password->size() < kMinPasswordBytes ||
             auth.password->size() > kMaxPasswordBytes) {
    problems.Error(auth.password_at, "must be 6 to 8 characters (bytes of UTF-8)");
  }
}

// Both keystores of a token are authenticated with one password, or neither is.
void CheckPair(Problems& problems, const KeystoreAuth& normal, const KeystoreAuth& anonymous) {
  CheckPassword(problems, normal);
  CheckPassword(problems, anonymous);
  if (normal.enabled != anonymous.enabled) {
    problems.Error(
        anonymous.enabled_at,
        "must be the same for users.1 and users.2: since 2023 both keystores are "
        "authenticated or neither is (older files have it for users.1 alone: give users.2 "
        "the same, then C_InitToken makes both anew)");
  }
  const bool both = normal.enabled && anonymous.enabled && normal.password && anonymous.password;
  if (both && !Equal(normal.password->view(), anonymous.password->view())) {
    problems.Error(anonymous.password_at, "must be the same for users.1 and users.2");
  }
}

bool SamePassword(const KeystoreAuth& a, const KeystoreAuth& b) {
  if (a.enabled != b.enabled || !a.enabled) return a.enabled == b.enabled;
  return a.password == nullptr || b.password == nullptr ||
         Equal(a.password->view(), b.password->view());
}

// Slots may share a keystore, which has one password then.
class PasswordsOfKeystores {
 public:
  void Add(Problems& problems, const RawUser& user, std::uint64_t slot, const KeystoreAuth& auth) {
    if (user.keystore.value.empty()) return;  // said already
    const auto [at, is_new] = first_.try_emplace(LowerCase(user.keystore.value), slot, auth);
    if (is_new || SamePassword(at->second.second, auth)) return;
    problems.Error(auth.enabled_at, "sessionauth and its password must be the same as in slot " +
                                        std::to_string(at->second.first) +
                                        ", which has the same keystore");
  }
  std::size_t authenticated() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(first_, [](const auto& at) { return at.second.second.enabled; }));
  }

 private:
  std::map<std::string, std::pair<std::uint64_t, KeystoreAuth>> first_;
};

}  // namespace

void BuildUsers(Problems& problems, const Place& place, const RawFile& file, const RawToken& raw,
                TokenConfig& token) {
  token.so_name = NameOf(raw, kSo);
  token.user_name = NameOf(raw, kNormal);
  token.anonymous_name = NameOf(raw, kAnonymous);
  CheckUserNumbers(problems, place, raw);
  BuildKeystores(problems, place, raw, token);
  BuildIam(problems, place, file, raw, token);
  WarnOfMisplacedKeys(problems, place, raw);
  BuildAnonymousKey(problems, place, file, raw, token);
}

void CheckSessionAuth(Problems& problems, const RawFile& file, std::vector<TokenConfig>& tokens) {
  PasswordsOfKeystores keystores;
  for (const auto& [slot, raw] : file.tokens) {
    const RawUser* normal_user = FindUser(raw, kNormal);
    const RawUser* anonymous_user = FindUser(raw, kAnonymous);
    if (normal_user == nullptr || anonymous_user == nullptr) continue;
    const Place place = PlaceOfToken(slot, raw);
    const KeystoreAuth normal =
        AuthOf(problems, file, PlaceOfUser(place, kNormal, *normal_user), *normal_user);
    const KeystoreAuth anonymous =
        AuthOf(problems, file, PlaceOfUser(place, kAnonymous, *anonymous_user), *anonymous_user);
    CheckPair(problems, normal, anonymous);
    keystores.Add(problems, *normal_user, slot, normal);
    keystores.Add(problems, *anonymous_user, slot, anonymous);
    if (!normal.enabled) continue;
    const auto token = std::ranges::find(tokens, slot, &TokenConfig::slot);
    if (token != tokens.end()) token->keystore_password = normal.password;
  }
  if (keystores.authenticated() <= kMaxAuthenticatedKeystores) return;
  problems.Error({"tokens"}, std::to_string(keystores.authenticated()) +
                                 " authenticated keystores; a service instance has at most 5");
}

}  // namespace gw

// Room: token.
#include "daemon/token/token.h"

#include <algorithm>
#include <array>

#include "daemon/core/log.h"

namespace gw {
namespace {

struct SettingName {
  TokenSetting setting;
  std::string_view name;
};
constexpr auto kSettingNames = std::to_array<SettingName>({
    {TokenSetting::kLabel, "label"},
    {TokenSetting::kSecurityOfficer, "so_name"},
    {TokenSetting::kSoPin, "so_pin"},
    {TokenSetting::kUserPin, "user_pin"},
    {TokenSetting::kSoFailures, "so_failures"},
    {TokenSetting::kUserFailures, "user_failures"},
    {TokenSetting::kRotation, "rotation"},
    {TokenSetting::kRotationSessionKeys, "rotation_session_keys"},
});

Mutation MutationFor(const Requested& requested) {
  Mutation mutation;
  mutation.request = requested.id;
  mutation.whole = requested.whole;
  return mutation;
}

// The configuration has checked that it is one.
Bytes OctetsOfUuid(std::string_view uuid) {
  Bytes octets;
  int half = -1;
  for (const char c : uuid) {
    if (c == '-') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (half < 0) {
      half = digit;
    } else {
      octets.push_back(static_cast<Byte>(half << 4 | digit));
      half = -1;
    }
  }
  return octets;
}

}  // namespace

bool WithoutPin(Error& error) {
  if (error.rv != CKR_PIN_INCORRECT && error.rv != CKR_PIN_LOCKED) return false;
  error.rv = CKR_USER_NOT_LOGGED_IN;
  return true;
}

Token::Token(TokenConfig config, HsmClient& hsm, IdentityProvider* identities, Keystore& keystore)
    : config_(std::move(config)),
      hsm_(hsm),
      identities_(identities),
      keystore_(keystore),
      random_(std::make_shared<RandomPool>(hsm, config_.slot)),
      watch_(std::make_shared<HsmWatch>(hsm)) {}

void Token::MakeLogins(SecretBytes (*pin_for)(ByteView password, std::string_view keystore)) {
  if (config_.keystore_password == nullptr) return;
  for (const bool is_private : {false, true}) {
    auto login = std::make_unique<HsmLogin>();
    login->store = OctetsOfUuid(KeystoreFor(is_private));
    login->pin = pin_for(config_.keystore_password->view(), KeystoreFor(is_private));
    // Everybody reaches the public keystore, without a login.
    login->users = is_private ? 0 : 1;
    logins_[is_private ? 1 : 0] = std::move(login);
  }
}

void Token::UserCame() {
  if (HsmLogin* login = this->login(true)) ++login->users;
}

void Token::UserLeft(IdentityPtr identity) {
  HsmLogin* login = this->login(true);
  if (login == nullptr || --login->users > 0) return;
  // A login that came back after a restart may have none.
  hsm_.LogOut(identity == nullptr ? anonymous_ : std::move(identity), *login);
}

std::string Token::NameOf(TokenSetting setting) const {
  return "slot." + std::to_string(config_.slot) + "." +
         std::string(kSettingNames[static_cast<std::size_t>(setting)].name);
}

void Token::Adopt(KeystoreContents& contents) {
  for (const SettingName& row : kSettingNames) {
    const auto at = contents.settings.find(NameOf(row.setting));
    if (at != contents.settings.end()) settings_[row.setting] = at->second;
  }
  objects_.Reserve(contents.records.size());
  for (Record& record : contents.records) {
    if (record.keystore == config_.private_keystore || record.keystore == config_.public_keystore) {
      ObjectPtr object = ObjectOf(std::move(record), slot());
      Meet(*object);
      objects_.Put(std::move(object));
    }
  }
}

void Token::Meet(const Object& object) const {
  if (object.other.empty()) return;
  const Bytes* next = Setting(TokenSetting::kRotation);
  const bool switched =
      next != nullptr && std::ranges::equal(WrappingKeyOf(object.key.view()), *next);
  KeyTwins& twins = hsm_.twins();
  if (switched) {
    // Objects are switched only after the HSM took one of the next key.
    twins.Add(object.other, object.key);
    twins.Took(TwinSide::kAfter);
  } else {
    twins.Add(object.key, object.other);
  }
}

bool Token::MeetAgain(Object& object) const {
  const KeyTwins& twins = hsm_.twins();
  KeyBlob taken = twins.Of(twins.side(), object.key);
  if (taken.empty()) {
    Meet(object);
    return false;
  }
  const bool before = twins.side() == TwinSide::kBefore;
  KeyBlob other = twins.Of(before ? TwinSide::kAfter : TwinSide::kBefore, object.key);
  if (object.key.octets == taken.octets && object.other.octets == other.octets) return false;
  SetKeys(object, std::move(taken), std::move(other));
  return true;
}

void Token::Settle(Object& object) const {
  const KeyTwins& twins = hsm_.twins();
  KeyBlob before = twins.Of(TwinSide::kBefore, object.key);
  KeyBlob after = twins.Of(TwinSide::kAfter, object.key);
  if (after.empty()) {
    object.other = KeyBlob{};
  } else if (twins.side() == TwinSide::kAfter || object.key.octets == after.octets) {
    SetKeys(object, std::move(after), std::move(before));
  } else {
    SetKeys(object, std::move(before), std::move(after));
  }
}

const Bytes* Token::Setting(TokenSetting setting) const {
  const auto at = settings_.find(setting);
  return at == settings_.end() ? nullptr : &at->second;
}

Awaitable<Result<std::vector<ObjectPtr>>> Token::Insert(std::vector<Object> objects,
                                                        Requested requested) {
  Mutation mutation = MutationFor(requested);
  for (Object& object : objects) Settle(object);
  for (const Object& object : objects)
    mutation.puts.push_back(RecordOf(object, KeystoreFor(object.is_private)));
  GW_CO_TRY(numbers, co_await keystore_.Commit(std::move(mutation)));
  std::vector<ObjectPtr> inserted;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    objects[i].number = numbers[i];
    objects[i].token = true;
    objects[i].slot = slot();
    inserted.push_back(std::make_shared<const Object>(std::move(objects[i])));
    objects_.Put(inserted.back());
  }
  co_return inserted;
}

Awaitable<Result<ObjectPtr>> Token::Replace(ObjectPtr object, AttributeList attributes, KeyBlob key,
                                            Requested requested) {
  auto next = std::make_shared<Object>(*object);
  next->attributes = std::move(attributes);
  next->key = std::move(key);
  next->version = object->version + 1;
  Settle(*next);
  Mutation mutation = MutationFor(requested);
  mutation.puts.push_back(RecordOf(*next, KeystoreFor(next->is_private)));
  GW_CO_TRY_VOID(co_await keystore_.Commit(std::move(mutation)));
  ObjectPtr replaced = std::move(next);
  objects_.Put(replaced);
  co_return replaced;
}

Awaitable<Status> Token::Rewrap(std::vector<ObjectPtr> objects) {
  Mutation mutation;
  for (const ObjectPtr& object : objects) {
    mutation.rewraps.push_back(RecordOf(*object, KeystoreFor(object->is_private)));
  }
  GW_CO_TRY_VOID(co_await keystore_.Commit(std::move(mutation)));
  for (ObjectPtr& object : objects) objects_.Rewrap(std::move(object));
  co_return Ok();
}

Awaitable<Status> Token::Remove(std::uint64_t number, Requested requested) {
  Mutation mutation = MutationFor(requested);
  mutation.removes.push_back(number);
  GW_CO_TRY_VOID(co_await keystore_.Commit(std::move(mutation)));
  objects_.Remove(number);
  co_return Ok();
}

Awaitable<Status> Token::TakeBack(RequestId request) {
  Mutation mutation;
  mutation.forgets = request;
  if (const FirstAnswer* first = keystore_.AnswerTo(request)) mutation.removes = first->inserted;
  const std::vector<std::uint64_t> removed = mutation.removes;
  GW_CO_TRY_VOID(co_await keystore_.Commit(std::move(mutation)));
  for (std::uint64_t number : removed) objects_.Remove(number);
  co_return Ok();
}

Awaitable<Status> Token::CommitSettings(Mutation mutation, std::map<TokenSetting, Bytes> settings) {
  for (const auto& [setting, value] : settings) mutation.settings[NameOf(setting)] = value;
  GW_CO_TRY_VOID(co_await keystore_.Commit(std::move(mutation)));
  for (auto& [setting, value] : settings) {
    if (value.empty()) {
      settings_.erase(setting);
    } else {
      settings_[setting] = std::move(value);
    }
  }
  co_return Ok();
}

Awaitable<Status> Token::Initialise(std::map<TokenSetting, Bytes> settings, Requested requested) {
  Mutation mutation = MutationFor(requested);
  for (const bool is_private : {false, true}) {
    if (!KeystoreFor(is_private).empty()) mutation.wipes.push_back(KeystoreFor(is_private));
  }
  GW_CO_TRY_VOID(co_await CommitSettings(std::move(mutation), std::move(settings)));
  objects_.Clear();
  co_return Ok();
}

Awaitable<Status> Token::Store(std::map<TokenSetting, Bytes> settings, Requested requested) {
  Mutation mutation = MutationFor(requested);
  co_return co_await CommitSettings(std::move(mutation), std::move(settings));
}

std::optional<IdentityPtr> Token::AnonymousIdentityNow() const {
  if (identities_ == nullptr || anonymous_ != nullptr) return anonymous_;
  return std::nullopt;
}

Awaitable<Result<IdentityPtr>> Token::AnonymousIdentity(Deadline deadline) {
  if (auto now = AnonymousIdentityNow()) co_return *now;
  if (config_.anonymous_api_key == nullptr) {
    co_return CallerError(CKR_USER_NOT_LOGGED_IN,
                          "nobody is logged in and users.2.iamauth.apikey is not configured");
  }
  SecretBytes key = config_.anonymous_api_key->Clone();
  auto identity = co_await identities_->Authenticate(std::move(key), deadline);
  if (identity) {
    anonymous_ = *identity;
    co_return anonymous_;
  }
  Error error = std::move(identity).error();
  if (WithoutPin(error)) {
    log::Warn(
        "slot {}: IAM or the HSM refuses the anonymous user's API key ({}); check "
        "users.2.iamauth.apikey and "
        "that the identity may use keystore {}",
        config_.slot, error.detail, config_.public_keystore);
  }
  co_return error;
}

}  // namespace gw

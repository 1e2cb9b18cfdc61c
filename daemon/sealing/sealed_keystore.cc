// Room: sealing.
#include "daemon/sealing/sealed_keystore.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "daemon/core/attribute_codec.h"
#include "daemon/core/log.h"
#include "daemon/localcrypto/keystore_secret.h"
#include "daemon/localcrypto/sealer.h"

namespace gw {
namespace {

// The mark of a sealed record: a vendor attribute of our own, which no object of an application
// has. Its value is the version of the form.
constexpr CK_ATTRIBUTE_TYPE kSealedMark = CKA_VENDOR_DEFINED | 0x47570002;
constexpr Byte kForm = 1;
constexpr Byte kTwoBlobsForm = 2;

constexpr std::string_view kDomain = "grep11d sealed object 1 ";
constexpr std::string_view kPrefix = "keystore.";
constexpr std::string_view kSuffix = ".password";

std::string SettingOf(const std::string& keystore) {
  return std::string(kPrefix) + keystore + std::string(kSuffix);
}

// nullopt: the setting is about something else.
std::optional<std::string> KeystoreIn(std::string_view setting) {
  if (!setting.starts_with(kPrefix) || !setting.ends_with(kSuffix)) return std::nullopt;
  if (setting.size() < kPrefix.size() + kSuffix.size()) return std::nullopt;
  setting.remove_prefix(kPrefix.size());
  setting.remove_suffix(kSuffix.size());
  return std::string(setting);
}

bool IsSealed(const Record& record) { return record.attributes.Has(kSealedMark); }

Bytes BindingOf(const Record& record) { return CopyOf(std::string(kDomain) + record.keystore); }

// u32 length of the attributes | attributes | key blob; in the form of keys that have two blobs:
// u32 length of the attributes | attributes | u32 length of the key blob | key blob | other blob.
Record Sealed(const Record& plain, const Sealer& sealer) {
  const Bytes attributes = EncodeAttributes(plain.attributes);
  Bytes content;
  AppendCounted(content, attributes);
  const bool two = !plain.other.empty();
  if (two) {
    AppendCounted(content, plain.key.view());
  } else {
    Append(content, plain.key.view());
  }
  Append(content, plain.other.view());
  Record sealed;
  sealed.number = plain.number;
  sealed.keystore = plain.keystore;
  sealed.version = plain.version;
  sealed.attributes.SetUlong(CKA_CLASS, plain.attributes.GetUlong(CKA_CLASS).value_or(0));
  sealed.attributes.Set(kSealedMark, Bytes{two ? kTwoBlobsForm : kForm});
  sealed.key.octets = sealer.Seal(content, BindingOf(plain));
  Wipe(content);
  return sealed;
}

Result<Record> Opened(const Record& sealed, const Sealer& sealer) {
  const Bytes& form = *sealed.attributes.Find(kSealedMark);
  const bool two = Equal(form, Bytes{kTwoBlobsForm});
  if (!two && !Equal(form, Bytes{kForm})) {
    return UpstreamError(CKR_DEVICE_ERROR, "sealed by another version of the daemon");
  }
  auto content = sealer.Unseal(sealed.key.view(), BindingOf(sealed));
  if (!content) return UpstreamError(CKR_DEVICE_ERROR, content.error().detail);
  ByteView rest = content->view();
  const auto encoded = TakeCounted(rest);
  const auto key = two ? TakeCounted(rest) : std::optional(std::exchange(rest, ByteView()));
  if (!encoded || encoded->empty() || !key) {
    return UpstreamError(CKR_DEVICE_ERROR, "sealed content is cut off");
  }
  GW_TRY(attributes, DecodeAttributes(*encoded));
  Record record;
  record.number = sealed.number;
  record.keystore = sealed.keystore;
  record.version = sealed.version;
  record.attributes = std::move(attributes);
  record.key.octets = CopyOf(*key);
  record.other.octets = CopyOf(rest);
  return record;
}

// What is known of a keystore that is authenticated, or is to be.
struct Lock {
  KeystoreAccess access = KeystoreAccess::kNoPassword;
  bool stored = false;  // the setting is there
  // What it has, or gets when it is wiped: one for the whole life, so that it does not matter which
  // of two wipes of one request was done. None without a password.
  std::optional<KeystoreSecret> secret;
  std::optional<Sealer> sealer;  // of the secret
  std::size_t left_out = 0;      // objects
};

class SealedKeystore final : public Keystore {
 public:
  SealedKeystore(std::unique_ptr<Keystore> engine, std::vector<KeystorePassword> passwords)
      : engine_(std::move(engine)), passwords_(std::move(passwords)) {}

  Result<KeystoreContents> Load() override {
    GW_TRY(contents, engine_->Load());
    locks_.clear();
    for (const auto& [name, value] : contents.settings) {
      if (const auto keystore = KeystoreIn(name)) locks_[*keystore].stored = true;
    }
    for (const KeystorePassword& given : passwords_) {
      const auto stored = contents.settings.find(SettingOf(given.keystore));
      TryPassword(given, stored == contents.settings.end() ? nullptr : &stored->second);
    }
    OpenRecords(contents);
    for (const auto& [keystore, lock] : locks_) SayWhy(keystore, lock);
    return std::move(contents);
  }

  KeystoreAccess AccessTo(const std::string& keystore) const override {
    const auto at = locks_.find(keystore);
    return at == locks_.end() ? KeystoreAccess::kGranted : at->second.access;
  }

  Awaitable<Result<std::vector<std::uint64_t>>> Commit(Mutation mutation) override {
    if (locks_.empty()) return engine_->Commit(std::move(mutation));
    return CommitSealed(std::move(mutation));
  }

  const FirstAnswer* AnswerTo(const RequestId& request) const override {
    return engine_->AnswerTo(request);
  }

  void Stop() override { engine_->Stop(); }

 private:
  void TryPassword(const KeystorePassword& given, const Bytes* stored) {
    Lock& lock = locks_[given.keystore];
    if (lock.secret) return;  // of another slot, which has the same
    const ByteView password = given.password->view();
    lock.access = KeystoreAccess::kNotAuthenticated;
    if (stored != nullptr) {
      auto key = OpenKeystoreSecret(*stored, password, given.keystore);
      lock.access = key ? KeystoreAccess::kGranted : KeystoreAccess::kWrongPassword;
      if (key) lock.secret = KeystoreSecret{*stored, std::move(*key)};
    }
    if (!lock.secret) lock.secret = MakeKeystoreSecret(password, given.keystore);
    lock.sealer.emplace(lock.secret->key.Clone());
  }

  void OpenRecords(KeystoreContents& contents) {
    std::vector<Record> opened;
    opened.reserve(contents.records.size());
    for (Record& record : contents.records) {
      const std::string name =
          "object " + std::to_string(record.number) + " of keystore " + record.keystore;
      const auto at = locks_.find(record.keystore);
      if (at == locks_.end()) {
        if (IsSealed(record)) {
          contents.refused.push_back(name + ": sealed, and the keystore lost its secret");
        } else {
          opened.push_back(std::move(record));
        }
        continue;
      }
      if (at->second.access != KeystoreAccess::kGranted) {
        ++at->second.left_out;
        continue;
      }
      if (!IsSealed(record)) {
        contents.refused.push_back(name + ": not sealed, in an authenticated keystore");
        continue;
      }
      if (auto plain = Opened(record, *at->second.sealer)) {
        opened.push_back(std::move(*plain));
      } else {
        contents.refused.push_back(name + ": " + plain.error().detail);
      }
    }
    contents.records = std::move(opened);
  }

  static void SayWhy(const std::string& keystore, const Lock& lock) {
    switch (lock.access) {
      case KeystoreAccess::kGranted:
        return log::Info("keystore {}: authenticated, the password opens it", keystore);
      case KeystoreAccess::kWrongPassword:
        return log::Error(
            "keystore {}: tokenspaceIDPassword is not the password that it was made with, so its "
            "{} objects cannot be used; put the right one into the configuration and restart. "
            "Without it only C_InitToken helps, which destroys them",
            keystore, lock.left_out);
      case KeystoreAccess::kNoPassword:
        return log::Error(
            "keystore {} is authenticated and the configuration has no password for it, so its {} "
            "objects cannot be used; set sessionauth.enabled and tokenspaceIDPassword and restart. "
            "C_InitToken destroys them and makes it a keystore without password",
            keystore, lock.left_out);
      case KeystoreAccess::kNotAuthenticated:
        return log::Error(
            "keystore {}: sessionauth is enabled and the keystore was not made with a password, "
            "which converts nothing, so its {} objects cannot be used. Run C_InitToken, which "
            "destroys them and sets the password; or set sessionauth.enabled to false to use them "
            "as before",
            keystore, lock.left_out);
    }
  }

  Awaitable<Result<std::vector<std::uint64_t>>> CommitSealed(Mutation mutation) {
    const std::vector<std::string> wiped = mutation.wipes;
    GW_CO_TRY_VOID(SetPasswords(mutation));
    for (Record& record : mutation.puts) GW_CO_TRY_VOID(Seal(record, wiped));
    for (Record& record : mutation.rewraps) GW_CO_TRY_VOID(Seal(record, wiped));
    Result<std::vector<std::uint64_t>> numbers = co_await engine_->Commit(std::move(mutation));
    if (!numbers) co_return numbers;
    for (const std::string& keystore : wiped) {
      const auto at = locks_.find(keystore);
      if (at == locks_.end()) continue;
      if (at->second.secret) {
        at->second.access = KeystoreAccess::kGranted;
        at->second.stored = true;
      } else {
        locks_.erase(at);
      }
    }
    co_return numbers;
  }

  // Of the keystores that `mutation` wipes: they get their passwords, or lose them.
  Status SetPasswords(Mutation& mutation) const {
    std::size_t authenticated = static_cast<std::size_t>(
        std::ranges::count_if(locks_, [](const auto& at) { return at.second.stored; }));
    for (const std::string& keystore : mutation.wipes) {
      const auto at = locks_.find(keystore);
      if (at == locks_.end()) continue;
      const Lock& lock = at->second;
      mutation.settings[SettingOf(keystore)] = lock.secret ? lock.secret->stored : Bytes();
      if (lock.secret && !lock.stored) ++authenticated;
    }
    const bool more = authenticated > kMaxAuthenticatedKeystores && !mutation.wipes.empty();
    if (!more) return Ok();
    const std::string text =
        "it would be more than the " + std::to_string(kMaxAuthenticatedKeystores) +
        " authenticated keystores that a service instance has; wipe one of the others first, "
        "without its password";
    log::Error("keystore {}: {}", mutation.wipes.front(), text);
    return StateError(CKR_DEVICE_MEMORY, text);
  }

  Status Seal(Record& record, const std::vector<std::string>& wiped) const {
    const auto at = locks_.find(record.keystore);
    if (at == locks_.end()) return Ok();
    const Lock& lock = at->second;
    const bool is_new = std::ranges::count(wiped, record.keystore) != 0;
    if (is_new && !lock.sealer) return Ok();
    if (!is_new && lock.access != KeystoreAccess::kGranted) {
      return StateError(CKR_TOKEN_WRITE_PROTECTED,
                        "keystore " + record.keystore + " is locked: see the log of the start");
    }
    record = Sealed(record, *lock.sealer);
    return Ok();
  }

  const std::unique_ptr<Keystore> engine_;
  const std::vector<KeystorePassword> passwords_;
  // Of keystores with a password in the configuration, or with the setting. The main thread's until
  // the first Commit, then the loop's.
  std::map<std::string, Lock> locks_;
};

}  // namespace

std::unique_ptr<Keystore> MakeSealedKeystore(std::unique_ptr<Keystore> engine,
                                             std::vector<KeystorePassword> passwords) {
  return std::make_unique<SealedKeystore>(std::move(engine), std::move(passwords));
}

}  // namespace gw

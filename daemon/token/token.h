// Room: token. One slot with its token: objects, label, and the ways to the HSM and to the
// keystore.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/keystore/keystore.h"
#include "daemon/mechanism/offered_mechanisms.h"
#include "daemon/token/hsm_watch.h"
#include "daemon/token/object_index.h"
#include "daemon/token/random_pool.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

// What a token keeps in the keystore beside its objects. Names are "slot.<n>.<setting>".
enum class TokenSetting : std::uint8_t {
  kLabel,            // 32 octets, blank padded; its presence says that C_InitToken was done
  kSecurityOfficer,  // IAM name of the SO that initialised the token
  kSoPin,            // scrypt verifiers, without IAM only
  kUserPin,
  kSoFailures,  // one octet: wrong PINs in a row, without IAM only
  kUserFailures,
  kRotation,  // the master key is being changed: the id of the next one; one octet: not known yet
  kRotationSessionKeys,  // session keys with both blobs (session_key_list.h)
};

// On whose request a change is made, where it must not be made twice.
struct Requested {
  std::optional<RequestId> id;
  bool whole = true;  // false: the request makes more than what the keystore stores
};

// Thread: the silo. Lives as long as the daemon.
class Token {
 public:
  // `identities` is null where IAM is switched off.
  Token(TokenConfig config, HsmClient& hsm, IdentityProvider* identities, Keystore& keystore);

  // Where changes of the objects are counted.
  void CountIn(Epoch& epoch) { objects_.CountIn(epoch); }

  // Takes this slot's records out of what the keystore held at start, and its settings over.
  void Adopt(KeystoreContents& contents);

  SlotId slot() const { return SlotId{config_.slot}; }
  const TokenConfig& config() const { return config_; }
  HsmClient& hsm() const { return hsm_; }
  IdentityProvider* identities() const { return identities_; }
  const ObjectIndex& objects() const { return objects_; }
  RandomPool& random() const { return *random_; }
  HsmWatch& watch() const { return *watch_; }

  // The keystore UUID for a private or public token object.
  const std::string& KeystoreFor(bool is_private) const {
    return is_private ? config_.private_keystore : config_.public_keystore;
  }

  // Of authenticated keystores.
  //   pin_for  LoginPinFor of localcrypto: slow, so this comes before the loop runs
  void MakeLogins(SecretBytes (*pin_for)(ByteView password, std::string_view keystore));
  // What a key of that keystore is bound to; nullptr: to nothing.
  HsmLogin* login(bool is_private) { return logins_[is_private ? 1 : 0].get(); }
  // Normal users that are logged in, of all applications: while there are any, the private keystore
  // has its session. The one that leaves says under whose name the last one closes it.
  void UserCame();
  void UserLeft(IdentityPtr identity);

  KeystoreAccess AccessTo(bool is_private) const {
    return keystore_.AccessTo(KeystoreFor(is_private));
  }

  // Each of these is durable when it completes, and only then seen by finds.
  //   errors  as Keystore::Commit
  // Inserts the objects (all or none); returns them with their numbers, in the same order.
  Awaitable<Result<std::vector<ObjectPtr>>> Insert(std::vector<Object> objects,
                                                   Requested requested = {});
  // Replaces `object` by a version with other attributes or another key blob.
  Awaitable<Result<ObjectPtr>> Replace(ObjectPtr object, AttributeList attributes, KeyBlob key,
                                       Requested requested = {});
  // The objects with other key blobs (SetKeys) and nothing else changed, all or none.
  //   errors  also CKR_DEVICE_ERROR where an object was changed or removed meanwhile
  Awaitable<Status> Rewrap(std::vector<ObjectPtr> objects);
  Awaitable<Status> Remove(std::uint64_t number, Requested requested = {});
  // C_InitToken: both keystores emptied, settings written.
  Awaitable<Status> Initialise(std::map<TokenSetting, Bytes> settings, Requested requested = {});
  Awaitable<Status> Store(std::map<TokenSetting, Bytes> settings, Requested requested = {});

  // Removes what the first try of `request` stored, and forgets that try, so that it can be done
  // anew.
  Awaitable<Status> TakeBack(RequestId request);

  // Tells the HSM's client of an object with two key blobs that came back.
  void Meet(const Object& object) const;
  // The same for one that its application brings back, perhaps as it was long ago: if its blobs are
  // known by now, it gets them. True: it got others than it had.
  bool MeetAgain(Object& object) const;
  // Gives a new or changed object the blob that the HSM takes now, and the other one beside it. A
  // change that began before a switch must not take it back.
  void Settle(Object& object) const;

  // As Keystore::AnswerTo.
  const FirstAnswer* AnswerTo(const RequestId& request) const {
    return keystore_.AnswerTo(request);
  }

  // nullptr: never stored.
  const Bytes* Setting(TokenSetting setting) const;
  bool initialised() const { return Setting(TokenSetting::kLabel) != nullptr; }

  // The identity of applications that did not log in: from the configured API key, fetched once
  // when first needed.
  //   returns  nullptr where IAM is switched off
  //   errors   CKR_USER_NOT_LOGGED_IN  no key configured, or IAM refuses it
  //            CKR_DEVICE_ERROR        IAM or HSM not reachable
  Awaitable<Result<IdentityPtr>> AnonymousIdentity(Deadline deadline);
  // The same without waiting; nullopt: it must be fetched first.
  std::optional<IdentityPtr> AnonymousIdentityNow() const;

  // Mechanisms that the HSM offers. They change with its control points (behaviour R186), so they
  // are asked for again when they are old, or doubtful.
  OfferedMechanisms mechanisms;
  SteadyTime mechanisms_asked_at{};
  // An answer of the HSM has shown that it may be another one by now.
  bool mechanisms_doubtful = false;

  // The key under which keys in clear come into the HSM (ops/import_key.h): made when the first
  // comes, kept here alone.
  std::optional<KeyBlob> import_key;

  // Open sessions of all applications, for CK_TOKEN_INFO and C_InitToken.
  std::uint64_t sessions = 0;
  std::uint64_t read_write_sessions = 0;

 private:
  std::string NameOf(TokenSetting setting) const;
  Awaitable<Status> CommitSettings(Mutation mutation, std::map<TokenSetting, Bytes> settings);

  TokenConfig config_;
  HsmClient& hsm_;
  IdentityProvider* identities_;
  Keystore& keystore_;
  ObjectIndex objects_;
  std::shared_ptr<RandomPool> random_;
  std::shared_ptr<HsmWatch> watch_;
  std::map<TokenSetting, Bytes> settings_;
  IdentityPtr anonymous_;
  std::array<std::unique_ptr<HsmLogin>, 2> logins_;  // public, private
};

// For calls that give no PIN: an error about one would mislead the application, and becomes
// CKR_USER_NOT_LOGGED_IN (behaviour R320). True: it was one.
bool WithoutPin(Error& error);

}  // namespace gw

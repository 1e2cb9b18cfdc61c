// Room: upstream. The remote HSM in domain types only, so that another protocol could stand behind
// it. ops/ and token/ include this header and no other of the room. Thread: the silo's loop.
// References are borrowed until the awaitable completes: callers await at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/async.h"
#include "daemon/core/attribute_list.h"
#include "daemon/core/bytes.h"
#include "daemon/core/key_blob.h"
#include "daemon/core/key_twins.h"
#include "daemon/core/result.h"
#include "daemon/mechanism/mechanism.h"

namespace gw {

// Somebody whom IAM knows: holds the API key (locked memory) and the shared bearer token made from
// it. Equal keys share one Identity, so a login that repeats a key costs no request. Dropping the
// last reference wipes the key.
class Identity {
 public:
  virtual ~Identity() = default;
  // IAM's name of the caller ("iam_id" of the token); for logs and for binding the SO to a token.
  // May be empty.
  virtual std::string_view name() const = 0;
  // For the application's own record of its login, which only the daemon can read. Valid while this
  // lives.
  virtual ByteView api_key() const = 0;
};
using IdentityPtr = std::shared_ptr<Identity>;

class IdentityProvider {
 public:
  virtual ~IdentityProvider() = default;
  // Exchanges an API key for a token, or finds it in the cache (constant-time comparison), and
  // makes sure once per key that the HSM accepts the token.
  //   errors  CKR_PIN_INCORRECT  IAM or the HSM refuses the key
  //           CKR_PIN_LOCKED     IAM says that the key is locked or disabled
  //           CKR_DEVICE_ERROR   IAM or the HSM cannot be reached before `deadline`
  //   source  behaviour R74, R76, R310-R313
  virtual Awaitable<Result<IdentityPtr>> Authenticate(SecretBytes api_key, Deadline deadline) = 0;
};

// A login session of the HSM, which an authenticated keystore has (wire sheet 9). Store and PIN
// alone say which one it is, on every host; keys that are bound to it are of use while it is open.
// Lives as long as the daemon.
struct HsmLogin {
  Bytes store;  // the keystore's UUID, 16 octets
  SecretBytes pin;
  std::uint32_t users = 0;  // who wants it open; without any it is not opened again
};

// For whom a request is made, and how long it may take.
struct HsmCall {
  IdentityPtr
      identity;  // empty: no bearer token (mutual TLS, or a loopback server without authentication)
  std::uint64_t application = 0;  // queue of the fair admission
  Deadline deadline;
  HsmLogin* binds = nullptr;             // a key that is made is bound to it; null: to none
  std::array<HsmLogin*, 2> logins = {};  // opened again where a key needs one of them
};

enum class KeyOperation : std::uint8_t { kEncrypt, kDecrypt, kSign, kVerify };

// The HSM's sealed state of a multi-part operation; replaced by each Update.
struct OperationState {
  Bytes octets;
};

struct UpdateResult {
  OperationState state;
  Bytes output;  // empty for sign and verify
};
struct MadeKey {
  KeyBlob key;
  Bytes check_sum;  // wire sheet 3.7; for a private key: MACed SPKI of its public half, then 4
                    // bytes bit count
};
struct MadeKeyPair {
  KeyBlob private_key;
  KeyBlob public_key;  // SPKI and MAC trailer
};

// One token's HSM. Every method: errors are the HSM's own CK_RV unchanged where it sent one, else
// by status_map:
//   CKR_DEVICE_ERROR        not reachable, garbage reply, or no answer before the deadline
//   CKR_USER_NOT_LOGGED_IN  no or not enough rights, after one renewal of the token
//   CKR_DEVICE_MEMORY       refused for its load after retries
// Requests are retried until the deadline while endpoints are away, also when nobody knows whether
// they ran: the HSM keeps nothing of what it makes.
class HsmClient {
 public:
  virtual ~HsmClient() = default;

  // False: the last requests have shown that the HSM does not answer. Only requests find that out,
  // and that it does again.
  virtual bool answers() const = 0;

  // EncryptSingle, DecryptSingle, SignSingle. Result: the output octets.
  virtual Awaitable<Result<Bytes>> Single(const HsmCall& call, KeyOperation operation,
                                          const Mechanism& mechanism, const KeyBlob& key,
                                          ByteView data) = 0;
  virtual Awaitable<Status> VerifySingle(const HsmCall& call, const Mechanism& mechanism,
                                         const KeyBlob& key, ByteView data, ByteView signature) = 0;
  virtual Awaitable<Result<Bytes>> DigestSingle(const HsmCall& call, const Mechanism& mechanism,
                                                ByteView data) = 0;

  // A digest in parts. Each step gives the state for the next.
  virtual Awaitable<Result<OperationState>> DigestInit(const HsmCall& call,
                                                       const Mechanism& mechanism) = 0;
  virtual Awaitable<Result<OperationState>> DigestUpdate(const HsmCall& call,
                                                         const OperationState& state,
                                                         ByteView data) = 0;
  virtual Awaitable<Result<OperationState>> DigestKey(const HsmCall& call,
                                                      const OperationState& state,
                                                      const KeyBlob& key) = 0;
  virtual Awaitable<Result<Bytes>> DigestFinal(const HsmCall& call,
                                               const OperationState& state) = 0;

  virtual Awaitable<Result<OperationState>> Init(const HsmCall& call, KeyOperation operation,
                                                 const Mechanism& mechanism,
                                                 const KeyBlob& key) = 0;
  virtual Awaitable<Result<UpdateResult>> Update(const HsmCall& call, KeyOperation operation,
                                                 const OperationState& state, ByteView data) = 0;
  // EncryptFinal, DecryptFinal, SignFinal.
  virtual Awaitable<Result<Bytes>> Final(const HsmCall& call, KeyOperation operation,
                                         const OperationState& state) = 0;
  virtual Awaitable<Status> VerifyFinal(const HsmCall& call, const OperationState& state,
                                        ByteView signature) = 0;

  virtual Awaitable<Result<MadeKey>> GenerateKey(const HsmCall& call, const Mechanism& mechanism,
                                                 const AttributeList& attributes) = 0;
  virtual Awaitable<Result<MadeKeyPair>> GenerateKeyPair(
      const HsmCall& call, const Mechanism& mechanism, const AttributeList& public_attributes,
      const AttributeList& private_attributes) = 0;
  virtual Awaitable<Result<Bytes>> WrapKey(const HsmCall& call, const Mechanism& mechanism,
                                           const KeyBlob& wrapping_key, const KeyBlob& key) = 0;
  virtual Awaitable<Result<MadeKey>> UnwrapKey(const HsmCall& call, const Mechanism& mechanism,
                                               const KeyBlob& unwrapping_key, ByteView wrapped,
                                               const AttributeList& attributes) = 0;
  virtual Awaitable<Result<MadeKey>> DeriveKey(const HsmCall& call, const Mechanism& mechanism,
                                               const KeyBlob& base_key,
                                               const AttributeList& attributes) = 0;
  // Booleans of the blob; returns the blob that replaces `key`.
  virtual Awaitable<Result<KeyBlob>> SetAttributeValue(const HsmCall& call, const KeyBlob& key,
                                                       const AttributeList& attributes) = 0;

  // Makes sure that the session is open; one that is costs nothing. Where the HSM loses it later, a
  // request whose `logins` have it opens it again. An HSM that offers no login sessions has nothing
  // to open, and its keys are bound to none.
  virtual Awaitable<Status> LogIn(const HsmCall& /*call*/, HsmLogin& /*login*/) { co_return Ok(); }
  // Closes the session wherever LogIn() or a request has opened it, for everybody, unless it has
  // users by then. Does not wait: what goes wrong is in the log.
  virtual void LogOut(IdentityPtr /*identity*/, HsmLogin& /*login*/) {}

  virtual Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> GetMechanismList(
      const HsmCall& call) = 0;
  virtual Awaitable<Result<MechanismFacts>> GetMechanismInfo(const HsmCall& call,
                                                             CK_MECHANISM_TYPE type) = 0;
  // 1..1,000,000 octets.
  virtual Awaitable<Result<Bytes>> GenerateRandom(const HsmCall& call, std::uint32_t bytes) = 0;

  // -- when the HSM's master key is changed. A request whose keys it does not take is sent with
  // their twins, as long as gateway.times.master_key says, then CKR_DEVICE_ERROR.
  virtual KeyTwins& twins() = 0;
  // The harmless request that finds out which twin the HSM takes.
  virtual Awaitable<Status> LookAtKey(const HsmCall& call, const KeyBlob& key) = 0;
  // `key` under the master key that is committed and not active yet.
  //   errors  CKR_IBM_WK_NOT_INITIALIZED  there is none
  //           CKR_IBM_WKID_MISMATCH       `key` is not under the present master key
  virtual Awaitable<Result<KeyBlob>> RewrapKeyBlob(const HsmCall& call, const KeyBlob& key) = 0;
};

}  // namespace gw

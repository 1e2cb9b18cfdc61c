// Room: keystore. May include: core. Where token objects live. Three engines stand behind this
// interface: memory (tests), SQLite (one host), PostgreSQL (many hosts).
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/async.h"
#include "daemon/core/attribute_list.h"
#include "daemon/core/key_blob.h"
#include "daemon/core/result.h"

namespace gw {

// One token object as it is stored.
struct Record {
  std::uint64_t number = 0;   // given by the keystore at insertion, never reused; 0 = insert
  std::string keystore;       // tokenspaceID: UUID in lower case
  AttributeList attributes;   // complete, CKA_CLASS included
  KeyBlob key;                // empty for certificates and data
  KeyBlob other{};            // `key` under another master key of the HSM: the one to come, or
                              // after the switch the one that was; empty: none
  std::uint64_t version = 0;  // raised by each update; an update of any other version than the
                              // stored one + 1 is refused
};

// Names one request of one application, for ever: the shim never uses a number twice.
struct RequestId {
  std::array<Byte, 16> application{};
  std::uint64_t number = 0;
  auto operator<=>(const RequestId&) const = default;
};

// What one call changes. All of it happens, durably, or none.
struct Mutation {
  std::vector<Record> puts;               // number 0: insert; else replace
  std::vector<Record> rewraps;            // replace, and keep the version: it must be the stored
                                          // one. For what callers do not see: key blobs
  std::vector<std::uint64_t> removes;     // record numbers
  std::vector<std::string> wipes;         // keystores to empty; done first
  std::map<std::string, Bytes> settings;  // name -> value; an empty value deletes
  // Remembered with the change, so that the request is never done twice.
  std::optional<RequestId> request;
  bool whole = true;  // false: the call makes more than this, which is not kept here
  // Forgotten with the change: what it had done is taken back, and it may be done anew.
  std::optional<RequestId> forgets;
};

// What was remembered of a request that was done.
struct FirstAnswer {
  std::vector<std::uint64_t> inserted;  // numbers of the records it inserted, in their order
  bool whole = true;
};

// Whether the objects of a keystore can be used (behaviour R286, R288). Engines give access to all;
// passwords stand in front of them (sealing/sealed_keystore.h).
enum class KeystoreAccess : std::uint8_t {
  kGranted,
  kWrongPassword,     // authenticated, with another password than the configured one
  kNoPassword,        // authenticated, and none is configured
  kNotAuthenticated,  // a password is configured, and the keystore was made without
};

// Everything at start.
struct KeystoreContents {
  std::vector<Record> records;
  std::map<std::string, Bytes> settings;
  // Rows that failed their integrity tag or could not be decoded: left alone in the store, named
  // here for log and audit.
  std::vector<std::string> refused;
};

// Thread: Load before the loop runs; Commit on the loop. Blocking file work happens on the
// keystore's own thread.
class Keystore {
 public:
  virtual ~Keystore() = default;

  // errors  CKR_DEVICE_ERROR  the store cannot be opened or is corrupt; the detail says what to do;
  // nothing is changed
  virtual Result<KeystoreContents> Load() = 0;

  // Completes when the change is on disk. Mutations that wait together become one transaction; each
  // keeps its own result. A request that was done before is not done again, however close the two
  // follow each other: it gets the first numbers.
  //   returns  the numbers of the inserted records, in the order of puts (replaced ones included
  //            with their number)
  //   errors   CKR_DEVICE_MEMORY  disk full
  //            CKR_DEVICE_ERROR   locked, read-only, I/O error, lost version race, or a request
  //                               number that was used for another change; nothing changed
  virtual Awaitable<Result<std::vector<std::uint64_t>>> Commit(Mutation mutation) = 0;

  // The answer to a request that was done in the last kRequestMemory, by this daemon or one before;
  // nullptr: it was not done. Valid until the next Commit. Thread: the loop.
  virtual const FirstAnswer* AnswerTo(const RequestId& request) const = 0;
  static constexpr std::chrono::minutes kRequestMemory{10};

  // Known after Load.
  virtual KeystoreAccess AccessTo(const std::string& /*keystore*/) const {
    return KeystoreAccess::kGranted;
  }

  // Finishes what was accepted, then stops the thread. No Commit may follow.
  virtual void Stop() = 0;
};

}  // namespace gw

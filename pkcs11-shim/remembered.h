// Room: pkcs11-shim. The Init functions that the daemon has accepted, each with the moment at which
// it did. In the same moment it would accept them again, whatever the session, if only its token is
// the same: the body names mechanism and key, and what a key may do does not depend on the session.
// So one answer serves all the sessions of an application, those that are opened later too.
//
// A forked child finds what its parent remembered, of an incarnation that is not its own.
// Callers see to it that one thread at a time is in here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pkcs11-shim/operations.h"
#include "proto/wire/codec.h"

namespace gw::shim {

// When an answer was true.
struct Moment {
  uint64_t epoch = 0;        // of the daemon; 0: nothing is to be remembered
  uint32_t incarnation = 0;  // of the daemon
  uint32_t generation = 0;   // of this application's own changes

  bool Is(const Moment& other) const {
    return epoch != 0 && epoch == other.epoch && incarnation == other.incarnation &&
           generation == other.generation;
  }
};

class Remembered {
 public:
  constexpr Remembered() = default;
  Remembered(const Remembered&) = delete;
  Remembered& operator=(const Remembered&) = delete;

  // Longer bodies are rare, and not remembered.
  static constexpr size_t kMostBytes = 96;

  bool Has(Kind kind, uint64_t slot, wire::Octets init, const Moment& now) const;
  // In the place of another one, maybe. Nothing without memory.
  void Put(Kind kind, uint64_t slot, wire::Octets init, const Moment& then);
  void Forget(Kind kind, uint64_t slot, wire::Octets init);
  void Drop();

 private:
  struct Entry {
    Moment then;
    uint64_t slot;
    Kind kind;
    uint8_t size;
    uint8_t init[kMostBytes];

    bool Holds(Kind that, uint64_t slot_number, wire::Octets octets) const;
  };
  static constexpr size_t kEntries = 64;
  static constexpr size_t kBytes = kEntries * sizeof(Entry);
  static_assert(sizeof(Entry) == 128);

  static size_t PlaceOf(Kind kind, uint64_t slot, wire::Octets init);

  Entry* entries_ = nullptr;
};

}  // namespace gw::shim

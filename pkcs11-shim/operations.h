// Room: pkcs11-shim. What the shim must know of the operations of its sessions: the body of an
// accepted Init function and the input of the Updates since, while the operation can be begun again
// from them, the handles that a search has found and not handed out, and the slot of each session
// that was opened. With them an operation goes on after a restart of the daemon, and in a forked
// child, which inherits the table as it is at that instant (the rules of vault.h: one pointer, and
// a slot's phase is stored after its contents).
//
// Callers see to it that one thread at a time is in here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pkcs11-shim/ck.h"
#include "proto/wire/codec.h"

namespace gw::shim {

enum class Kind : uint8_t {
  kSearch,
  kEncrypt,
  kDecrypt,
  kDigest,
  kSign,
  kVerify,
  kSignRecover,
  kVerifyRecover,
  kSession,
};
inline constexpr int kKinds = 9;

// What a function is to the operation of its kind.
enum class Part : uint8_t {
  kNone,
  kInit,
  kWhole,
  kUpdate,
  kKey,  // C_DigestKey: an Update with input that only the daemon has
  kFinal,
};

struct Role {
  Kind kind = Kind::kSearch;
  Part part = Part::kNone;
};

// Searches have rules of their own (calls_objects.cc), so their functions have no part here.
Role RoleOf(wire::Function function);
wire::Function InitOf(Kind kind);
wire::Function UpdateOf(Kind kind);

// An operation with more than this, Init and input together, cannot be begun again: it does not
// survive the daemon.
inline constexpr size_t kMostKept = size_t{64} << 10;
static_assert(kMostKept + 2 * sizeof(uint32_t) <= wire::kMaxAheadBytes);

class Operations {
 public:
  enum class Phase : uint32_t {
    kEmpty = 0,
    kDead,   // of a session that is gone
    kIdle,   // no operation
    kBegun,  // after Init, perhaps Updates, all of which is kept
    kPast,   // more than can be kept: it lives in the daemon alone
  };

  // In the place of an incarnation: the shim has answered the Init, and no daemon knows of the
  // operation. It is begun ahead of the function that follows.
  static constexpr uint32_t kNoDaemon = 0;
  // The same of an operation that a forked child found: it goes on, and an Init of the child's
  // takes its place.
  static constexpr uint32_t kParents = UINT32_MAX;

  // Valid until the next change.
  struct Operation {
    Phase phase = Phase::kEmpty;
    uint32_t incarnation = 0;  // of the daemon that it was begun with
    uint32_t turn = 0;         // counts the operations of that kind in the session
    uint32_t calls = 0;        // on their way, of that kind in the session
    bool ahead = false;        // kBegun, of kNoDaemon
    wire::Octets init;         // of kBegun; empty if it was too long to keep
    wire::Octets fed;          // input of its Updates
  };

  struct Search {
    bool active = false;
    bool complete = false;  // the daemon has no more than these
    uint32_t left = 0;
    const uint8_t* next = nullptr;  // `left` handles, 8 octets each, in native order
  };

  constexpr Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  // Before an Init is sent: room for what will be kept. What follows changes nothing unless it was
  // called and the session has not been ended since. False without memory.
  bool Expect(uint64_t session, Kind kind);

  Operation Find(uint64_t session, Kind kind) const;
  void Begin(uint64_t session, Kind kind, uint32_t incarnation, wire::Octets init);
  // Goes on from what is kept, with another daemon.
  void BeginAgain(uint64_t session, Kind kind, uint32_t incarnation);
  // An Update has taken `input`.
  void Feed(uint64_t session, Kind kind, uint32_t incarnation, wire::Octets input);
  // It has taken what is not known here: it lives in the daemon alone.
  void Outgrow(uint64_t session, Kind kind, uint32_t incarnation);
  void End(uint64_t session, Kind kind);

  // A call of the kind is on its way, and back.
  bool Enter(uint64_t session, Kind kind);
  void Leave(uint64_t session, Kind kind);

  // One of those that no daemon knows of, in another session than `except`; if there is a choice,
  // one that no call is on its way with.
  struct Ahead {
    bool found = false;
    bool busy = false;
    uint64_t session = 0;
    Kind kind = Kind::kSearch;
  };
  Ahead FindAhead(uint64_t except) const;

  // The slot of a session that is open. False without memory.
  bool KeepSession(uint64_t session, uint64_t slot);
  bool FindSlot(uint64_t session, uint64_t* slot) const;

  Search FindSearch(uint64_t session) const;
  // At most kMaxFoundAtOnce handles. False without memory.
  bool BeginSearch(uint64_t session, wire::Octets handles, bool complete);
  void Advance(uint64_t session, uint32_t handles);

  void EndSession(uint64_t session);
  void Drop();

  // In a forked child: the calls on their way are the parent's.
  void Inherit();

  size_t MappedBytes() const;

 private:
  // Most of what is kept lies in the slot itself; what is longer, in memory of its own.
  struct Slot {
    uint64_t session;
    uint8_t* large;
    Phase phase;
    uint32_t incarnation;
    uint32_t size;
    uint32_t at;  // of a search: octets handed out; of others: where the input begins
    uint32_t large_bytes;
    uint32_t turn;
    uint16_t calls;
    Kind kind;
    bool complete;
    uint8_t small[124];
  };
  static_assert(sizeof(Slot) == 168);

  // The slots follow.
  struct Table {
    uint32_t capacity;  // a power of two
    uint32_t used;      // slots that were ever written
    uint32_t bytes_mapped;
    uint32_t unused;
  };

  static Slot* Slots(Table* table) { return reinterpret_cast<Slot*>(table + 1); }
  static Table* MakeTable(uint32_t capacity);
  static Slot* FreeSlot(Table* table, uint64_t session, Kind kind);
  static bool IsAhead(const Slot& slot);
  void Become(Slot* slot, Phase phase, uint32_t incarnation);
  void Bury(Slot* slot);
  static const uint8_t* Kept(const Slot& slot);
  static bool Reserve(Slot* slot, size_t bytes);
  bool Fill(Slot* slot, uint32_t incarnation, wire::Octets octets);
  static bool Append(Slot* slot, wire::Octets octets);
  static void Wipe(Slot* slot);
  Slot* SlotOf(uint64_t session, Kind kind) const;
  bool Rebuild();

  Table* table_ = nullptr;
  uint32_t ahead_ = 0;  // operations that no daemon knows of
};

}  // namespace gw::shim

// Room: pkcs11-shim. Touches anonymous memory only. A hash table with open addressing.
#include "pkcs11-shim/operations.h"

#include <string.h>

#include "pkcs11-shim/memory.h"

namespace gw::shim {
namespace {

using wire::Function;

constexpr uint32_t kFirstCapacity = 64;
constexpr size_t kPage = 4096;

struct Family {
  Kind kind;
  Function init;
  Function whole;
  Function update;
  Function final;
};
constexpr Family kFamilies[] = {
    {Kind::kEncrypt, Function::C_EncryptInit, Function::C_Encrypt, Function::C_EncryptUpdate,
     Function::C_EncryptFinal},
    {Kind::kDecrypt, Function::C_DecryptInit, Function::C_Decrypt, Function::C_DecryptUpdate,
     Function::C_DecryptFinal},
    {Kind::kDigest, Function::C_DigestInit, Function::C_Digest, Function::C_DigestUpdate,
     Function::C_DigestFinal},
    {Kind::kSign, Function::C_SignInit, Function::C_Sign, Function::C_SignUpdate,
     Function::C_SignFinal},
    {Kind::kVerify, Function::C_VerifyInit, Function::C_Verify, Function::C_VerifyUpdate,
     Function::C_VerifyFinal},
    // These have no parts.
    {Kind::kSignRecover, Function::C_SignRecoverInit, Function::C_SignRecover,
     Function::C_SignRecover, Function::C_SignRecover},
    {Kind::kVerifyRecover, Function::C_VerifyRecoverInit, Function::C_VerifyRecover,
     Function::C_VerifyRecover, Function::C_VerifyRecover},
};

uint32_t PlaceOf(uint64_t session, Kind kind, uint32_t capacity) {
  const uint64_t key = session * kKinds + static_cast<uint64_t>(kind);
  return static_cast<uint32_t>((key * 0x9E37'79B9'7F4A'7C15) >> 32) & (capacity - 1);
}

size_t RoundUp(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

Role RoleOf(Function function) {
  if (function == Function::C_DigestKey) return {Kind::kDigest, Part::kKey};
  for (const Family& family : kFamilies) {
    if (function == family.init) return {family.kind, Part::kInit};
    if (function == family.whole) return {family.kind, Part::kWhole};
    if (function == family.update) return {family.kind, Part::kUpdate};
    if (function == family.final) return {family.kind, Part::kFinal};
  }
  return {};
}

Function InitOf(Kind kind) {
  for (const Family& family : kFamilies)
    if (family.kind == kind) return family.init;
  return Function::C_FindObjectsInit;
}

Function UpdateOf(Kind kind) {
  for (const Family& family : kFamilies)
    if (family.kind == kind) return family.update;
  return Function::C_FindObjects;
}

Operations::Table* Operations::MakeTable(uint32_t capacity) {
  const size_t bytes = RoundUp(sizeof(Table) + capacity * sizeof(Slot));
  if (bytes > UINT32_MAX) return nullptr;
  auto* table = reinterpret_cast<Table*>(MapMemory(bytes));
  if (table == nullptr) return nullptr;
  table->capacity = capacity;
  table->bytes_mapped = static_cast<uint32_t>(bytes);
  return table;
}

Operations::Slot* Operations::SlotOf(uint64_t session, Kind kind) const {
  if (table_ == nullptr) return nullptr;
  const uint32_t mask = table_->capacity - 1;
  for (uint32_t i = PlaceOf(session, kind, table_->capacity);; i = (i + 1) & mask) {
    Slot& slot = Slots(table_)[i];
    if (slot.phase == Phase::kEmpty) return nullptr;
    if (slot.phase != Phase::kDead && slot.session == session && slot.kind == kind) return &slot;
  }
}

// A place for a key that is not there yet. The table is never full.
Operations::Slot* Operations::FreeSlot(Table* table, uint64_t session, Kind kind) {
  const uint32_t mask = table->capacity - 1;
  for (uint32_t i = PlaceOf(session, kind, table->capacity);; i = (i + 1) & mask) {
    Slot& slot = Slots(table)[i];
    if (slot.phase == Phase::kEmpty) ++table->used;
    if (slot.phase <= Phase::kDead) return &slot;
  }
}

// A new table with the living slots alone, twice as large as they need.
bool Operations::Rebuild() {
  uint32_t living = 0;
  for (uint32_t i = 0; table_ != nullptr && i < table_->capacity; ++i)
    living += Slots(table_)[i].phase > Phase::kDead;
  uint32_t capacity = kFirstCapacity;
  while (capacity < 2 * living) capacity *= 2;
  Table* fresh = MakeTable(capacity);
  if (fresh == nullptr) return false;
  for (uint32_t i = 0; table_ != nullptr && i < table_->capacity; ++i) {
    const Slot& slot = Slots(table_)[i];
    if (slot.phase > Phase::kDead) *FreeSlot(fresh, slot.session, slot.kind) = slot;
  }
  Table* old = table_;
  Publish(&table_, fresh);
  if (old != nullptr) UnmapMemory(old, old->bytes_mapped);
  return true;
}

bool Operations::Expect(uint64_t session, Kind kind) {
  if (SlotOf(session, kind) != nullptr) return true;
  const bool full = table_ == nullptr || table_->used >= table_->capacity / 4 * 3;
  if (full && !Rebuild()) return false;
  Slot* slot = FreeSlot(table_, session, kind);
  slot->session = session;
  slot->kind = kind;
  slot->size = 0;
  slot->turn = 0;
  slot->calls = 0;
  Publish(&slot->phase, Phase::kIdle);
  return true;
}

const uint8_t* Operations::Kept(const Slot& slot) {
  return slot.size > sizeof(slot.small) ? slot.large : slot.small;
}

// Room for `bytes` in all; what is kept is in the new place before that place is published. Memory
// that was needed once stays with the slot.
bool Operations::Reserve(Slot* slot, size_t bytes) {
  if (bytes <= sizeof(slot->small)) return true;
  if (bytes > slot->large_bytes) {
    uint8_t* old = slot->large;
    const size_t old_bytes = slot->large_bytes;
    uint8_t* large = MapMemory(RoundUp(bytes));
    if (large == nullptr) return false;
    if (slot->size != 0) memcpy(large, Kept(*slot), slot->size);
    Publish(&slot->large, large);
    Publish(&slot->large_bytes, static_cast<uint32_t>(RoundUp(bytes)));
    if (old != nullptr) explicit_bzero(old, old_bytes);
    UnmapMemory(old, old_bytes);
  } else if (slot->size <= sizeof(slot->small) && slot->size != 0) {
    memcpy(slot->large, slot->small, slot->size);
  }
  return true;
}

bool Operations::Append(Slot* slot, wire::Octets octets) {
  if (octets.size == 0) return true;
  const size_t size = slot->size + octets.size;
  if (!Reserve(slot, size)) return false;
  uint8_t* to = size > sizeof(slot->small) ? slot->large : slot->small;
  memcpy(to + slot->size, octets.data, octets.size);
  Publish(&slot->size, static_cast<uint32_t>(size));
  return true;
}

// Input may be somebody's secret.
void Operations::Wipe(Slot* slot) {
  explicit_bzero(slot->small, sizeof(slot->small));
  if (slot->size > sizeof(slot->small)) explicit_bzero(slot->large, slot->size);
  slot->size = 0;
}

bool Operations::IsAhead(const Slot& slot) {
  return slot.phase == Phase::kBegun && slot.incarnation == kNoDaemon &&
         slot.kind != Kind::kSearch && slot.kind != Kind::kSession;
}

// Every change of phase and incarnation.
void Operations::Become(Slot* slot, Phase phase, uint32_t incarnation) {
  ahead_ -= IsAhead(*slot);
  slot->incarnation = incarnation;
  Publish(&slot->phase, phase);
  ahead_ += IsAhead(*slot);
}

bool Operations::Fill(Slot* slot, uint32_t incarnation, wire::Octets octets) {
  Become(slot, Phase::kIdle, incarnation);
  Wipe(slot);
  slot->at = 0;
  return Append(slot, octets);
}

void Operations::Bury(Slot* slot) {
  Become(slot, Phase::kDead, kNoDaemon);
  Wipe(slot);
  uint8_t* large = slot->large;
  const size_t bytes = slot->large_bytes;
  Publish(&slot->large_bytes, uint32_t{0});
  Publish(&slot->large, static_cast<uint8_t*>(nullptr));
  UnmapMemory(large, bytes);
}

Operations::Operation Operations::Find(uint64_t session, Kind kind) const {
  const Slot* slot = SlotOf(session, kind);
  if (slot == nullptr) return {};
  const uint8_t* kept = Kept(*slot);
  return {.phase = slot->phase,
          .incarnation = slot->incarnation,
          .turn = slot->turn,
          .calls = slot->calls,
          .ahead = IsAhead(*slot),
          .init = {kept, slot->at},
          .fed = {kept + slot->at, slot->size - slot->at}};
}

void Operations::Begin(uint64_t session, Kind kind, uint32_t incarnation, wire::Octets init) {
  Slot* slot = SlotOf(session, kind);
  if (slot == nullptr) return;
  // Without memory for it the operation lives, but it cannot be begun again.
  if (init.size > kMostKept || !Fill(slot, incarnation, init)) Fill(slot, incarnation, {});
  slot->at = slot->size;
  ++slot->turn;
  Become(slot, slot->size != 0 ? Phase::kBegun : Phase::kPast, incarnation);
}

void Operations::Feed(uint64_t session, Kind kind, uint32_t incarnation, wire::Octets input) {
  Slot* slot = SlotOf(session, kind);
  if (slot == nullptr || slot->phase <= Phase::kIdle) return;
  const bool kept =
      slot->phase == Phase::kBegun && slot->size + input.size <= kMostKept && Append(slot, input);
  if (!kept) return Outgrow(session, kind, incarnation);
  Become(slot, Phase::kBegun, incarnation);
}

void Operations::Outgrow(uint64_t session, Kind kind, uint32_t incarnation) {
  Slot* slot = SlotOf(session, kind);
  if (slot == nullptr || slot->phase <= Phase::kIdle) return;
  Become(slot, Phase::kPast, incarnation);
  Wipe(slot);
  slot->at = 0;
}

void Operations::BeginAgain(uint64_t session, Kind kind, uint32_t incarnation) {
  Slot* slot = SlotOf(session, kind);
  if (slot != nullptr && slot->phase == Phase::kBegun) Become(slot, Phase::kBegun, incarnation);
}

void Operations::End(uint64_t session, Kind kind) {
  Slot* slot = SlotOf(session, kind);
  if (slot == nullptr) return;
  Become(slot, Phase::kIdle, slot->incarnation);
  Wipe(slot);
}

bool Operations::Enter(uint64_t session, Kind kind) {
  Slot* slot = SlotOf(session, kind);
  if (slot != nullptr) ++slot->calls;
  return slot != nullptr;
}

void Operations::Leave(uint64_t session, Kind kind) {
  Slot* slot = SlotOf(session, kind);
  if (slot != nullptr && slot->calls != 0) --slot->calls;
}

Operations::Ahead Operations::FindAhead(uint64_t except) const {
  Ahead found;
  for (uint32_t i = 0; ahead_ != 0 && i < table_->capacity; ++i) {
    const Slot& slot = Slots(table_)[i];
    if (!IsAhead(slot) || slot.session == except) continue;
    found = {true, slot.calls != 0, slot.session, slot.kind};
    if (!found.busy) break;
  }
  return found;
}

bool Operations::KeepSession(uint64_t session, uint64_t slot_number) {
  if (!Expect(session, Kind::kSession)) return false;
  Slot* slot = SlotOf(session, Kind::kSession);
  Fill(slot, kNoDaemon, {reinterpret_cast<const uint8_t*>(&slot_number), sizeof(slot_number)});
  Become(slot, Phase::kBegun, kNoDaemon);
  return true;
}

bool Operations::FindSlot(uint64_t session, uint64_t* slot_number) const {
  const Slot* slot = SlotOf(session, Kind::kSession);
  if (slot == nullptr || slot->phase != Phase::kBegun) return false;
  memcpy(slot_number, slot->small, sizeof(*slot_number));
  return true;
}

Operations::Search Operations::FindSearch(uint64_t session) const {
  const Slot* slot = SlotOf(session, Kind::kSearch);
  if (slot == nullptr || slot->phase != Phase::kBegun) return {};
  const uint8_t* kept = Kept(*slot);
  const auto left = static_cast<uint32_t>((slot->size - slot->at) / sizeof(uint64_t));
  return {true, slot->complete, left, kept + slot->at};
}

bool Operations::BeginSearch(uint64_t session, wire::Octets handles, bool complete) {
  Slot* slot = SlotOf(session, Kind::kSearch);
  if (slot == nullptr) return true;
  if (!Fill(slot, kNoDaemon, handles)) return false;
  slot->complete = complete;
  Become(slot, Phase::kBegun, kNoDaemon);
  return true;
}

void Operations::Advance(uint64_t session, uint32_t handles) {
  Slot* slot = SlotOf(session, Kind::kSearch);
  if (slot != nullptr) slot->at += static_cast<uint32_t>(handles * sizeof(uint64_t));
}

void Operations::EndSession(uint64_t session) {
  for (int kind = 0; kind < kKinds; ++kind) {
    Slot* slot = SlotOf(session, static_cast<Kind>(kind));
    if (slot != nullptr) Bury(slot);
  }
}

void Operations::Drop() {
  Table* old = table_;
  Publish(&table_, static_cast<Table*>(nullptr));
  ahead_ = 0;
  if (old == nullptr) return;
  for (uint32_t i = 0; i < old->capacity; ++i)
    UnmapMemory(Slots(old)[i].large, Slots(old)[i].large_bytes);
  UnmapMemory(old, old->bytes_mapped);
}

// The parent's threads were in the middle of them; the daemon knows none of them of the child.
void Operations::Inherit() {
  ahead_ = 0;
  for (uint32_t i = 0; table_ != nullptr && i < table_->capacity; ++i) {
    Slot& slot = Slots(table_)[i];
    slot.calls = 0;
    if (IsAhead(slot)) slot.incarnation = kParents;
  }
}

size_t Operations::MappedBytes() const {
  if (table_ == nullptr) return 0;
  size_t bytes = table_->bytes_mapped;
  for (uint32_t i = 0; i < table_->capacity; ++i) bytes += Slots(table_)[i].large_bytes;
  return bytes;
}

}  // namespace gw::shim

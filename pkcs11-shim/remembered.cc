// Room: pkcs11-shim. Touches anonymous memory only. A table in which each body has one place.
#include "pkcs11-shim/remembered.h"

#include <string.h>

#include "pkcs11-shim/memory.h"

namespace gw::shim {

// FNV-1a; bodies are short.
size_t Remembered::PlaceOf(Kind kind, uint64_t slot, wire::Octets init) {
  uint64_t hash = 0xCBF2'9CE4'8422'2325 ^ (slot << 8 | static_cast<uint64_t>(kind));
  for (size_t i = 0; i < init.size; ++i) hash = (hash ^ init.data[i]) * 0x100'0000'01B3;
  return (hash >> 32) % kEntries;
}

bool Remembered::Entry::Holds(Kind that, uint64_t slot_number, wire::Octets octets) const {
  return kind == that && slot == slot_number && size == octets.size &&
         memcmp(init, octets.data, octets.size) == 0;
}

bool Remembered::Has(Kind kind, uint64_t slot, wire::Octets init, const Moment& now) const {
  if (entries_ == nullptr || init.size > kMostBytes) return false;
  const Entry& entry = entries_[PlaceOf(kind, slot, init)];
  return now.Is(entry.then) && entry.Holds(kind, slot, init);
}

void Remembered::Put(Kind kind, uint64_t slot, wire::Octets init, const Moment& then) {
  if (init.size > kMostBytes) return;
  if (entries_ == nullptr) entries_ = reinterpret_cast<Entry*>(MapMemory(kBytes));
  if (entries_ == nullptr) return;
  Entry& entry = entries_[PlaceOf(kind, slot, init)];
  entry.then = then;
  entry.slot = slot;
  entry.kind = kind;
  entry.size = static_cast<uint8_t>(init.size);
  memcpy(entry.init, init.data, init.size);
}

void Remembered::Forget(Kind kind, uint64_t slot, wire::Octets init) {
  if (entries_ == nullptr || init.size > kMostBytes) return;
  Entry& entry = entries_[PlaceOf(kind, slot, init)];
  if (entry.Holds(kind, slot, init)) entry.then = {};
}

void Remembered::Drop() {
  Entry* old = entries_;
  Publish(&entries_, static_cast<Entry*>(nullptr));
  UnmapMemory(old, kBytes);
}

}  // namespace gw::shim

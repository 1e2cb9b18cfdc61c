// Room: pkcs11-shim. What the daemon gives this application to keep (proto/wire/WIRE.md, Records):
// sealed records by id, and the application id that they belong to. Nothing here understands them.
//
// A forked child inherits the vault as it is at that instant, also while another thread changes it,
// and takes every record out of it. So all hangs on one pointer to a root; a record, once
// reachable, is not changed; and whatever is made is finished before one store makes it reachable.
// What became unreachable is unmapped afterwards: a child forked in between has lost the memory and
// no more. A child never changes an inherited root, it replaces or drops it.
//
// Callers see to it that one thread at a time is in here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/wire/codec.h"

namespace gw::shim {

class Vault {
 public:
  constexpr Vault() = default;
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  // True if `updates`, "u32 count, each: ..." of WIRE.md, may be stored.
  static bool Sound(wire::Octets updates);

  // No application is kept.
  bool empty() const { return root_ == nullptr; }
  // kApplicationIdBytes of them; only if not empty.
  const uint8_t* id() const { return root_->id; }

  // Keeps another application, with these records alone. Sound updates, or none at all. False
  // without memory; then everything is as it was.
  bool Replace(const uint8_t* id, wire::Octets updates);

  // Stores those of the sound `updates` that are newer than what is kept. False without memory,
  // with some of them stored; or if there is no application.
  bool Apply(wire::Octets updates);

  // Any version is newer from now on: a daemon begins to count anew with a restore.
  void BeginVersions();

  // As in Attach: u32 count, each: u32 id, bytes record. EncodedBytes() is what Encode() writes.
  size_t EncodedBytes() const;
  template <typename Buffer>
  void Encode(wire::Writer<Buffer>& to) const {
    to.U32(CountRecords());
    for (uint32_t i = 0; i < Capacity(); ++i) {
      const wire::Octets record = At(i);
      if (record.data == nullptr) continue;
      to.U32(i);
      to.Bytes(record);
    }
  }

  void Drop();

  // Octets of memory behind the records, in use or dead. Zero if empty.
  size_t MappedBytes() const;

 private:
  // The octets follow.
  struct Record {
    uint64_t size;
  };
  struct Entry {
    const Record* record;  // nullptr: none, or deleted
    uint64_t version;
  };
  struct Chunk {
    Chunk* next;
    size_t bytes;
    size_t used;
  };
  // The entries follow; the record id is the place.
  struct Root {
    uint8_t id[wire::kApplicationIdBytes];
    uint32_t capacity;
    uint32_t bytes_mapped;
    size_t used;  // octets in chunks that records took,
    size_t dead;  // and how many of them by records that are gone
    Chunk* chunks;
  };

  static Entry* Entries(Root* root) { return reinterpret_cast<Entry*>(root + 1); }
  static Root* MakeRoot(const uint8_t* id, uint32_t capacity);
  static void FreeRoot(Root* root);
  static const Record* Place(Root* root, wire::Octets octets);
  static bool Rebuild(Root** root, uint32_t capacity);
  static bool Store(Root** root, uint32_t id, uint64_t version, wire::Octets octets);
  static bool StoreAll(Root** root, wire::Octets updates);

  uint32_t Capacity() const { return root_ == nullptr ? 0 : root_->capacity; }
  uint32_t CountRecords() const;
  wire::Octets At(uint32_t id) const;

  Root* root_ = nullptr;
};

}  // namespace gw::shim

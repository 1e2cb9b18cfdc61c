// Room: pkcs11-shim. Touches anonymous memory only.
#include "pkcs11-shim/vault.h"

#include <string.h>

#include "pkcs11-shim/memory.h"

namespace gw::shim {
namespace {

constexpr uint32_t kFirstCapacity = 128;
constexpr size_t kFirstChunk = size_t{16} << 10;
constexpr size_t kPage = 4096;

// id, version, length of the record.
constexpr size_t kLeastUpdateBytes = 4 + 8 + 4;

struct Update {
  uint32_t id;
  uint64_t version;
  wire::Octets octets;
};

Update ReadUpdate(wire::Reader* reader) {
  Update update;
  update.id = reader->U32();
  update.version = reader->U64();
  update.octets = reader->Bytes();
  return update;
}

size_t RoundUp(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

uint32_t CapacityFor(uint32_t id) {
  uint32_t capacity = kFirstCapacity;
  while (capacity <= id) capacity *= 2;
  return capacity;
}

}  // namespace

bool Vault::Sound(wire::Octets updates) {
  wire::Reader reader(updates.data, updates.size);
  const uint32_t count = reader.Count(wire::kMaxRecords, kLeastUpdateBytes);
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const Update update = ReadUpdate(&reader);
    if (update.id == 0 || update.id > wire::kMaxRecords) return false;
  }
  return reader.AtEnd();
}

Vault::Root* Vault::MakeRoot(const uint8_t* id, uint32_t capacity) {
  const size_t bytes = RoundUp(sizeof(Root) + capacity * sizeof(Entry), kPage);
  auto* root = reinterpret_cast<Root*>(MapMemory(bytes));
  if (root == nullptr) return nullptr;
  memcpy(root->id, id, sizeof(root->id));
  root->capacity = capacity;
  root->bytes_mapped = static_cast<uint32_t>(bytes);
  return root;
}

void Vault::FreeRoot(Root* root) {
  if (root == nullptr) return;
  for (Chunk* chunk = root->chunks; chunk != nullptr;) {
    Chunk* next = chunk->next;
    UnmapMemory(chunk, chunk->bytes);
    chunk = next;
  }
  UnmapMemory(root, root->bytes_mapped);
}

// A copy of the octets behind the others. A new chunk is as large as all that is there, so that
// there are few; pages that are not written yet cost nothing.
const Vault::Record* Vault::Place(Root* root, wire::Octets octets) {
  const size_t need = RoundUp(sizeof(Record) + octets.size, alignof(Record));
  Chunk* chunk = root->chunks;
  if (chunk == nullptr || chunk->bytes - chunk->used < need) {
    size_t bytes = RoundUp(sizeof(Chunk) + need, kPage);
    if (bytes < kFirstChunk) bytes = kFirstChunk;
    if (bytes < root->used) bytes = RoundUp(root->used, kPage);
    chunk = reinterpret_cast<Chunk*>(MapMemory(bytes));
    if (chunk == nullptr) return nullptr;
    *chunk = {root->chunks, bytes, sizeof(Chunk)};
    Publish(&root->chunks, chunk);
  }
  auto* record = reinterpret_cast<Record*>(reinterpret_cast<uint8_t*>(chunk) + chunk->used);
  record->size = octets.size;
  memcpy(record + 1, octets.data, octets.size);
  chunk->used += need;
  root->used += need;
  return record;
}

// Another root with room for `capacity` ids and without what is dead, in the place of *root.
bool Vault::Rebuild(Root** root, uint32_t capacity) {
  Root* old = *root;
  Root* fresh = MakeRoot(old->id, capacity);
  if (fresh == nullptr) return false;
  // So that the first chunk takes them all.
  fresh->used = 2 * (old->used - old->dead);
  for (uint32_t i = 0; i < old->capacity; ++i) {
    Entries(fresh)[i].version = Entries(old)[i].version;
    const Record* record = Entries(old)[i].record;
    if (record == nullptr) continue;
    Entries(fresh)[i].record =
        Place(fresh, {reinterpret_cast<const uint8_t*>(record + 1), record->size});
    if (Entries(fresh)[i].record == nullptr) {
      FreeRoot(fresh);
      return false;
    }
  }
  fresh->used = old->used - old->dead;
  Publish(root, fresh);
  FreeRoot(old);
  return true;
}

bool Vault::Store(Root** root, uint32_t id, uint64_t version, wire::Octets octets) {
  if (id >= (*root)->capacity && !Rebuild(root, CapacityFor(id))) return false;
  Entry& entry = Entries(*root)[id];
  const bool is_kept = entry.record != nullptr || entry.version != 0;
  if (is_kept && version <= entry.version) return true;
  const Record* record = octets.size == 0 ? nullptr : Place(*root, octets);
  if (octets.size != 0 && record == nullptr) return false;
  if (entry.record != nullptr)
    (*root)->dead += RoundUp(sizeof(Record) + entry.record->size, alignof(Record));
  Publish(&entry.record, record);
  entry.version = version;
  // Without memory for that it is tried again with the next one.
  if ((*root)->used > kFirstChunk && (*root)->dead > (*root)->used / 2)
    Rebuild(root, (*root)->capacity);
  return true;
}

bool Vault::StoreAll(Root** root, wire::Octets updates) {
  wire::Reader reader(updates.data, updates.size);
  const uint32_t count = reader.U32();
  for (uint32_t i = 0; i < count; ++i) {
    const Update update = ReadUpdate(&reader);
    if (!Store(root, update.id, update.version, update.octets)) return false;
  }
  return true;
}

bool Vault::Replace(const uint8_t* id, wire::Octets updates) {
  Root* root = MakeRoot(id, kFirstCapacity);
  if (root == nullptr) return false;
  if (!StoreAll(&root, updates)) {
    FreeRoot(root);
    return false;
  }
  Root* old = root_;
  Publish(&root_, root);
  FreeRoot(old);
  return true;
}

bool Vault::Apply(wire::Octets updates) { return root_ != nullptr && StoreAll(&root_, updates); }

void Vault::BeginVersions() {
  for (uint32_t i = 0; i < Capacity(); ++i) Entries(root_)[i].version = 0;
}

wire::Octets Vault::At(uint32_t id) const {
  const Record* record = Entries(root_)[id].record;
  if (record == nullptr) return {};
  return {reinterpret_cast<const uint8_t*>(record + 1), record->size};
}

uint32_t Vault::CountRecords() const {
  uint32_t count = 0;
  for (uint32_t i = 0; i < Capacity(); ++i) count += At(i).data != nullptr;
  return count;
}

size_t Vault::EncodedBytes() const {
  size_t bytes = sizeof(uint32_t);
  for (uint32_t i = 0; i < Capacity(); ++i) {
    const wire::Octets record = At(i);
    if (record.data != nullptr) bytes += 2 * sizeof(uint32_t) + record.size;
  }
  return bytes;
}

void Vault::Drop() {
  Root* old = root_;
  Publish(&root_, static_cast<Root*>(nullptr));
  FreeRoot(old);
}

size_t Vault::MappedBytes() const {
  if (root_ == nullptr) return 0;
  size_t bytes = root_->bytes_mapped;
  for (const Chunk* chunk = root_->chunks; chunk != nullptr; chunk = chunk->next)
    bytes += chunk->bytes;
  return bytes;
}

}  // namespace gw::shim

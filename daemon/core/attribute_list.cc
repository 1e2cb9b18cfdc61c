// Room: core.
#include "daemon/core/attribute_list.h"

#include <algorithm>
#include <cstring>

namespace gw {

Bytes UlongBytes(CK_ULONG value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::optional<CK_ULONG> UlongFrom(ByteView value) {
  CK_ULONG number = 0;
  if (value.size() != sizeof number) return std::nullopt;
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

void AttributeList::Set(CK_ATTRIBUTE_TYPE type, Bytes value) {
  auto at = std::ranges::lower_bound(entries_, type, {}, &Entry::type);
  if (at != entries_.end() && at->type == type) {
    Wipe(at->value);
    at->value = std::move(value);
  } else {
    Entry entry{type, std::move(value)};
    entries_.insert(at, std::move(entry));
  }
}

void AttributeList::SetBool(CK_ATTRIBUTE_TYPE type, bool value) {
  Set(type, Bytes(1, value ? 1 : 0));
}
void AttributeList::SetUlong(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  Set(type, UlongBytes(value));
}

void AttributeList::Remove(CK_ATTRIBUTE_TYPE type) {
  std::erase_if(entries_, [type](const Entry& entry) { return entry.type == type; });
}

void AttributeList::WipeValues() {
  for (Entry& entry : entries_) Wipe(entry.value);
}

void AttributeList::Merge(const AttributeList& from) {
  for (const Entry& entry : from) Set(entry.type, entry.value);
}

const Bytes* AttributeList::Find(CK_ATTRIBUTE_TYPE type) const {
  auto at = std::ranges::lower_bound(entries_, type, {}, &Entry::type);
  return at != entries_.end() && at->type == type ? &at->value : nullptr;
}

std::optional<bool> AttributeList::GetBool(CK_ATTRIBUTE_TYPE type) const {
  const Bytes* value = Find(type);
  if (value == nullptr || value->size() != 1) return std::nullopt;
  return value->front() != 0;
}

std::optional<CK_ULONG> AttributeList::GetUlong(CK_ATTRIBUTE_TYPE type) const {
  const Bytes* value = Find(type);
  return value == nullptr ? std::nullopt : UlongFrom(*value);
}

}  // namespace gw

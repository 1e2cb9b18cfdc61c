// Room: token.
#include "daemon/token/object_index.h"

#include <algorithm>
#include <array>

#include "daemon/attributes/attribute_access.h"

namespace gw {
namespace {

std::string KeyFor(const Object& object, CK_ATTRIBUTE_TYPE type) {
  const Bytes* value = object.attributes.Find(type);
  return value == nullptr ? std::string() : std::string(TextOf(*value));
}

// Thousands of objects may have no label, or no CKA_ID: an index of them would be one long list.
void InsertOne(std::unordered_multimap<std::string, std::uint64_t>& index, std::string key,
               std::uint64_t number) {
  if (!key.empty()) index.emplace(std::move(key), number);
}

void EraseOne(std::unordered_multimap<std::string, std::uint64_t>& index, const std::string& key,
              std::uint64_t number) {
  auto [first, last] = index.equal_range(key);
  auto at =
      std::find_if(first, last, [number](const auto& entry) { return entry.second == number; });
  if (at != last) index.erase(at);
}

}  // namespace

void ObjectIndex::Reserve(std::size_t objects) { labels_.reserve(objects); }

void ObjectIndex::Put(ObjectPtr object) {
  ++puts_;
  if (auto old = objects_.find(object->number); old != objects_.end()) Unlink(*old->second);
  InsertOne(labels_, KeyFor(*object, CKA_LABEL), object->number);
  InsertOne(ids_, KeyFor(*object, CKA_ID), object->number);
  const std::uint64_t number = object->number;
  const bool is_new = objects_.insert_or_assign(number, std::move(object)).second;
  if (!is_new) Changed();
}

void ObjectIndex::Rewrap(ObjectPtr object) {
  const auto at = objects_.find(object->number);
  if (at != objects_.end() && at->second->version == object->version) {
    at->second = std::move(object);
  }
}

void ObjectIndex::Remove(std::uint64_t number) {
  auto at = objects_.find(number);
  if (at == objects_.end()) return;
  Unlink(*at->second);
  objects_.erase(at);
  Changed();
}

void ObjectIndex::Clear() {
  objects_.clear();
  labels_.clear();
  ids_.clear();
  Changed();
}

ObjectPtr ObjectIndex::Find(std::uint64_t number) const {
  auto at = objects_.find(number);
  return at == objects_.end() ? nullptr : at->second;
}

std::vector<ObjectPtr> ObjectIndex::Match(const AttributeList& wanted, bool with_private) const {
  std::vector<ObjectPtr> found;
  const auto consider = [&](const ObjectPtr& object) {
    if (object->is_private && !with_private) return;
    if (Matches(object->attributes, wanted)) found.push_back(object);
  };
  // The narrowest index that the template allows.
  for (const auto& [type, index] :
       {std::pair{CK_ATTRIBUTE_TYPE{CKA_LABEL}, &labels_}, {CKA_ID, &ids_}}) {
    const Bytes* value = wanted.Find(type);
    if (value == nullptr || value->empty()) continue;
    auto [first, last] = index->equal_range(std::string(TextOf(*value)));
    for (auto at = first; at != last; ++at) consider(Find(at->second));
    std::ranges::sort(found, {}, [](const ObjectPtr& object) { return object->number; });
    return found;
  }
  for (const auto& [number, object] : objects_) consider(object);
  return found;
}

void ObjectIndex::Unlink(const Object& object) {
  EraseOne(labels_, KeyFor(object, CKA_LABEL), object.number);
  EraseOne(ids_, KeyFor(object, CKA_ID), object.number);
}

}  // namespace gw

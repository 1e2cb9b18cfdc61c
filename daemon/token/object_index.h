// Room: token. The token objects of one slot in memory, so that a find never goes to disk.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/token/epoch.h"
#include "daemon/token/object.h"

namespace gw {

// Objects by number, with an index over CKA_LABEL and CKA_ID where these are not empty. Thread: one
// silo.
class ObjectIndex {
 public:
  // From now on each object that changes or goes is an epoch. One that is new is none: its handle
  // was no key's before.
  void CountIn(Epoch& epoch) { epoch_ = &epoch; }

  // There will be about so many.
  void Reserve(std::size_t objects);
  // Adds, or replaces the object of the same number.
  void Put(ObjectPtr object);
  // Replaces an object by itself with other key blobs, if it is still there as it was: nothing that
  // applications could notice.
  void Rewrap(ObjectPtr object);
  void Remove(std::uint64_t number);
  void Clear();

  // nullptr: no such object.
  ObjectPtr Find(std::uint64_t number) const;
  // Objects whose attributes match `wanted` (behaviour R240-R244), ascending by number.
  //   with_private  also those of the private keystore
  std::vector<ObjectPtr> Match(const AttributeList& wanted, bool with_private) const;
  std::size_t size() const { return objects_.size(); }
  // Another number after each Put().
  std::uint64_t puts() const { return puts_; }

 private:
  using ByValue = std::unordered_multimap<std::string, std::uint64_t>;

  void Unlink(const Object& object);
  void Changed() const {
    if (epoch_ != nullptr) epoch_->Bump();
  }

  Epoch* epoch_ = nullptr;
  std::uint64_t puts_ = 0;
  std::map<std::uint64_t, ObjectPtr> objects_;
  ByValue labels_;
  ByValue ids_;
};

}  // namespace gw

// Room: core. A list of PKCS #11 attributes: what C calls a template, and what an object is made
// of.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"

namespace gw {

// Attributes sorted by type, each type once. Values are octets as an application passes them:
// CK_ULONG in native order and 8 bytes wide, CK_BBOOL one byte, everything else as is. Nested lists
// (CKA_WRAP_TEMPLATE) are kept encoded, see attribute_codec.h. A value type; any thread.
class AttributeList {
 public:
  struct Entry {
    CK_ATTRIBUTE_TYPE type;
    Bytes value;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  using const_iterator = std::vector<Entry>::const_iterator;

  AttributeList() = default;

  // There will be so many.
  void Reserve(std::size_t entries) { entries_.reserve(entries); }
  // Adds or replaces.
  void Set(CK_ATTRIBUTE_TYPE type, Bytes value);
  void SetBool(CK_ATTRIBUTE_TYPE type, bool value);
  void SetUlong(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  void SetText(CK_ATTRIBUTE_TYPE type, std::string_view text) { Set(type, CopyOf(text)); }
  void Remove(CK_ATTRIBUTE_TYPE type);
  // Overwrites all values, for a list that may have held a secret. Values that are replaced are
  // overwritten as they go; those of a list that just dies are not.
  void WipeValues();
  // Copies each entry of `from` into this list, replacing entries of the same type.
  void Merge(const AttributeList& from);

  // nullptr: not in the list. Valid until the list changes.
  const Bytes* Find(CK_ATTRIBUTE_TYPE type) const;
  bool Has(CK_ATTRIBUTE_TYPE type) const { return Find(type) != nullptr; }
  // nullopt: not in the list, or not of that width (CKA validity is checked where templates enter).
  std::optional<bool> GetBool(CK_ATTRIBUTE_TYPE type) const;
  std::optional<CK_ULONG> GetUlong(CK_ATTRIBUTE_TYPE type) const;
  bool BoolOr(CK_ATTRIBUTE_TYPE type, bool fallback) const {
    return GetBool(type).value_or(fallback);
  }

  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  friend bool operator==(const AttributeList&, const AttributeList&) = default;

 private:
  std::vector<Entry> entries_;
};

Bytes UlongBytes(CK_ULONG value);
std::optional<CK_ULONG> UlongFrom(ByteView value);

}  // namespace gw

// Attribute lists in one expression, and lists as text, for the tests of this room.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "daemon/attributes/attribute_table.h"
#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"

namespace gw {

using Given = std::pair<CK_ATTRIBUTE_TYPE, Bytes>;

inline Given True(CK_ATTRIBUTE_TYPE type) { return {type, {1}}; }
inline Given False(CK_ATTRIBUTE_TYPE type) { return {type, {0}}; }
inline Given Num(CK_ATTRIBUTE_TYPE type, CK_ULONG value) { return {type, UlongBytes(value)}; }
inline Given Text(CK_ATTRIBUTE_TYPE type, std::string_view text) { return {type, CopyOf(text)}; }
inline Given Raw(CK_ATTRIBUTE_TYPE type, Bytes bytes) { return {type, std::move(bytes)}; }

inline AttributeList ListOf(std::initializer_list<Given> given) {
  AttributeList list;
  for (const auto& [type, value] : given) list.Set(type, value);
  return list;
}
inline AttributeList With(AttributeList list, std::initializer_list<Given> more) {
  list.Merge(ListOf(more));
  return list;
}
inline AttributeList Without(AttributeList list, CK_ATTRIBUTE_TYPE type) {
  list.Remove(type);
  return list;
}

// "CKA_TOKEN=01", in the order of the list; numbers as decimals.
inline std::vector<std::string> Show(const AttributeList& list) {
  std::vector<std::string> lines;
  for (const auto& [type, value] : list) {
    const AttributeRow* row = FindAttribute(type);
    const bool number = row != nullptr && row->value == ValueKind::kUlong;
    const auto as_number = number ? UlongFrom(value) : std::nullopt;
    lines.push_back(std::string(NameOfAttribute(type)) + "=" +
                    (as_number ? std::to_string(*as_number) : HexOf(value)));
  }
  return lines;
}

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

// P-256, as an application that reads the specification gives it.
inline Bytes P256() { return {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}; }

}  // namespace gw

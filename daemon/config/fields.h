// Room: config. May include: core. The rows of which the tables in schema.cc are made: one row per
// key, saying where its value goes and how it is read. Reading a file, refusing unknown keys and
// listing the keys for the documentation test all walk the same rows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/problems.h"
#include "daemon/config/values.h"
#include "daemon/config/yaml_tree.h"
#include "daemon/core/bytes.h"

namespace gw {

// A value and the line it was given on; line 0 means that the file does not give it.
template <typename T>
struct Given {
  T value{};
  int line = 0;

  bool present() const { return line != 0; }
};
using GivenSecret = Given<std::shared_ptr<const SecretBytes>>;

// One key of the section that is read into a T. Null values never reach `read`: a key without a
// value counts as not given, as the vendor's template relies on.
template <typename T>
struct Field {
  std::string_view key;
  void (*read)(Problems& problems, const Place& place, const YamlNode& node, T& out);
  // Appends the dotted names below this key.
  void (*list)(const std::string& path, std::vector<std::string>& names);
};

namespace fields {

template <typename Member>
struct MemberTraits;
template <typename Class, typename Type>
struct MemberTraits<Type Class::*> {
  using Owner = Class;
  using Value = Type;
};
template <auto kMember>
using OwnerOf = typename MemberTraits<decltype(kMember)>::Owner;
template <auto kMember>
using ValueOf = typename MemberTraits<decltype(kMember)>::Value;

inline void ListLeaf(const std::string& path, std::vector<std::string>& names) {
  names.push_back(path);
}

// The value at `place`, as what a complaint is about.
inline Place At(const Place& place, const YamlNode& node) {
  return {place.path, node.line, place.strict, &node};
}

// The text of a scalar; null, after a complaint, for a map or a list.
inline const std::string* ScalarOf(Problems& problems, const Place& place, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar) return &node.scalar;
  problems.Error(At(place, node), "must be a single value");
  return nullptr;
}

inline bool IsKind(Problems& problems, const Place& place, const YamlNode& node,
                   YamlNode::Kind kind, std::string_view complaint) {
  if (node.kind == kind) return true;
  problems.Error(At(place, node), complaint);
  return false;
}

void UnknownKey(Problems& problems, const Place& place, const YamlEntry& entry,
                const std::vector<std::string_view>& known);

}  // namespace fields

// Reads a section: every entry through the row of its key. Unknown keys are errors in strict
// places, else warnings.
template <typename T>
void ReadFields(Problems& problems, const Place& place, const YamlNode& node,
                std::span<const Field<T>> table, T& out) {
  if (!fields::IsKind(problems, place, node, YamlNode::Kind::kMap, "must be a section with keys"))
    return;
  for (const YamlEntry& entry : node.entries) {
    const auto row = std::ranges::find(table, entry.key, &Field<T>::key);
    if (row == table.end()) {
      std::vector<std::string_view> known;
      for (const Field<T>& field : table) known.push_back(field.key);
      fields::UnknownKey(problems, place, entry, known);
    } else if (entry.value->kind != YamlNode::Kind::kNull) {
      row->read(problems, place.Child(entry.key, entry.line), *entry.value, out);
    }
  }
}

template <typename T>
void ListFields(const std::string& path, std::span<const Field<T>> table,
                std::vector<std::string>& names) {
  for (const Field<T>& field : table) {
    field.list(path.empty() ? std::string(field.key) : path + "." + std::string(field.key), names);
  }
}

namespace fields {

// A single value, read by `kParse` into a member or a Given<> member.
// `Owner` may be a class derived from the member's own.
template <auto kMember, auto kParse, typename Owner>
void ReadValue(Problems& problems, const Place& place, const YamlNode& node, Owner& out) {
  const std::string* text = ScalarOf(problems, place, node);
  if (text == nullptr) return;
  auto& member = out.*kMember;
  Complaint complaint;
  if constexpr (requires { member.present(); }) {
    complaint = kParse(*text, member.value);
    member.line = node.line;  // also a wrong one is given: nobody shall call it missing
  } else {
    complaint = kParse(*text, member);
  }
  if (!complaint.empty()) problems.Error(At(place, node), complaint);
}

// A secret goes into wiped memory at once. An empty one counts as not given.
template <auto kMember>
void ReadSecret(Problems& problems, const Place& place, const YamlNode& node,
                OwnerOf<kMember>& out) {
  const std::string* text = ScalarOf(problems, place, node);
  if (text == nullptr || text->empty()) return;
  (out.*kMember).value = std::make_shared<const SecretBytes>(ViewOf(*text));
  (out.*kMember).line = node.line;
}

// A section of its own, read into the member through `kTable`. If the section's type has a `line`
// it gets the line of the key, for complaints about what is missing.
template <auto kMember, const auto& kTable, typename Owner>
void ReadGroup(Problems& problems, const Place& place, const YamlNode& node, Owner& out) {
  auto& section = out.*kMember;
  if constexpr (requires { section.line; }) section.line = place.line;
  ReadFields(problems, place, node, std::span<const Field<ValueOf<kMember>>>(kTable), section);
}
template <auto kMember, const auto& kTable>
void ListGroup(const std::string& path, std::vector<std::string>& names) {
  ListFields(path, std::span<const Field<ValueOf<kMember>>>(kTable), names);
}

// Sections by number, as tokens.<slot> and users.<type>.
template <auto kMember, const auto& kTable>
void ReadNumbered(Problems& problems, const Place& place, const YamlNode& node,
                  OwnerOf<kMember>& out) {
  using Section = typename ValueOf<kMember>::mapped_type;
  if (!IsKind(problems, place, node, YamlNode::Kind::kMap, "must be sections by number")) return;
  for (const YamlEntry& entry : node.entries) {
    const Place child = place.Child(entry.key, entry.line);
    std::uint64_t number = 0;
    const Complaint complaint = ParseNumber(entry.key, 0, UINT32_MAX, number);
    const bool canonical = complaint.empty() && std::to_string(number) == entry.key;
    if (!canonical) {
      problems.Error(child, "the key of this section must be a number");
      continue;
    }
    Section& section = (out.*kMember)[number];
    section.line = entry.line;
    if (entry.value->kind == YamlNode::Kind::kNull) continue;
    ReadFields(problems, child, *entry.value, std::span<const Field<Section>>(kTable), section);
  }
}
template <auto kMember, const auto& kTable>
void ListNumbered(const std::string& path, std::vector<std::string>& names) {
  using Section = typename ValueOf<kMember>::mapped_type;
  ListFields(path + ".<n>", std::span<const Field<Section>>(kTable), names);
}

// A list of sections.
template <auto kMember, const auto& kTable>
void ReadList(Problems& problems, const Place& place, const YamlNode& node, OwnerOf<kMember>& out) {
  using Section = typename ValueOf<kMember>::value_type;
  if (!IsKind(problems, place, node, YamlNode::Kind::kSequence, "must be a list")) return;
  for (const YamlNodePtr& item : node.items) {
    Section& section = (out.*kMember).emplace_back();
    section.line = item->line;
    const std::string path = place.path + "[" + std::to_string((out.*kMember).size() - 1) + "]";
    ReadFields(problems, {path, item->line, place.strict}, *item,
               std::span<const Field<Section>>(kTable), section);
  }
}
template <auto kMember, const auto& kTable>
void ListList(const std::string& path, std::vector<std::string>& names) {
  using Section = typename ValueOf<kMember>::value_type;
  ListFields(path + "[]", std::span<const Field<Section>>(kTable), names);
}

// A list of single values; one value alone is a list of one.
template <auto kMember, auto kParse, typename Owner>
void ReadValues(Problems& problems, const Place& place, const YamlNode& node, Owner& out) {
  const auto read_one = [&](const YamlNode& item) {
    const std::string* text = ScalarOf(problems, place, item);
    if (text == nullptr) return;
    typename ValueOf<kMember>::value_type value{};
    const Complaint complaint = kParse(*text, value);
    if (complaint.empty()) return (out.*kMember).push_back(value);
    problems.Error(At(place, item), complaint);
  };
  if (node.kind != YamlNode::Kind::kSequence) return read_one(node);
  for (const YamlNodePtr& item : node.items) read_one(*item);
}

// The makers that the tables are written with.
template <auto kMember, auto kParse, typename Owner = OwnerOf<kMember>>
constexpr Field<Owner> Value(std::string_view key) {
  return {key, &ReadValue<kMember, kParse, Owner>, &ListLeaf};
}
template <auto kMember, auto kParse, typename Owner = OwnerOf<kMember>>
constexpr Field<Owner> Values(std::string_view key) {
  return {key, &ReadValues<kMember, kParse, Owner>, &ListLeaf};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> Secret(std::string_view key) {
  return {key, &ReadSecret<kMember>, &ListLeaf};
}
template <auto kMember, const auto& kTable, typename Owner = OwnerOf<kMember>>
constexpr Field<Owner> Group(std::string_view key) {
  return {key, &ReadGroup<kMember, kTable, Owner>, &ListGroup<kMember, kTable>};
}
template <auto kMember, const auto& kTable>
constexpr Field<OwnerOf<kMember>> Numbered(std::string_view key) {
  return {key, &ReadNumbered<kMember, kTable>, &ListNumbered<kMember, kTable>};
}
template <auto kMember, const auto& kTable>
constexpr Field<OwnerOf<kMember>> List(std::string_view key) {
  return {key, &ReadList<kMember, kTable>, &ListList<kMember, kTable>};
}

}  // namespace fields
}  // namespace gw

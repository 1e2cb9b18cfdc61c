// Room: config. May include: core. The text of a configuration file as a tree of nodes with line
// numbers; aliases and merge keys are resolved. yaml_tree.cc is the only file that knows yaml-cpp,
// and the only one that its exceptions reach.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/problems.h"

namespace gw {

// Limits of a file. A real one has some hundred nodes; these stop a hostile one early. Entries that
// a merge key copies count as nodes, so merges of merges end here too.
inline constexpr std::size_t kMaxConfigBytes = 1u << 20;
inline constexpr std::size_t kMaxConfigNodes = 20'000;
inline constexpr std::size_t kMaxConfigDepth = 32;

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  std::string key;
  int line = 0;  // of the key
  YamlNodePtr value;
};

// One value. An alias and its anchor share one node, whose line is the anchor's. Scalars are wiped
// when the tree dies: one of them may be an API key.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  YamlNode(Kind kind_in, int line_in) : kind(kind_in), line(line_in) {}
  ~YamlNode();
  YamlNode(const YamlNode&) = delete;
  YamlNode& operator=(const YamlNode&) = delete;

  // The entry of a map, or null.
  const YamlEntry* Find(std::string_view key) const;

  Kind kind;
  int line;
  std::string scalar;
  std::vector<YamlNodePtr> items;
  std::vector<YamlEntry> entries;  // unique keys; what was merged comes after what was written
};

// Parses one YAML document. Null if it cannot be used at all (then `problems` says why); complaints
// about single entries (a key given twice, a merge of something that is no map) leave the rest of
// the tree usable, so that later checks can add theirs.
// A key written beside `<<` wins over a merged one, an earlier map of `<<: [a, b]` over a later one
// (YAML 1.1 merge key type).
YamlNodePtr ParseYaml(std::string_view text, Problems& problems);

}  // namespace gw

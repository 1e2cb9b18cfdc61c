// Room: config. The wall of yaml-cpp. The event interface is used rather than YAML::Node, because
// it tells line numbers of keys and aliases, keeps duplicate keys apart, and lets the limits stop
// the parser in the middle of a hostile file.
#include "daemon/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "daemon/core/bytes.h"

namespace gw {
namespace {

using Kind = YamlNode::Kind;

int LineOf(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

// Ends the parse from within a callback; caught in ParseYaml().
struct LimitExceeded {
  int line;
  std::string text;
};

// Builds the tree from the events of one document.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  YamlNodePtr TakeRoot() { return std::exchange(root_, nullptr); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Put(Keep(anchor, NewNode(Kind::kNull, LineOf(mark))), LineOf(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = NewNode(Kind::kScalar, LineOf(mark));
    node->scalar = value;
    Put(Keep(anchor, std::move(node)), LineOf(mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Kind::kSequence, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Kind::kMap, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { FinishMap(), Close(); }

 private:
  // A collection whose end has not been seen.
  struct Level {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    YamlNodePtr key;  // of a map: read, its value not yet
    int key_line = 0;
    std::unordered_set<std::string> keys;
    std::vector<std::pair<int, YamlNodePtr>> merges;  // values of `<<`, in order
  };

  void Complain(int line, std::string_view text) { problems_.Error({"", line}, text); }
  void Count(int line);
  std::shared_ptr<YamlNode> NewNode(Kind kind, int line);
  YamlNodePtr Keep(YAML::anchor_t anchor, YamlNodePtr node);
  void Open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void Close();
  void Put(YamlNodePtr node, int line);
  void AddEntry(Level& level, YamlNodePtr value);
  void FinishMap();
  void Merge(Level& level, int line, const YamlNodePtr& value);
  void MergeMap(Level& level, int line, const YamlNode& map);

  Problems& problems_;
  YamlNodePtr root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlNodePtr> anchors_;
  std::size_t nodes_ = 0;
};

void TreeBuilder::Count(int line) {
  if (++nodes_ > kMaxConfigNodes) {
    throw LimitExceeded{line, "more than " + std::to_string(kMaxConfigNodes) + " values"};
  }
}

std::shared_ptr<YamlNode> TreeBuilder::NewNode(Kind kind, int line) {
  Count(line);
  return std::make_shared<YamlNode>(kind, line);
}

YamlNodePtr TreeBuilder::Keep(YAML::anchor_t anchor, YamlNodePtr node) {
  if (anchor != 0) anchors_[anchor] = node;
  return node;
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto found = anchors_.find(anchor);
  if (found != anchors_.end()) return Put(found->second, LineOf(mark));
  // Only a collection that is still open has an anchor and no node: it would contain itself.
  Complain(LineOf(mark), "an alias inside the value that it stands for");
  Put(NewNode(Kind::kNull, LineOf(mark)), LineOf(mark));
}

void TreeBuilder::Open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  const int line = LineOf(mark);
  if (levels_.size() >= kMaxConfigDepth) {
    throw LimitExceeded{line, "nested deeper than " + std::to_string(kMaxConfigDepth) + " levels"};
  }
  Level level;
  level.node = NewNode(kind, line);
  level.anchor = anchor;
  levels_.push_back(std::move(level));
}

void TreeBuilder::Close() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  const int line = level.node->line;
  Put(Keep(level.anchor, std::move(level.node)), line);
}

// Puts a finished node where it belongs: into the open collection, or at the root.
void TreeBuilder::Put(YamlNodePtr node, int line) {
  if (levels_.empty()) {
    root_ = std::move(node);
    return;
  }
  Level& level = levels_.back();
  if (level.node->kind == Kind::kSequence) {
    level.node->items.push_back(std::move(node));
  } else if (!level.key) {
    level.key = std::move(node);
    level.key_line = line;
  } else {
    AddEntry(level, std::move(node));
  }
}

void TreeBuilder::AddEntry(Level& level, YamlNodePtr value) {
  const YamlNodePtr key = std::exchange(level.key, nullptr);
  const int line = level.key_line;
  if (key->kind != Kind::kScalar || key->scalar.empty()) {
    return Complain(line, "a key that is not a plain name or number");
  }
  if (key->scalar == "<<") return level.merges.emplace_back(line, std::move(value)), void();
  if (!level.keys.insert(key->scalar).second) {
    return Complain(line, "\"" + Printable(key->scalar) + "\" is given twice");
  }
  level.node->entries.push_back({key->scalar, line, std::move(value)});
}

void TreeBuilder::FinishMap() {
  Level& level = levels_.back();
  for (const auto& [line, value] : std::exchange(level.merges, {})) Merge(level, line, value);
}

void TreeBuilder::Merge(Level& level, int line, const YamlNodePtr& value) {
  if (value->kind == Kind::kMap) return MergeMap(level, line, *value);
  const auto is_map = [](const YamlNodePtr& item) { return item->kind == Kind::kMap; };
  if (value->kind != Kind::kSequence || !std::ranges::all_of(value->items, is_map)) {
    return Complain(line, "\"<<\" takes a map or a list of maps, as in \"<<: *name\"");
  }
  for (const YamlNodePtr& item : value->items) MergeMap(level, line, *item);
}

void TreeBuilder::MergeMap(Level& level, int line, const YamlNode& map) {
  for (const YamlEntry& entry : map.entries) {
    Count(line);
    if (level.keys.insert(entry.key).second) level.node->entries.push_back(entry);
  }
}

// The first line with a tab before its text, or 0. yaml-cpp refuses some of them, with a message
// that is about something else, and takes others; this rule is the same everywhere.
int LineIndentedByTab(std::string_view text) {
  int line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = text.substr(at, end - at);
    const std::string_view indentation = row.substr(0, row.find_first_not_of(" \t\r"));
    if (indentation.find('\t') != std::string_view::npos) return line;
    at = end + 1;
  }
  return 0;
}

// Says so where the text cannot go to the parser at all.
bool IsParsable(std::string_view text, Problems& problems) {
  if (text.size() > kMaxConfigBytes) {
    problems.Error({}, "larger than " + std::to_string(kMaxConfigBytes) + " bytes");
    return false;
  }
  if (text.find('\0') != std::string_view::npos) {
    problems.Error({}, "not a text file: it contains a zero byte");
    return false;
  }
  if (const int line = LineIndentedByTab(text); line != 0) {
    problems.Error({"", line}, "a tab in the indentation; YAML takes spaces only");
    return false;
  }
  return true;
}

YamlNodePtr ParseDocument(std::string_view text, Problems& problems) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  TreeBuilder builder(problems);
  parser.HandleNextDocument(builder);
  YamlNodePtr root = builder.TakeRoot();
  TreeBuilder rest(problems);
  if (parser.HandleNextDocument(rest)) {
    const YamlNodePtr second = rest.TakeRoot();
    if (second && second->kind != Kind::kNull) {
      problems.Error({"", second->line}, "a second document; the file must hold one");
    }
  }
  return root;
}

}  // namespace

YamlNode::~YamlNode() {
  // The copies in yaml-cpp's own buffers are out of reach; this one would live as long as the tree.
  Wipe({reinterpret_cast<Byte*>(scalar.data()), scalar.size()});
}

const YamlEntry* YamlNode::Find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

YamlNodePtr ParseYaml(std::string_view text, Problems& problems) {
  if (!IsParsable(text, problems)) return nullptr;
  try {
    return ParseDocument(text, problems);
  } catch (const LimitExceeded& limit) {
    problems.Error({"", limit.line}, limit.text);
  } catch (const YAML::Exception& error) {
    problems.Error({"", LineOf(error.mark)}, "not YAML: " + Printable(error.msg));
  } catch (const std::exception& error) {
    problems.Error({}, std::string("not YAML: ") + Printable(error.what()));
  }
  return nullptr;
}

}  // namespace gw

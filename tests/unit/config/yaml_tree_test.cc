// Aliases, merge keys, limits and broken text.
#include "daemon/config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  YamlNodePtr root;
  std::vector<std::string> errors;
};

Parsed Parse(std::string_view text) {
  Problems problems("t");
  Parsed parsed{ParseYaml(text, problems), {}};
  for (const ConfigProblem& error : problems.TakeErrors()) parsed.errors.push_back(Describe(error));
  return parsed;
}

// "key=value" for each entry of a map of scalars, in order.
std::vector<std::string> Entries(const YamlNode& map) {
  std::vector<std::string> entries;
  for (const YamlEntry& entry : map.entries)
    entries.push_back(entry.key + "=" + entry.value->scalar);
  return entries;
}

TEST(YamlTreeTest, AnAliasIsTheAnchoredValueWithTheAnchorsLine) {
  const Parsed parsed = Parse("a: &x\n  k: 1\nb: *x\n");
  ASSERT_THAT(parsed.errors, IsEmpty());
  const YamlEntry* b = parsed.root->Find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->line, 3);
  EXPECT_EQ(b->value, parsed.root->Find("a")->value);
  EXPECT_EQ(b->value->line, 1);
}

TEST(YamlTreeTest, AMergeKeyAddsWhatIsNotWritten) {
  const Parsed parsed = Parse("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n  m: 4\n");
  ASSERT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(Entries(*parsed.root->Find("b")->value), ElementsAre("l=3", "m=4", "k=1"));
}

TEST(YamlTreeTest, AMergeKeyAfterTheOtherKeysStillLoses) {
  const Parsed parsed = Parse("a: &x {k: 1}\nb:\n  k: 2\n  <<: *x\n");
  EXPECT_THAT(Entries(*parsed.root->Find("b")->value), ElementsAre("k=2"));
}

TEST(YamlTreeTest, OfSeveralMergedMapsTheEarlierWins) {
  const Parsed parsed = Parse("- &x {k: 1}\n- &y {k: 2, l: 2}\n- <<: [*x, *y]\n");
  ASSERT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(Entries(*parsed.root->items[2]), ElementsAre("k=1", "l=2"));
}

TEST(YamlTreeTest, MergesOfMergesAreResolved) {
  const Parsed parsed = Parse("- &x {k: 1}\n- &y {<<: *x, l: 2}\n- {<<: *y, m: 3}\n");
  EXPECT_THAT(Entries(*parsed.root->items[2]), ElementsAre("m=3", "l=2", "k=1"));
}

TEST(YamlTreeTest, ValuesThatAreLeftOutAreNull) {
  const Parsed parsed = Parse("a:\nb: ~\nc: null\nd: \"\"\n");
  EXPECT_EQ(parsed.root->Find("a")->value->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(parsed.root->Find("b")->value->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(parsed.root->Find("c")->value->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(parsed.root->Find("d")->value->kind, YamlNode::Kind::kScalar);
}

struct BadText {
  const char* name;
  std::string text;
  std::string error;
};

void PrintTo(const BadText& bad, std::ostream* out) { *out << bad.name; }

std::string Repeat(std::string_view part, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += part;
  return out;
}

class BadTextTest : public ::testing::TestWithParam<BadText> {};

TEST_P(BadTextTest, IsComplainedAboutOnceWithItsLine) {
  EXPECT_THAT(Parse(GetParam().text).errors, ElementsAre(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadTextTest,
    ::testing::Values(
        BadText{"syntax", "a: 1\nb: [1, 2\nc: 3\n",
                "t:3: not YAML: end of sequence flow not found"},
        BadText{"unknown_anchor", "a: 1\nb: *nowhere\n",
                "t:2: not YAML: the referenced anchor is not defined"},
        BadText{"tab", "a:\n\tb: 1\n", "t:2: a tab in the indentation; YAML takes spaces only"},
        BadText{"tab_after_spaces", "a:\n  \tb: 1\n",
                "t:2: a tab in the indentation; YAML takes spaces only"},
        BadText{"tab_before_comment", "a: 1\n\t# b\n",
                "t:2: a tab in the indentation; YAML takes spaces only"},
        BadText{"tab_alone", "a: 1\n\t\nb: 2\n",
                "t:2: a tab in the indentation; YAML takes spaces only"},
        BadText{"twice", "a: 1\nb: 2\na: 3\n", "t:3: \"a\" is given twice"},
        BadText{"map_as_key", "? {a: 1}\n: 2\n", "t:1: a key that is not a plain name or number"},
        BadText{"null_key", "a: 1\n~: 2\n", "t:2: a key that is not a plain name or number"},
        BadText{"merge_of_scalar", "a: 1\n<<: 2\n",
                "t:2: \"<<\" takes a map or a list of maps, as in \"<<: *name\""},
        BadText{"merge_of_scalars", "a: 1\n<<: [{b: 1}, 2]\n",
                "t:2: \"<<\" takes a map or a list of maps, as in \"<<: *name\""},
        BadText{"contains_itself", "a: &x\n  b: *x\n",
                "t:2: an alias inside the value that it stands for"},
        BadText{"two_documents", "a: 1\n---\nb: 2\n",
                "t:3: a second document; the file must hold one"},
        BadText{"zero_byte", std::string("a: \0", 4),
                "t: not a text file: it contains a zero byte"},
        BadText{"too_large", std::string(kMaxConfigBytes + 1, '#'), "t: larger than 1048576 bytes"},
        BadText{"too_deep", Repeat("[", 33) + Repeat("]", 33), "t:1: nested deeper than 32 levels"},
        BadText{"far_too_deep", Repeat("[", 500'000), "t:1: nested deeper than 32 levels"},
        BadText{"too_many", "- 0\n" + Repeat("- 1\n", kMaxConfigNodes),
                "t:20000: more than 20000 values"}),
    [](const auto& instance) { return instance.param.name; });

TEST(YamlTreeTest, ATabElsewhereIsNoComplaint) {
  EXPECT_THAT(Parse("a:\t1\nb: 2\t# a\tcomment\n").errors, IsEmpty());
}

TEST(YamlTreeTest, ABombOfAliasesStaysSmall) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + " , " + before +
            " , " + before + " , " + before + "]\n";
  }
  const Parsed parsed = Parse(text);
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_EQ(parsed.root->entries.size(), 30u);
}

TEST(YamlTreeTest, ABombOfMergesIsStopped) {
  std::string text = "a: &a\n";
  for (int i = 0; i < 200; ++i) text += "  k" + std::to_string(i) + ": 1\n";
  text += "list:\n" + Repeat("  - <<: *a\n", 200);
  const Parsed parsed = Parse(text);
  EXPECT_EQ(parsed.root, nullptr);
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_THAT(parsed.errors[0], HasSubstr("more than 20000 values"));
}

}  // namespace
}  // namespace gw

// What the documentation says and what the loader knows is the same list of keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "daemon/config/schema.h"
#include "daemon/config/yaml_tree.h"
#include "tests/unit/config/config_text.h"

namespace gw {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

std::string ReadSource(const std::string& name) {
  std::ifstream file(std::string(GW_SOURCE_DIRECTORY) + "/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> Known() {
  const std::vector<std::string> keys = KnownKeys();
  const std::set<std::string> set(keys.begin(), keys.end());
  EXPECT_EQ(set.size(), keys.size()) << "a key is in the tables twice";
  return set;
}

// The example with its switched-off keys switched on: "#" before them becomes nothing.
std::string SwitchedOn(const std::string& example) {
  std::istringstream lines(example);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t hash = line.find_first_not_of(' ');
    const bool off = hash != std::string::npos && line[hash] == '#' && hash + 1 < line.size() &&
                     line[hash + 1] != ' ';
    text += (off ? line.erase(hash, 1) : line) + "\n";
  }
  return text;
}

bool IsNumber(const std::string& text) { return std::ranges::all_of(text, isdigit); }

// The dotted names of all values, in the form of KnownKeys(). A list of plain values is one value.
void Collect(const YamlNode& node, const std::string& path, std::set<std::string>& names) {
  const bool sections = node.kind == YamlNode::Kind::kSequence && !node.items.empty() &&
                        node.items[0]->kind == YamlNode::Kind::kMap;
  for (const YamlNodePtr& item : node.items) {
    if (sections) Collect(*item, path + "[]", names);
  }
  for (const YamlEntry& entry : node.entries) {
    const std::string key = IsNumber(entry.key) ? "<n>" : entry.key;
    Collect(*entry.value, path.empty() ? key : path + "." + key, names);
  }
  if (node.kind != YamlNode::Kind::kMap && !sections) names.insert(path);
}

TEST(DocumentationTest, TheExampleLoadsWithoutAnyComplaint) {
  EXPECT_THAT(Complaints(ReadSource("config/gateway.conf.example")), IsEmpty());
}

TEST(DocumentationTest, TheExampleShowsEveryKeyAndNoOther) {
  Problems problems("example");
  const YamlNodePtr root =
      ParseYaml(SwitchedOn(ReadSource("config/gateway.conf.example")), problems);
  ASSERT_NE(root, nullptr);
  ASSERT_FALSE(problems.HasErrors());
  std::set<std::string> shown;
  Collect(*root, "", shown);
  EXPECT_THAT(shown, ElementsAreArray(Known()));
}

TEST(DocumentationTest, TheDefaultsThatTheExampleShowsAreTheDefaults) {
  std::string text = SwitchedOn(ReadSource("config/gateway.conf.example"));
  // Of what is switched off, these are examples rather than defaults.
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto names = {"cacert:",  "certfile:", "keyfile:",        "iam_ca_file:", "allowed_",
                        "logpath:", "profiles:", "ep11client_cfg:", "slots:"};
    const auto is_in = [&line](const char* name) { return line.find(name) != std::string::npos; };
    if (std::ranges::none_of(names, is_in)) kept += line + "\n";
  }
  const LoadedConfig loaded = LoadConfigText(kept, "example");
  ASSERT_THAT(Lines(loaded), IsEmpty());
  const GatewayConfig& shown = loaded.config->gateway;
  const GatewayConfig usual;
  EXPECT_EQ(shown.socket, usual.socket);
  EXPECT_EQ(shown.state_directory, usual.state_directory);
  EXPECT_EQ(shown.metrics_listen, usual.metrics_listen);
  EXPECT_EQ(shown.manufacturer, usual.manufacturer);
  EXPECT_EQ(shown.model, usual.model);
  EXPECT_EQ(shown.serial_number, usual.serial_number);
  EXPECT_EQ(shown.local.verify, usual.local.verify);
  EXPECT_EQ(shown.local.digest, usual.local.digest);
  EXPECT_EQ(shown.local.hash_sign, usual.local.hash_sign);
  EXPECT_EQ(shown.local.random_pool, usual.local.random_pool);
  EXPECT_EQ(shown.local.random_pool_bytes, usual.local.random_pool_bytes);
  EXPECT_EQ(shown.limits.connections, usual.limits.connections);
  EXPECT_EQ(shown.limits.connections_per_application, usual.limits.connections_per_application);
  EXPECT_EQ(shown.limits.sessions_per_application, usual.limits.sessions_per_application);
  EXPECT_EQ(shown.limits.objects_per_application, usual.limits.objects_per_application);
  EXPECT_EQ(shown.limits.max_frame_bytes, usual.limits.max_frame_bytes);
  EXPECT_EQ(shown.limits.bytes_in_flight, usual.limits.bytes_in_flight);
  EXPECT_EQ(shown.limits.gathered_bytes, usual.limits.gathered_bytes);
  EXPECT_EQ(shown.times.call, usual.times.call);
  EXPECT_EQ(shown.times.key_generation, usual.times.key_generation);
  EXPECT_EQ(shown.times.rpc, usual.times.rpc);
  EXPECT_EQ(shown.times.iam, usual.times.iam);
  EXPECT_EQ(shown.times.hedge, usual.times.hedge);
  EXPECT_EQ(shown.times.master_key, usual.times.master_key);
  EXPECT_EQ(shown.times.mechanisms, usual.times.mechanisms);
  EXPECT_EQ(shown.times.drain, usual.times.drain);
  EXPECT_EQ(shown.times.application_grace, usual.times.application_grace);
  const EndpointConfig& endpoint = loaded.config->tokens.at(0).endpoints.at(0);
  const EndpointConfig usual_endpoint;
  EXPECT_EQ(endpoint.port, usual_endpoint.port);
  EXPECT_EQ(endpoint.crypto_units, usual_endpoint.crypto_units);
  EXPECT_EQ(endpoint.rate_per_s, usual_endpoint.rate_per_s);
  EXPECT_EQ(endpoint.channels, usual_endpoint.channels);
  EXPECT_EQ(endpoint.max_outstanding, usual_endpoint.max_outstanding);
}

TEST(DocumentationTest, TheTablesOfTheManualListEveryKeyAndNoOther) {
  std::istringstream lines(ReadSource("docs/configuration.md"));
  std::set<std::string> documented;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t end = line.find('`', 3);
    ASSERT_NE(end, std::string::npos) << line;
    EXPECT_TRUE(documented.insert(line.substr(3, end - 3)).second) << "twice: " << line;
  }
  EXPECT_THAT(documented, ElementsAreArray(Known()));
}

}  // namespace
}  // namespace gw

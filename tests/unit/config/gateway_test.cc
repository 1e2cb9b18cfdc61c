// Our own section: values, defaults, ranges, and errors for what it does not know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/config_text.h"

namespace gw {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// The minimal file with a gateway section; its first key is on line 17.
std::string Gateway(std::string_view lines) {
  return std::string(kMinimal) + "gateway:\n" + std::string(lines);
}

ConfigPtr Load(const std::string& text) {
  const LoadedConfig loaded = LoadConfigText(text, "test.yaml");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  return loaded.config;
}

TEST(GatewayTest, WithoutTheSectionEverythingHasItsDefault) {
  const ConfigPtr config = Load(std::string(kMinimal));
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->gateway.socket, "/run/grep11d/grep11d.sock");
  EXPECT_EQ(config->gateway.metrics_listen, "127.0.0.1:9611");
  EXPECT_EQ(config->gateway.times.call, seconds(30));
  EXPECT_EQ(config->logging.level, LogLevel::kWarning);
  EXPECT_EQ(config->logging.path, "");
}

TEST(GatewayTest, ASectionOrValueLeftEmptyKeepsItsDefault) {
  const ConfigPtr config = Load(Gateway("  limits:\n  times:\n    call:\n  socket:\n"));
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->gateway.socket, "/run/grep11d/grep11d.sock");
  EXPECT_EQ(config->gateway.times.call, seconds(30));
  EXPECT_EQ(config->gateway.limits.connections, 4096u);
}

TEST(GatewayTest, EveryValueReachesItsPlace) {
  const ConfigPtr config = Load(Gateway(R"(
  socket: "@test"
  state_directory: /srv/state
  seal_key: /srv/run/seal.key
  metrics_listen: "[::1]:0"
  iam_ca_file: /etc/passwd
  manufacturer: Maker
  model: Model
  serial_number: "0001"
  local: {verify: no, digest: off, hash_sign: false}
  limits: {connections: 1, connections_per_application: 2, sessions_per_application: 3,
           objects_per_application: 4, max_frame_bytes: 1MiB, gathered_bytes: 8KiB, bytes_in_flight: 2MiB}
  times: {call: 1s, key_generation: 2m, rpc: 300, iam: 400ms, hedge: 50ms, drain: 0, application_grace: 5 s}
  policy: {allowed_users: [root, 33], allowed_groups: 44}
)"));
  ASSERT_NE(config, nullptr);
  const GatewayConfig& gateway = config->gateway;
  EXPECT_EQ(gateway.socket, "@test");
  EXPECT_EQ(gateway.state_directory, "/srv/state");
  EXPECT_EQ(SealKeyPath(gateway), "/srv/run/seal.key");
  EXPECT_EQ(gateway.metrics_listen, "[::1]:0");
  EXPECT_EQ(config->tokens[0].iam.ca_file, "/etc/passwd");
  EXPECT_EQ(gateway.manufacturer, "Maker");
  EXPECT_EQ(gateway.model, "Model");
  EXPECT_EQ(gateway.serial_number, "0001");
  EXPECT_FALSE(gateway.local.verify || gateway.local.digest || gateway.local.hash_sign);
  EXPECT_EQ(gateway.limits.connections, 1u);
  EXPECT_EQ(gateway.limits.connections_per_application, 2u);
  EXPECT_EQ(gateway.limits.sessions_per_application, 3u);
  EXPECT_EQ(gateway.limits.objects_per_application, 4u);
  EXPECT_EQ(gateway.limits.max_frame_bytes, 1u << 20);
  EXPECT_EQ(gateway.limits.gathered_bytes, 8192u);
  EXPECT_EQ(gateway.limits.bytes_in_flight, 2u << 20);
  EXPECT_EQ(gateway.times.call, milliseconds(1000));
  EXPECT_EQ(gateway.times.hedge, milliseconds(50));
  EXPECT_EQ(gateway.times.key_generation, milliseconds(120'000));
  EXPECT_EQ(gateway.times.rpc, milliseconds(300));
  EXPECT_EQ(gateway.times.iam, milliseconds(400));
  EXPECT_EQ(gateway.times.drain, milliseconds(0));
  EXPECT_EQ(gateway.times.application_grace, milliseconds(5000));
  EXPECT_THAT(gateway.policy.allowed_uids, ElementsAre(0u, 33u));
  EXPECT_THAT(gateway.policy.allowed_gids, ElementsAre(44u));
}

TEST(GatewayTest, MetricsCanBeTurnedOff) {
  EXPECT_EQ(Load(Gateway("  metrics_listen: off\n"))->gateway.metrics_listen, "");
  EXPECT_EQ(Load(Gateway("  metrics_listen: \"\"\n"))->gateway.metrics_listen, "");
}

TEST(GatewayTest, WhoMayUseASlotIsNamedBesideItsCapacity) {
  const ConfigPtr config =
      Load(Gateway("  tokens:\n    0: {allowed_users: [root, 33], allowed_groups: 44}\n"));
  ASSERT_NE(config, nullptr);
  ASSERT_EQ(config->gateway.slot_policies.size(), 1u);
  EXPECT_THAT(config->gateway.slot_policies.at(0).allowed_uids, ElementsAre(0u, 33u));
  EXPECT_THAT(config->gateway.slot_policies.at(0).allowed_gids, ElementsAre(44u));
  const ConfigPtr open = Load(Gateway("  tokens:\n    0: {channels: 8}\n"));
  EXPECT_TRUE(open->gateway.slot_policies.empty());
}

TEST(GatewayTest, ProfilesNameTheSlotsOfAnApplicationInItsOrder) {
  const ConfigPtr config = Load(Gateway(R"(
  profiles:
    - ep11client_cfg: /etc/payments/grep11client.yaml
      slots: 0
    - {ep11client_cfg: "any text", slots: [0]}
)"));
  ASSERT_NE(config, nullptr);
  EXPECT_THAT(config->gateway.profile_slots,
              ElementsAre(Pair("/etc/payments/grep11client.yaml", ElementsAre(0u)),
                          Pair("any text", ElementsAre(0u))));
  EXPECT_TRUE(Load(Gateway("  profiles: []\n"))->gateway.profile_slots.empty());
}

TEST(GatewayTest, AProfileIsNotLongerThanAnApplicationCanSay) {
  const auto named = [](std::size_t size) {
    return Gateway("  profiles: [{slots: 0, ep11client_cfg: " + std::string(size, 'x') + "}]\n");
  };
  EXPECT_THAT(Complaints(named(4095)), IsEmpty());
  EXPECT_THAT(Complaints(named(4096)),
              ElementsAre("17: gateway.profiles[0].ep11client_cfg: is longer than 4095 "
                          "characters, so no application can have it"));
}

TEST(GatewayTest, TheCapacityOfASlotHoldsForItsVendorAddress) {
  const ConfigPtr config = Load(Gateway(
      "  tokens:\n    0: {crypto_units: 3, rate_per_s: 0, channels: 8, max_outstanding: 9}\n"));
  ASSERT_NE(config, nullptr);
  const EndpointConfig& endpoint = config->tokens[0].endpoints.at(0);
  EXPECT_EQ(endpoint.address, "ep11.example.test");
  EXPECT_EQ(endpoint.port, 443);
  EXPECT_EQ(endpoint.crypto_units, 3u);
  EXPECT_EQ(endpoint.rate_per_s, 0u);
  EXPECT_EQ(endpoint.channels, 8u);
  EXPECT_EQ(endpoint.max_outstanding, 9u);
}

TEST(GatewayTest, EndpointsStandInForTheVendorAddressAndMayOverrideTheSlot) {
  const ConfigPtr config = Load(Gateway(R"(
  tokens:
    "0":
      rate_per_s: 100
      endpoints:
        - {address: unit-1.test, port: 9001}
        - {address: unit-2.test, rate_per_s: 200}
)"));
  ASSERT_NE(config, nullptr);
  const std::vector<EndpointConfig>& endpoints = config->tokens[0].endpoints;
  ASSERT_EQ(endpoints.size(), 2u);
  EXPECT_EQ(endpoints[0].address, "unit-1.test");
  EXPECT_EQ(endpoints[0].port, 9001);
  EXPECT_EQ(endpoints[0].rate_per_s, 100u);
  EXPECT_EQ(endpoints[1].address, "unit-2.test");
  EXPECT_EQ(endpoints[1].port, 443);
  EXPECT_EQ(endpoints[1].rate_per_s, 200u);
}

TEST(GatewayTest, WithEndpointsTheVendorAddressMayBeAbsent) {
  const std::string text = With(Gateway("  tokens: {0: {endpoints: [{address: unit-1.test}]}}\n"),
                                "      address: \"ep11.example.test\"\n      port: \"443\"\n",
                                "      tls: {enabled: true}\n");
  ASSERT_NE(Load(text), nullptr);
}

struct Wrong {
  const char* name;
  std::string lines;
  std::string complaint;
};
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class WrongGatewayTest : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongGatewayTest, IsOneComplaintWithItsLine) {
  EXPECT_THAT(Complaints(Gateway(GetParam().lines)), ElementsAre(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongGatewayTest,
    ::testing::Values(
        Wrong{"unknown", "  colour: blue\n", "17: gateway.colour: unknown key"},
        Wrong{"misspelt", "  metrics-listen: x\n",
              "17: gateway.metrics-listen: unknown key; did you mean \"metrics_listen\"?"},
        Wrong{"misspelt_deep", "  limits:\n    connection: 5\n",
              "18: gateway.limits.connection: unknown key; did you mean \"connections\"?"},
        Wrong{"misspelt_in_a_list", "  tokens: {0: {endpoints: [{address: a.test, prot: 1}]}}\n",
              "17: gateway.tokens.0.endpoints[0].prot: unknown key; did you mean \"port\"?"},
        Wrong{"no_such_slot", "  tokens:\n    7: {channels: 1}\n",
              "18: gateway.tokens.7: there is no tokens.7"},
        Wrong{"endpoint_without_address", "  tokens: {0: {endpoints: [{port: 1}]}}\n",
              "17: gateway.tokens.0.endpoints[0].address: is missing"},
        Wrong{"endpoint_twice",
              "  tokens: {0: {endpoints: [{address: a.test}, {address: a.test, port: 443}]}}\n",
              "17: gateway.tokens.0.endpoints[1]: the same address and port as an endpoint before"},
        Wrong{"endpoints_not_a_list", "  tokens: {0: {endpoints: {address: a.test}}}\n",
              "17: gateway.tokens.0.endpoints: must be a list"},
        Wrong{"no_such_user", "  policy:\n    allowed_users:\n      - root\n      - no-such-user\n",
              "20: gateway.policy.allowed_users: no user \"no-such-user\" on this host"},
        Wrong{"frame_too_large", "  limits: {max_frame_bytes: 65MiB}\n",
              "17: gateway.limits.max_frame_bytes: must be from 65536 to 67108864 bytes"},
        Wrong{"time_without_sense", "  times: {call: soon}\n",
              "17: gateway.times.call: must be a time with ms, s, m or h, as in \"30s\" (a bare "
              "number counts ms)"},
        Wrong{"metrics_for_everybody", "  metrics_listen: 0.0.0.0:9611\n",
              "17: gateway.metrics_listen: must be a loopback address: it answers without a "
              "password"},
        Wrong{"ca_file_not_there", "  iam_ca_file: /no/ca.pem\n",
              "17: gateway.iam_ca_file: cannot be read: No such file or directory"},
        Wrong{"ca_file_relative", "  iam_ca_file: ca.pem\n",
              "17: gateway.iam_ca_file: must be a full path, beginning with \"/\""},
        Wrong{"profile_without_a_name", "  profiles: [{slots: [0]}]\n",
              "17: gateway.profiles[0].ep11client_cfg: is missing"},
        Wrong{"profile_without_slots", "  profiles: [{ep11client_cfg: /a}]\n",
              "17: gateway.profiles[0].slots: is missing"},
        Wrong{"profile_twice",
              "  profiles:\n    - {ep11client_cfg: /a, slots: 0}\n"
              "    - {ep11client_cfg: /a, slots: 0}\n",
              "19: gateway.profiles[1].ep11client_cfg: is that of another profile, too"},
        Wrong{"profile_of_a_slot_that_is_not_there",
              "  profiles: [{ep11client_cfg: /a, slots: [0, 7]}]\n",
              "17: gateway.profiles[0].slots: there is no tokens.7"},
        Wrong{"profile_of_a_slot_twice", "  profiles: [{ep11client_cfg: /a, slots: [0, 0]}]\n",
              "17: gateway.profiles[0].slots: names slot 0 more than once"},
        Wrong{"try_longer_than_call", "  times: {call: 5s, rpc: 6s}\n",
              "warning 16: gateway.times.rpc: is longer than gateway.times.call, which ends the "
              "request before"}),
    [](const auto& instance) { return instance.param.name; });

TEST(SealKeyPathTest, IsBesideTheSocketOrElseInTheStateDirectory) {
  GatewayConfig config;
  EXPECT_EQ(SealKeyPath(config), "/run/grep11d/seal.key");
  config.socket = "@grep11d";
  config.state_directory = "/srv/state";
  EXPECT_EQ(SealKeyPath(config), "/srv/state/seal.key");
  config.socket = "grep11d.sock";
  EXPECT_EQ(SealKeyPath(config), "./seal.key");
}

}  // namespace
}  // namespace gw

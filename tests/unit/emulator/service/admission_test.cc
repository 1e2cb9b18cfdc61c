// Room: tests. Every RPC asks for its rights, and for no others.
#include "emulator/service/admission.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace gw::emulator {
namespace {

// An API key file with one identity that may do what `wanted` says of each action.
template <typename Wanted>
Identities WithActions(Wanted wanted) {
  std::string actions;
  for (const ActionRow& row : ActionTable()) {
    if (!wanted(row.action)) continue;
    if (!actions.empty()) actions += ",";
    actions += "\"" + std::string(row.name) + "\"";
  }
  std::vector<std::string> complaints;
  return Identities::Parse(R"([{"apikey":"k","iam_id":"id-1","actions":[)" + actions + "]}]",
                           complaints);
}

std::optional<Refusal> Outcome(const RpcRow& rpc, const Identities& identities) {
  const test::ManualClock clock;
  Trouble trouble(Latency(), 1, 0, 1);
  Tokens tokens(Bytes(32, 1), identities, std::chrono::seconds(60), clock);
  Admission admission(trouble, &tokens);
  std::optional<std::size_t> identity;
  const std::string token = tokens.Mint(*identities.FindByApiKey("k")).text;
  auto refusal = admission.Refuse(rpc, "Bearer " + token, std::nullopt, identity);
  EXPECT_EQ(identity, std::size_t{0}) << rpc.name;
  return refusal;
}

TEST(AdmissionTest, EveryRpcIsOpenToItsRightsAlone) {
  for (const RpcRow& rpc : RpcTable()) {
    const auto exactly = WithActions([&](Action action) { return rpc.needed.Contains(action); });
    EXPECT_FALSE(Outcome(rpc, exactly).has_value()) << rpc.name;
  }
}

TEST(AdmissionTest, EveryRpcIsClosedToAllTheRightsButOneOfIts) {
  for (const RpcRow& rpc : RpcTable()) {
    ASSERT_FALSE(rpc.needed.empty()) << rpc.name;
    for (const ActionRow& missing : ActionTable()) {
      if (!rpc.needed.Contains(missing.action)) continue;
      const auto others = WithActions([&](Action action) { return action != missing.action; });
      const auto refusal = Outcome(rpc, others);
      ASSERT_TRUE(refusal.has_value()) << rpc.name;
      EXPECT_EQ(refusal->counted_as, "PERMISSION_DENIED");
      EXPECT_EQ(refusal->status.error_message(), "id-1 lacks " + std::string(missing.name));
      EXPECT_EQ(refusal->status.error_details(), "");
    }
  }
}

}  // namespace
}  // namespace gw::emulator

// Who may connect: every way to be named in the lists, and every way not to be.
#include "daemon/policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Policy Lists(std::vector<std::uint32_t> uids, std::vector<std::uint32_t> gids) {
  PolicyConfig config;
  config.allowed_uids = std::move(uids);
  config.allowed_gids = std::move(gids);
  return Policy(std::move(config));
}

Peer PeerOf(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
  Peer peer;
  peer.pid = 4711;
  peer.uid = uid;
  peer.gid = gid;
  peer.groups = std::move(groups);
  return peer;
}

TEST(PolicyTest, WithoutListsWhoeverTheSocketAdmitsMayConnect) {
  EXPECT_TRUE(Lists({}, {}).MayConnect(PeerOf(1000, 1000)));
  EXPECT_TRUE(Lists({}, {}).MayConnect(PeerOf(0, 0)));
}

TEST(PolicyTest, AListedUserMayConnect) {
  EXPECT_TRUE(Lists({70, 33, 50}, {}).MayConnect(PeerOf(33, 1)));
  EXPECT_TRUE(Lists({70, 33, 50}, {}).MayConnect(PeerOf(70, 1)));
}

TEST(PolicyTest, AListedPrimaryGroupMayConnect) {
  EXPECT_TRUE(Lists({}, {900, 20}).MayConnect(PeerOf(1000, 20)));
}

TEST(PolicyTest, AListedSupplementaryGroupMayConnect) {
  EXPECT_TRUE(Lists({}, {900, 20}).MayConnect(PeerOf(1000, 1000, {4, 900})));
}

TEST(PolicyTest, EitherListIsEnough) {
  EXPECT_TRUE(Lists({33}, {900}).MayConnect(PeerOf(33, 33)));
  EXPECT_TRUE(Lists({33}, {900}).MayConnect(PeerOf(1, 900)));
}

TEST(PolicyTest, AUidIsNotTakenForAGid) {
  EXPECT_FALSE(Lists({33}, {}).MayConnect(PeerOf(1000, 33, {33})));
  EXPECT_FALSE(Lists({}, {33}).MayConnect(PeerOf(33, 1000, {1000})));
}

TEST(PolicyTest, RootIsNotAnException) { EXPECT_FALSE(Lists({33}, {}).MayConnect(PeerOf(0, 0))); }

TEST(PolicyTest, TheRefusalHasItsReturnCodeAndSaysWhoWasRefused) {
  Peer peer = PeerOf(1001, 1002);
  peer.unit = "cron.service";
  const Status status = Lists({33}, {}).MayConnect(peer);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().rv, CKR_FUNCTION_REJECTED);
  EXPECT_EQ(status.error().kind, ErrorKind::kCaller);
  EXPECT_THAT(status.error().detail,
              HasSubstr("pid 4711, uid 1001, gid 1002, unit cron.service is in neither"));
}

TEST(PolicyTest, TheRefusalOfAProcessOutsideUnitsNamesNoUnit) {
  EXPECT_THAT(Lists({33}, {}).MayConnect(PeerOf(1, 1)).error().detail, Not(HasSubstr("unit")));
}

GatewayConfig SlotOneFor(std::vector<std::uint32_t> uids, std::vector<std::uint32_t> gids) {
  GatewayConfig gateway;
  gateway.slot_policies[1] = {std::move(uids), std::move(gids)};
  return gateway;
}

TEST(MayUseSlotTest, ASlotWithoutListsIsForEverybody) {
  EXPECT_TRUE(MayUseSlot(GatewayConfig(), 0, PeerOf(1000, 1000)));
  EXPECT_TRUE(MayUseSlot(SlotOneFor({33}, {}), 0, PeerOf(1000, 1000)));
}

TEST(MayUseSlotTest, ASlotWithListsIsForThoseNamed) {
  EXPECT_TRUE(MayUseSlot(SlotOneFor({33}, {}), 1, PeerOf(33, 1)));
  EXPECT_TRUE(MayUseSlot(SlotOneFor({}, {900}), 1, PeerOf(1, 1, {900})));
  EXPECT_FALSE(MayUseSlot(SlotOneFor({33}, {900}), 1, PeerOf(1000, 1000, {33})));
  EXPECT_FALSE(MayUseSlot(SlotOneFor({33}, {900}), 1, PeerOf(0, 0)));
}

TEST(MayUseSlotTest, TheRefusalIsThatOfASlotThatIsNotThere) {
  const Status status = MayUseSlot(SlotOneFor({33}, {}), 1, PeerOf(1001, 1002));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().rv, CKR_SLOT_ID_INVALID);
  EXPECT_THAT(status.error().detail,
              HasSubstr("uid 1001, gid 1002 is in neither gateway.tokens.1.allowed_users"));
}

}  // namespace
}  // namespace gw

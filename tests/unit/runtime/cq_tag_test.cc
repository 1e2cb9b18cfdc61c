// Room: tests/unit/runtime.
#include "daemon/runtime/cq_tag.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace gw {
namespace {

class Tag final : public CqTag {
 public:
  void Complete(bool) override {}
  void Cancel() override { ++cancelled; }
  int cancelled = 0;
};

TEST(CqInboxTest, OnlyTheFirstPushAsksForADrain) {
  CqInbox inbox;
  std::array<Tag, 3> tags;
  EXPECT_TRUE(inbox.Push(&tags[0], true));
  EXPECT_FALSE(inbox.Push(&tags[1], true));
  inbox.TakeAll();
  EXPECT_TRUE(inbox.Push(&tags[2], true));
}

TEST(CqInboxTest, TagsComeOutInTheirOrderWithTheirFlag) {
  CqInbox inbox;
  std::array<Tag, 3> tags;
  inbox.Push(&tags[0], true);
  inbox.Push(&tags[1], false);
  inbox.Push(&tags[2], true);
  CqTag* tag = inbox.TakeAll();
  for (Tag& expected : tags) {
    ASSERT_EQ(tag, &expected);
    EXPECT_EQ(CqInbox::OkOf(*tag), tag != &tags[1]);
    tag = CqInbox::Next(*tag);
  }
  EXPECT_EQ(tag, nullptr);
  EXPECT_EQ(inbox.TakeAll(), nullptr);
}

TEST(CqInboxTest, NothingIsLostBetweenTwoThreads) {
  CqInbox inbox;
  std::vector<Tag> tags(20'000);
  std::atomic<int> drains_asked_for{0};
  std::thread producer([&] {
    for (Tag& tag : tags) {
      if (inbox.Push(&tag, true)) ++drains_asked_for;
    }
  });
  std::size_t taken = 0;
  int drains = 0;
  while (taken < tags.size()) {
    CqTag* tag = inbox.TakeAll();
    if (tag != nullptr) ++drains;
    for (; tag != nullptr; tag = CqInbox::Next(*tag)) {
      ASSERT_EQ(tag, &tags[taken]);
      ++taken;
    }
  }
  producer.join();
  EXPECT_EQ(drains, drains_asked_for);
}

TEST(CqRegistryTest, CancelReachesExactlyTheTagsInIt) {
  CqRegistry registry;
  std::array<Tag, 4> tags;
  for (Tag& tag : tags) registry.Add(tag);
  registry.Remove(tags[3]);  // newest: head of the list
  registry.Remove(tags[1]);
  registry.CancelAll();
  EXPECT_EQ(tags[0].cancelled, 1);
  EXPECT_EQ(tags[1].cancelled, 0);
  EXPECT_EQ(tags[2].cancelled, 1);
  EXPECT_EQ(tags[3].cancelled, 0);
  registry.Remove(tags[0]);
  registry.Remove(tags[2]);
  EXPECT_TRUE(registry.empty());
}

}  // namespace
}  // namespace gw

// Tests of core/secret_heap.h through the secrets that live in it.
#include "daemon/core/secret_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace gw {
namespace {

constexpr std::size_t kSizes[] = {1, 31, 32, 33, 64, 65, 1000, 4096, 4097, 100'000};

TEST(SecretHeapTest, WhatIsTakenIsZeroAndWritable) {
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t size : kSizes) {
      SecretBytes secret = SecretBytes::OfSize(size);
      EXPECT_TRUE(std::ranges::all_of(secret.view(), [](Byte octet) { return octet == 0; }))
          << size;
      std::ranges::fill(secret.mutable_view(), Byte{0xA5});
    }
  }
}

TEST(SecretHeapTest, SecretsThatLiveTogetherDoNotOverlap) {
  std::vector<SecretBytes> secrets;
  for (int i = 0; i < 5000; ++i) {
    SecretBytes secret = SecretBytes::OfSize(1 + static_cast<std::size_t>(i) * 7 % 300);
    std::ranges::fill(secret.mutable_view(), static_cast<Byte>(i));
    secrets.push_back(std::move(secret));
  }
  for (int i = 0; i < 5000; ++i) {
    const ByteView view = secrets[static_cast<std::size_t>(i)].view();
    ASSERT_TRUE(
        std::ranges::all_of(view, [i](Byte octet) { return octet == static_cast<Byte>(i); }));
  }
}

// The common heap would be locked page by page, and its mapping cut into as many pieces.
TEST(SecretHeapTest, PlacesFollowWhatLivesAtOneTime) {
  std::set<const Byte*> places;
  for (int i = 0; i < 100'000; ++i) {
    const std::vector<int> neighbour(static_cast<std::size_t>(i) % 1000);
    places.insert(SecretBytes::OfSize(44).view().data());
  }
  EXPECT_EQ(places.size(), 1u);
}

TEST(SecretHeapTest, ThreadsTakeAndGiveBackAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([thread] {
      for (int i = 0; i < 20'000; ++i) {
        SecretBytes secret = SecretBytes::OfSize(1 + static_cast<std::size_t>(i) % 100);
        std::ranges::fill(secret.mutable_view(), static_cast<Byte>(thread));
        const bool mine = std::ranges::all_of(
            secret.view(), [thread](Byte octet) { return octet == static_cast<Byte>(thread); });
        ASSERT_TRUE(mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gw

// Tests for daemon/keystore/request_memory.h. What engines make of it: keystore_contract_test.cc.
#include "daemon/keystore/request_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FirstAnswer Inserted(std::vector<std::uint64_t> numbers) { return {std::move(numbers), true}; }

class RequestMemoryTest : public testing::Test {
 protected:
  std::vector<std::uint64_t> Known() {
    std::vector<std::uint64_t> known;
    for (std::uint64_t number = 0; number < 10; ++number) {
      if (memory_.Find(RequestOf(number)) != nullptr) known.push_back(number);
    }
    return known;
  }

  test::ManualClock clock_;
  RequestMemory memory_{clock_};
};

TEST_F(RequestMemoryTest, FirstAnswerStands) {
  memory_.Remember(RequestOf(1), Inserted({7}));
  memory_.Remember(RequestOf(1), Inserted({8}));
  EXPECT_THAT(memory_.Find(RequestOf(1))->inserted, ElementsAre(7));
}

TEST_F(RequestMemoryTest, WhatIsForgottenCanBeKnownAnew) {
  for (std::uint64_t number = 0; number < 3; ++number) {
    memory_.Remember(RequestOf(number), Inserted({number}));
    clock_.Advance(std::chrono::minutes(3));
  }
  memory_.Forget(RequestOf(1));
  memory_.Forget(RequestOf(9));
  EXPECT_THAT(Known(), ElementsAre(0, 2));
  memory_.Remember(RequestOf(1), Inserted({8}));
  EXPECT_THAT(memory_.Find(RequestOf(1))->inserted, ElementsAre(8));
  clock_.Advance(std::chrono::minutes(8));
  memory_.ForgetOld();
  EXPECT_THAT(Known(), ElementsAre(1)) << "its age is that of the second time";
}

TEST_F(RequestMemoryTest, AgeAtTheStartCounts) {
  memory_.Remember(RequestOf(1), {}, Keystore::kRequestMemory + std::chrono::milliseconds(1));
  memory_.Remember(RequestOf(2), {}, Keystore::kRequestMemory);
  memory_.Remember(RequestOf(3), {}, std::chrono::minutes(1));
  EXPECT_THAT(Known(), ElementsAre(2, 3));
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_THAT(Known(), ElementsAre(3));
}

TEST_F(RequestMemoryTest, OldOnesAreForgottenAndTheOthersAreNot) {
  for (std::uint64_t number = 0; number < 5; ++number) {
    memory_.Remember(RequestOf(number), {});
    clock_.Advance(std::chrono::minutes(3));
  }
  // Done 15, 12, 9, 6 and 3 minutes ago.
  memory_.ForgetOld();
  EXPECT_THAT(Known(), ElementsAre(2, 3, 4));
  memory_.Remember(RequestOf(0), Inserted({1}));
  EXPECT_THAT(Known(), ElementsAre(0, 2, 3, 4)) << "what was forgotten can be known again";
  clock_.Advance(std::chrono::hours(1));
  memory_.ForgetOld();
  EXPECT_THAT(Known(), IsEmpty());
}

TEST_F(RequestMemoryTest, ClearForgetsAll) {
  memory_.Remember(RequestOf(1), {});
  memory_.Clear();
  EXPECT_THAT(Known(), IsEmpty());
  clock_.Advance(std::chrono::hours(1));
  memory_.ForgetOld();
}

TEST(RequestAnswerTest, RepeatGetsTheNumbersOfThePutsItReplacedAndThoseFirstInserted) {
  Mutation mutation;
  mutation.request = RequestOf(1);
  mutation.puts.resize(4);
  mutation.puts[1].number = 9;
  const auto inserts = InsertsOf(mutation);
  EXPECT_THAT(inserts, ElementsAre(0, 2, 3));
  const RecordNumbers numbers = {20, 9, 21, 22};
  const FirstAnswer answer = AnswerOf(numbers, inserts, false);
  EXPECT_THAT(answer.inserted, ElementsAre(20, 21, 22));
  EXPECT_FALSE(answer.whole);
  const auto repeat = NumbersOfRepeat(mutation, answer);
  ASSERT_TRUE(repeat.ok());
  EXPECT_EQ(*repeat, numbers);
}

TEST(RequestAnswerTest, AnotherCountOfInsertsIsAnotherChange) {
  Mutation mutation;
  mutation.request = RequestOf(77, 0xab);
  mutation.puts.resize(1);
  for (const auto& first : {Inserted({}), Inserted({1, 2})}) {
    const auto repeat = NumbersOfRepeat(mutation, first);
    EXPECT_EQ(RvOf(repeat), CKR_DEVICE_ERROR);
    EXPECT_EQ(repeat.error().kind, ErrorKind::kState) << "the keystore works";
    EXPECT_THAT(DetailOf(repeat), HasSubstr("request 77 of application abab"));
  }
}

}  // namespace
}  // namespace gw

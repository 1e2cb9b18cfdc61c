// Tests for daemon/keystore/sqlite_keystore.h: a disk that fails at each write, sync, truncation
// and name in turn, for one operation or for a while, and then works again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>

#include "tests/unit/keystore/disk_image.h"
#include "tests/unit/keystore/lives.h"

namespace gw {
namespace {

using disk::Keep;

struct DiskFault {
  const char* name;
  int error;
  CK_RV rv;
  int operations;  // that fail, one after the other
};

class DiskFaultTest : public testing::TestWithParam<DiskFault> {
 protected:
  // Hundreds of lines about disks that were full on purpose.
  DiskFaultTest() { spdlog::set_level(spdlog::level::off); }
  ~DiskFaultTest() override { spdlog::set_level(spdlog::level::info); }

  // Opens a new keystore, whose disk begins to fail `after` operations later.
  void Begin(int after) {
    keystore_.reset();
    log_.reset();
    directory_ = std::make_unique<QuickDirectory>();
    log_ = std::make_unique<disk::DiskLog>(directory_->state());
    auto opened = OpenSqliteKeystore(OptionsFor(directory_->state()));
    ASSERT_TRUE(opened.ok()) << DetailOf(opened);
    keystore_ = *std::move(opened);
    mutations_.clear();
    done_.clear();
    order_.clear();
    disk_ = {};
    log_->Fail(GetParam().error, after, GetParam().operations);
  }

  std::size_t Number(Mutation& mutation) {
    mutation.request = RequestOf(mutations_.size() + 1);
    mutations_.push_back(mutation);
    done_.push_back(false);
    return done_.size() - 1;
  }

  // One try of mutations that are handed over together.
  void Try(const std::vector<std::size_t>& which) {
    std::vector<Mutation> step;
    for (const std::size_t i : which) step.push_back(mutations_[i]);
    const auto answers = CommitAll(*keystore_, std::move(step));
    for (std::size_t i = 0; i < which.size(); ++i) {
      done_[which[i]] = answers[i].ok();
      if (answers[i].ok()) order_.push_back(which[i]);
      const CK_RV expected = answers[i].ok() ? CKR_OK : GetParam().rv;
      EXPECT_EQ(RvOf(answers[i]), expected) << DetailOf(answers[i]);
    }
  }

  // Of this daemon, while it runs.
  std::string FaultNow() { return FaultIn(*keystore_, InOrder(), Musts(Must::kBeAbsent)); }

  // After a power loss now, that leaves what `keep` says. What failed may be found done then.
  std::string FaultAfterPowerLoss(Keep keep) {
    for (const disk::Event& event : log_->Take()) disk_.Apply(event);
    const QuickDirectory image;
    disk_.WriteTo(image.state(), keep, chance_);
    return FaultAt(image.state(), InOrder(), Musts(Must::kBeEither));
  }

  // Of the next daemon.
  std::string FaultThen() {
    log_->Fail(0, 0, 0);
    keystore_.reset();
    return FaultAt(directory_->state(), InOrder(), Musts(Must::kBeAbsent));
  }

  // Those that were done, then those that failed.
  std::vector<Mutation> InOrder() const {
    std::vector<Mutation> all;
    for (const std::size_t i : order_) all.push_back(mutations_[i]);
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (!done_[i]) all.push_back(mutations_[i]);
    }
    return all;
  }
  std::function<Must(std::size_t)> Musts(Must failed) const {
    return [done = order_.size(), failed](std::size_t i) {
      return i < done ? Must::kBeThere : failed;
    };
  }

  std::unique_ptr<QuickDirectory> directory_;
  std::unique_ptr<disk::DiskLog> log_;
  std::unique_ptr<Keystore> keystore_;
  std::vector<Mutation> mutations_;
  std::vector<bool> done_;
  std::vector<std::size_t> order_;  // in which they were done
  disk::Disk disk_;
  std::minstd_rand chance_{SeedOfTest()};
};

constexpr int kLong = 7;
INSTANTIATE_TEST_SUITE_P(
    Disks, DiskFaultTest,
    testing::Values(DiskFault{"FullOnce", ENOSPC, CKR_DEVICE_MEMORY, 1},
                    DiskFault{"FullForAWhile", ENOSPC, CKR_DEVICE_MEMORY, kLong},
                    DiskFault{"OverQuotaForAWhile", EDQUOT, CKR_DEVICE_MEMORY, kLong},
                    DiskFault{"BrokenOnce", EIO, CKR_DEVICE_ERROR, 1},
                    DiskFault{"BrokenForAWhile", EIO, CKR_DEVICE_ERROR, kLong},
                    DiskFault{"ReadOnlyForAWhile", EROFS, CKR_DEVICE_ERROR, kLong}),
    [](const auto& chosen) { return std::string(chosen.param.name); });

// An application that gives up: what failed is not in effect, what did not is.
TEST_P(DiskFaultTest, WhatFailedChangedNothingAndLaterChangesWork) {
  int points = 0;
  for (bool failed = true; failed; ++points) {
    ASSERT_NO_FATAL_FAILURE(Begin(points));
    for (int i = 0; i < 5; ++i) {
      Mutation mutation = Insert({std::to_string(i), "again " + std::to_string(i)});
      mutation.settings["last"] = Bytes{static_cast<Byte>(i)};
      Try({Number(mutation)});
      ASSERT_EQ(FaultNow(), "") << "point " << points << ", mutation " << i + 1;
    }
    failed = log_->Failed() > 0;
    log_->Fail(0, 0, 0);  // repaired
    Mutation last = Insert({"last"});
    Try({Number(last)});
    EXPECT_TRUE(done_.back()) << "point " << points;
    ASSERT_EQ(FaultNow(), "") << "point " << points;
    ASSERT_EQ(FaultThen(), "") << "point " << points;
  }
  std::printf("%d points of failure\n", points);
}

// An application that tries again with the same request: each change happens once.
TEST_P(DiskFaultTest, WhatIsTriedAgainHappensOnce) {
  int points = 0;
  for (bool failed = true; failed; ++points) {
    ASSERT_NO_FATAL_FAILURE(Begin(points));
    for (Step& step : FirstLife()) {
      std::vector<std::size_t> left;
      for (Mutation& mutation : step) left.push_back(Number(mutation));
      for (int tries = 0; !left.empty() && tries < 100; ++tries) {
        Try(left);
        std::erase_if(left, [this](std::size_t i) { return done_[i]; });
      }
      ASSERT_TRUE(left.empty()) << "does not recover at point " << points;
    }
    failed = log_->Failed() > 0;
    ASSERT_EQ(FaultNow(), "") << "point " << points;
    for (const Keep keep : {Keep::kNothing, Keep::kSome}) {
      ASSERT_EQ(FaultAfterPowerLoss(keep), "") << "point " << points;
    }
    ASSERT_EQ(FaultThen(), "") << "point " << points;
  }
  std::printf("%d points of failure\n", points);
}

}  // namespace
}  // namespace gw

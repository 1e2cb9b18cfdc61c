// Room: tests/unit/runtime.
#include "daemon/runtime/gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;

Awaitable<bool> CloseAndWait(Gate* gate, std::chrono::milliseconds grace) {
  gate->Close();
  co_return co_await gate->WaitEmpty(grace);
}

class GateTest : public testing::Test {
 protected:
  GateTest() { silo_.Start(); }
  std::optional<Gate::Entry> Enter() {
    return test::OnLoop(silo_, [this] { return gate_->TryEnter(); });
  }
  Silo silo_;
  std::unique_ptr<Gate> gate_ = std::make_unique<Gate>(silo_.loop().get_executor());
};

TEST_F(GateTest, AClosedGateLetsNobodyIn) {
  test::OnLoop(silo_, [this] { gate_->Close(); });
  EXPECT_FALSE(Enter().has_value());
}

TEST_F(GateTest, AnEmptyGateIsEmptyAtOnce) {
  EXPECT_TRUE(test::Await(silo_, CloseAndWait(gate_.get(), 60s)));
}

TEST_F(GateTest, TheWaitEndsWhenTheLastOneLeaves) {
  auto first = Enter();
  auto second = Enter();
  auto wait = test::Start(silo_, CloseAndWait(gate_.get(), 60s));
  test::OnLoop(silo_, [&first] { first.reset(); });
  EXPECT_EQ(wait.wait_for(20ms), std::future_status::timeout);
  test::OnLoop(silo_, [&second] { second.reset(); });
  EXPECT_TRUE(wait.get());
}

TEST_F(GateTest, TheWaitGivesUpAfterItsGrace) {
  auto inside = Enter();
  EXPECT_FALSE(test::Await(silo_, CloseAndWait(gate_.get(), 20ms)));
  test::OnLoop(silo_, [&inside] { inside.reset(); });
}

TEST_F(GateTest, MovingAnEntryCountsItOnce) {
  auto entry = Enter();
  test::OnLoop(silo_, [this, &entry] {
    Gate::Entry moved = std::move(*entry);
    entry.reset();
    EXPECT_EQ(gate_->inside(), 1u);
    Gate::Entry other = *gate_->TryEnter();
    EXPECT_EQ(gate_->inside(), 2u);
    other = std::move(moved);
    EXPECT_EQ(gate_->inside(), 1u);
  });
  EXPECT_EQ(gate_->inside(), 0u);
}

TEST_F(GateTest, AnEntryOutlivesTheGate) {
  auto entry = Enter();
  test::OnLoop(silo_, [this] { gate_.reset(); });
  test::OnLoop(silo_, [&entry] { entry.reset(); });
}

}  // namespace
}  // namespace gw

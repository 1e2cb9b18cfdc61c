// Room: tests/stack. Every function is called very many times with arguments that are right, nearly
// right and wrong, made from the tables of attributes and mechanisms. Whatever is asked, the answer
// is a code that the conformance map has for the function, it comes in time, nothing is written
// beyond a buffer, a call that fails leaves no object, daemon and HSM stay up and small.
// GW_SEED repeats a run, GW_COUNT makes it longer or shorter; docs/testing.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "proto/wire/functions.h"
#include "tests/stack/documented_codes.h"
#include "tests/stack/random_calls.h"
#include "tests/stack/stack.h"
#include "tests/stack/watchdog.h"

namespace gw::stack {
namespace {

constexpr std::uint64_t kSeed = 20;
constexpr std::uint64_t kCalls = 10000;
// Much more than a call takes on a busy machine, much less than the module's own limit.
constexpr std::chrono::seconds kDeadline{30};
constexpr int kMostComplaints = 5;
constexpr long kMostGrowthKib = 48L << 10;
constexpr const char* kThisTest = "RandomInputsTest.EveryAnswerIsDocumented";

std::uint64_t Setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What the kernel has given to a process; 0 if it is not there.
long ResidentKib(pid_t pid) {
  std::istringstream lines(ReadFile("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

class RandomInputsTest : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    documented_ = ReadDocumentedCodes(kThisTest);
    watchdog_ = std::make_unique<Watchdog>(kDeadline);
    std::cout << "GW_SEED=" << Setting("GW_SEED", kSeed) << "\n";
  }
  static void TearDownTestSuite() { watchdog_.reset(); }

  bool Makes() const {
    static constexpr std::string_view kMakers[] = {"C_CreateObject", "C_CopyObject",
                                                   "C_GenerateKey",  "C_GenerateKeyPair",
                                                   "C_UnwrapKey",    "C_DeriveKey"};
    return std::ranges::find(kMakers, function_) != std::end(kMakers);
  }

  // Functions that work without any are called where making them again takes too long: they end
  // sessions, tokens and the application.
  static bool NeedsObjects() {
    static constexpr std::string_view kWithout[] = {"C_Initialize", "C_Finalize", "C_InitToken",
                                                    "C_CloseSession", "C_CloseAllSessions"};
    return std::ranges::find(kWithout, std::string_view(GetParam())) == std::end(kWithout);
  }

  // Functions after which sessions or the login may be gone.
  static bool EndsThings() {
    static constexpr std::string_view kEnding[] = {
        "C_Login",        "C_LoginUser",        "C_Logout",   "C_OpenSession",
        "C_CloseSession", "C_CloseAllSessions", "C_Finalize", "C_InitToken"};
    return std::ranges::find(kEnding, std::string_view(GetParam())) != std::end(kEnding);
  }

  // One call with its judgement.
  CK_RV Make(const Shape& shape, bool spoil) {
    const Arguments arguments(shape, world_, random_, spoil);
    Watchdog::Begins(shape.function, seed_, number_);
    const CK_RV rv = arguments.Call();
    Watchdog::Ends();
    const std::string name(NameOfRv(rv));
    const auto& known = documented_[shape.function];
    if (!known.codes.contains(name)) Complain(arguments, "answers " + name);
    if (IsTrouble(rv)) {
      Complain(arguments, "answers " + name + ", and nothing is broken");
      trouble_ = true;
    }
    if (!arguments.memory().GuardsHold()) Complain(arguments, "writes beyond a buffer");
    if (shape.function == function_) {
      ++seen_[name];
      if (rv == CKR_OK) Afterwards(arguments);
    }
    return rv;
  }

  // What daemon and HSM answer when they are away or broken, and documented everywhere.
  static bool IsTrouble(CK_RV rv) {
    return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED || rv == CKR_DEVICE_MEMORY;
  }

  void Complain(const Arguments& arguments, const std::string& what) {
    const std::string key = what + arguments.Describe().substr(0, 20);
    if (++complaints_[key] > kMostComplaints) return;
    ADD_FAILURE() << "GW_SEED=" << seed_ << " call " << number_ << ": " << what << ": "
                  << arguments.Describe();
  }

  // What has to be put right after a call that succeeded.
  void Afterwards(const Arguments& arguments) {
    if (Makes()) {
      for (const CK_OBJECT_HANDLE object : arguments.stored()) world_.Remove(object);
    } else if (function_ == "C_OpenSession") {
      world_.Adopt(arguments.stored().front(), random_);
    } else if (function_ == "C_InitToken") {
      world_.Reopen();
    } else if (function_ == "C_GetOperationState") {
      world_.saved_state = arguments.output();
    }
  }

  // Brings the session to where the function is usually called; now and then not.
  void Prepare(const Shape& shape) {
    if (function_ == "C_Initialize") {
      if (random_.Chance(500)) P11().C_Finalize(nullptr);
      return;
    }
    if (function_ == "C_Finalize" && !random_.Chance(200)) return;
    if (function_ == "C_Finalize") world_.Reopen();
    world_.Settle(random_, NeedsObjects(), EndsThings());
    if (function_ == "C_InitToken" && random_.Chance(30)) world_.CloseAll();
    if (function_ == "C_SetOperationState" && random_.Chance(200)) {
      Prelude("C_DigestInit");
      world_.saved_state.clear();
      Prelude("C_GetOperationState");
    }
    // An operation that is active stands in the way of the next.
    if (function_.ends_with("Init") && random_.Chance(800)) {
      P11v3().C_SessionCancel(world_.DrawSession(random_), kAllOperations);
    }
    if (random_.Chance(150)) return;
    for (const char* before : shape.begun) {
      if (before != nullptr) Prelude(before);
    }
  }

  void Prelude(const char* function) {
    const Arguments arguments(*FindShape(function), world_, random_, false);
    Watchdog::Begins(function, seed_, number_);
    const CK_RV rv = arguments.Call();
    Watchdog::Ends();
    if (rv == CKR_OK && std::string_view(function) == "C_GetOperationState") {
      world_.saved_state = arguments.output();
    }
  }

  static inline std::map<std::string, DocumentedCodes> documented_;
  static inline std::unique_ptr<Watchdog> watchdog_;

  const std::string_view function_ = GetParam();
  const std::uint64_t seed_ = Setting("GW_SEED", kSeed);
  std::uint64_t number_ = 0;
  World world_{NeedsObjects()};
  Random random_{seed_};
  bool trouble_ = false;  // no use in going on
  std::map<std::string, std::uint64_t> seen_;
  std::map<std::string, int> complaints_;
};

TEST_P(RandomInputsTest, EveryAnswerIsDocumented) {
  const Shape* shape = FindShape(function_);
  ASSERT_NE(shape, nullptr) << function_ << " has no row in random_shapes.cc";
  ASSERT_TRUE(documented_.contains(shape->function)) << "no row in " << GW_CONFORMANCE_MAP;
  const pid_t daemon = DaemonPid();
  const std::uint64_t calls = Setting("GW_COUNT", kCalls);
  long small = 0;
  for (; number_ < calls && complaints_.size() < 20 && !trouble_; ++number_) {
    Prepare(*shape);
    const std::size_t before = Makes() ? world_.CountObjects() : 0;
    const CK_RV rv = Make(*shape, random_.Chance(800));
    if (Makes() && rv != CKR_OK) {
      ASSERT_EQ(world_.CountObjects(), before) << "GW_SEED=" << seed_ << " call " << number_ << ": "
                                               << NameOfRv(rv) << ", and an object";
    }
    if (number_ == calls / 5) small = ResidentKib(daemon);
  }
  EXPECT_EQ(DaemonPid(), daemon);
  EXPECT_GT(ResidentKib(daemon), 0) << "the daemon is gone";
  EXPECT_LT(ResidentKib(daemon) - small, kMostGrowthKib) << "the daemon grows";
  EXPECT_GT(ReadCounters().requests, 0u) << "the HSM is gone";
  for (const auto& [code, count] : seen_) std::cout << "  " << code << " " << count << "\n";
  if (calls < kCalls) return;
  for (const std::string& code : documented_[shape->function].shown) {
    EXPECT_TRUE(seen_.contains(code)) << "the map says that this test shows " << code;
  }
}

constexpr const char* kNames[] = {
#define GW_FN(name, number, carried, retry, operation, no_daemon, section) #name,
#include "proto/wire/functions.def"
#undef GW_FN
};
INSTANTIATE_TEST_SUITE_P(Functions, RandomInputsTest, testing::ValuesIn(kNames),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace gw::stack

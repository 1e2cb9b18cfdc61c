// Room: tests/unit/upstream. The cache with a clock moved by hand; IAM and HSM are scripted
// functions.
#include "daemon/upstream/token_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "daemon/runtime/event.h"
#include "tests/support/captured_log.h"
#include "tests/support/manual_clock.h"
#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;

// IAM and HSM as the cache sees them. Loop only, except for reading counts while the loop is idle.
struct World {
  explicit World(Silo& silo) : executor(silo.loop().get_executor()) {}

  boost::asio::any_io_executor executor;
  std::chrono::seconds lifetime{3600};
  int fetches = 0;
  int checks = 0;
  std::deque<CK_RV> iam_refuses;   // consumed by fetches; CKR_OK: accept
  std::deque<CK_RV> hsm_refuses;   // consumed by checks
  std::shared_ptr<Event> holding;  // if set, fetches wait for it
};

Awaitable<Result<IamToken>> FetchFrom(World* world, SecretBytes key) {
  ++world->fetches;
  if (world->holding != nullptr) co_await world->holding->WaitUntil(SteadyTime::max());
  if (!world->iam_refuses.empty()) {
    const CK_RV rv = world->iam_refuses.front();
    world->iam_refuses.pop_front();
    if (rv != CKR_OK) co_return UpstreamError(rv, "scripted refusal");
  }
  IamToken token;
  const std::string text = std::string(key.text()) + "#" + std::to_string(world->fetches);
  token.access_token = SecretBytes(ViewOf(text));
  token.lifetime = world->lifetime;
  token.iam_id = "iam-" + std::string(key.text());
  co_return token;
}

Awaitable<Status> CheckWith(World* world) {
  ++world->checks;
  if (!world->hsm_refuses.empty()) {
    const CK_RV rv = world->hsm_refuses.front();
    world->hsm_refuses.pop_front();
    if (rv != CKR_OK) co_return UpstreamError(rv, "scripted refusal");
  }
  co_return Ok();
}

Awaitable<Result<IdentityPtr>> Login(TokenCache* cache, std::string key, Deadline deadline) {
  SecretBytes secret(ViewOf(key));
  co_return co_await cache->Authenticate(std::move(secret), deadline);
}
Awaitable<Result<BearerPtr>> Get(IdentityPtr identity, Deadline deadline) {
  co_return co_await static_cast<BearerIdentity&>(*identity).Get(deadline);
}
Awaitable<Result<BearerPtr>> Renew(IdentityPtr identity, BearerPtr refused,
                                   std::chrono::milliseconds pause) {
  co_return co_await static_cast<BearerIdentity&>(*identity).Renew(refused, pause, In(30s));
}

class TokenCacheTest : public testing::Test {
 protected:
  TokenCacheTest() {
    silo_.Start();
    cache_ = std::make_unique<TokenCache>(
        silo_.loop().get_executor(), clock_, TokenCache::Times(),
        [this](SecretBytes key, Deadline) { return FetchFrom(&world_, std::move(key)); },
        [this](IdentityPtr, Deadline) { return CheckWith(&world_); }, 1);
  }
  ~TokenCacheTest() override {
    test::OnLoop(silo_, [this] {
      identities_.clear();
      cache_.reset();
    });
    silo_.Stop();
  }

  std::future<Result<IdentityPtr>> Start(const std::string& key, Deadline deadline = In(30s)) {
    return test::Start(silo_, Login(cache_.get(), key, deadline));
  }
  // Logs in and stays logged in.
  IdentityPtr Enter(const std::string& key) {
    auto identity = Start(key).get();
    EXPECT_TRUE(identity.ok());
    return identity.ok() ? *identity : nullptr;
  }
  CK_RV Refused(const std::string& key, Deadline deadline = In(30s)) {
    const auto result = Start(key, deadline).get();
    return result.ok() ? CKR_OK : result.error().rv;
  }
  std::string TokenOf(const IdentityPtr& identity) {
    return test::OnLoop(silo_, [&identity]() -> std::string {
      const auto bearer = static_cast<BearerIdentity&>(*identity).Current();
      return bearer == nullptr ? "none" : std::string(bearer->authorization.text());
    });
  }
  // Lets time pass and waits until what it set off is done.
  void Pass(std::chrono::nanoseconds time) {
    clock_.Advance(time);
    test::OnLoop(silo_, [this] { cache_->Poke(); });
    for (int i = 0; i < 20; ++i) test::OnLoop(silo_, [] {});
  }
  std::size_t Size() {
    return test::OnLoop(silo_, [this] { return cache_->size(); });
  }
  // Gives a login up, on the loop as everything else.
  void Leave(IdentityPtr& identity) {
    test::OnLoop(silo_, [&identity] { identity.reset(); });
  }

  test::ManualClock clock_;
  Silo silo_;
  World world_{silo_};
  std::unique_ptr<TokenCache> cache_;
  std::vector<IdentityPtr> identities_;
};

TEST_F(TokenCacheTest, AHundredLoginsAtOnceCostOneFetchAndOneCheck) {
  std::vector<std::future<Result<IdentityPtr>>> logins;
  for (int i = 0; i < 100; ++i) logins.push_back(Start("key"));
  for (auto& login : logins) {
    auto identity = login.get();
    ASSERT_TRUE(identity.ok());
    identities_.push_back(std::move(*identity));
  }
  EXPECT_TRUE(std::ranges::all_of(identities_,
                                  [this](const auto& each) { return each == identities_[0]; }));
  EXPECT_EQ(world_.fetches, 1);
  EXPECT_EQ(world_.checks, 1);
}

TEST_F(TokenCacheTest, AHundredLoginsOneAfterTheOtherCostTheSame) {
  for (int i = 0; i < 100; ++i) {
    IdentityPtr identity = Enter("key");
    Leave(identity);
    Pass(1s);
  }
  EXPECT_EQ(world_.fetches, 1);
  EXPECT_EQ(world_.checks, 1);
}

TEST_F(TokenCacheTest, DifferentKeysAreDifferentPeople) {
  IdentityPtr a = Enter("key a");
  IdentityPtr b = Enter("key b");
  EXPECT_NE(a, b);
  EXPECT_EQ(a->name(), "iam-key a");
  EXPECT_EQ(TokenOf(a), "Bearer key a#1");
  EXPECT_EQ(TokenOf(b), "Bearer key b#2");
  Leave(a);
  Leave(b);
}

TEST_F(TokenCacheTest, AWrongKeyIsRefusedAndForgotten) {
  world_.iam_refuses = {CKR_PIN_INCORRECT, CKR_PIN_LOCKED};
  EXPECT_EQ(Refused("key"), CKR_PIN_INCORRECT);
  EXPECT_EQ(Refused("key"), CKR_PIN_LOCKED);
  EXPECT_EQ(Size(), 0u);
  EXPECT_EQ(world_.checks, 0);
  EXPECT_EQ(Refused("key"), CKR_OK);
}

TEST_F(TokenCacheTest, KeysOfImpossibleLengthCostNothing) {
  EXPECT_EQ(Refused(""), CKR_PIN_INCORRECT);
  EXPECT_EQ(Refused(std::string(2000, 'x')), CKR_PIN_INCORRECT);
  EXPECT_EQ(world_.fetches, 0);
}

TEST_F(TokenCacheTest, AKeyThatTheHsmRefusesIsAnIncorrectPin) {
  world_.hsm_refuses = {CKR_USER_NOT_LOGGED_IN};
  const test::CapturedLog log;
  EXPECT_EQ(Refused("key"), CKR_PIN_INCORRECT);
  EXPECT_NE(log.text().find("the HSM refuses it"), std::string::npos);
  EXPECT_EQ(Size(), 0u);
}

TEST_F(TokenCacheTest, AnHsmThatIsAwayIsNoIncorrectPinAndTheTokenIsKept) {
  world_.hsm_refuses = {CKR_DEVICE_ERROR};
  EXPECT_EQ(Refused("key"), CKR_DEVICE_ERROR);
  EXPECT_EQ(Refused("key"), CKR_OK);
  EXPECT_EQ(world_.fetches, 1);
  EXPECT_EQ(world_.checks, 2);
}

TEST_F(TokenCacheTest, IamAwayIsADeviceError) {
  world_.iam_refuses = {CKR_DEVICE_ERROR};
  EXPECT_EQ(Refused("key"), CKR_DEVICE_ERROR);
  EXPECT_EQ(Size(), 0u);
}

TEST_F(TokenCacheTest, ALoginEndsAtItsDeadlineThoughTheExchangeGoesOn) {
  world_.holding = std::make_shared<Event>(world_.executor);
  EXPECT_EQ(Refused("key", In(20ms)), CKR_DEVICE_ERROR);
  auto patient = Start("key");
  test::OnLoop(silo_, [this] { world_.holding->Set(); });
  EXPECT_TRUE(patient.get().ok());
  EXPECT_EQ(world_.fetches, 1);
}

TEST_F(TokenCacheTest, ATokenInUseIsRenewedAtFourFifthsOfItsLife) {
  IdentityPtr identity = Enter("key");
  Pass(3600s * 74 / 100);
  EXPECT_EQ(world_.fetches, 1);
  Pass(3600s * 12 / 100);
  EXPECT_EQ(world_.fetches, 2);
  EXPECT_EQ(world_.checks, 1);
  EXPECT_EQ(TokenOf(identity), "Bearer key#2");
  Leave(identity);
}

TEST_F(TokenCacheTest, ATokenOfNobodyIsNotRenewedAndGoesWhenItExpires) {
  IdentityPtr identity = Enter("key");
  Leave(identity);
  Pass(3600s * 9 / 10);
  EXPECT_EQ(Size(), 1u);
  Pass(3600s * 2 / 10);
  EXPECT_EQ(Size(), 0u);
  EXPECT_EQ(world_.fetches, 1);
}

TEST_F(TokenCacheTest, AKeyThatComesBackLateIsRenewedAtOnce) {
  IdentityPtr identity = Enter("key");
  Leave(identity);
  Pass(3600s * 9 / 10);
  identity = Enter("key");
  Pass(0s);
  EXPECT_EQ(world_.fetches, 2);
  Leave(identity);
}

TEST_F(TokenCacheTest, TheOldTokenServesWhileIamIsAway) {
  IdentityPtr identity = Enter("key");
  const test::CapturedLog log;
  world_.iam_refuses = std::deque<CK_RV>(5, CKR_DEVICE_ERROR);
  Pass(3600s * 86 / 100);
  EXPECT_EQ(world_.fetches, 2);
  EXPECT_EQ(TokenOf(identity), "Bearer key#1");
  EXPECT_NE(log.text().find("could not be renewed"), std::string::npos);
  EXPECT_EQ(Refused("key"), CKR_OK);  // a second login is served from the cache
  Pass(100ms);
  EXPECT_EQ(world_.fetches, 2) << "no hammering";
  Pass(90s);
  EXPECT_EQ(world_.fetches, 3);
  world_.iam_refuses.clear();
  Pass(90s);
  EXPECT_EQ(TokenOf(identity), "Bearer key#4");
  Leave(identity);
}

TEST_F(TokenCacheTest, ALoginOutlivesItsTokenWhileIamIsAway) {
  IdentityPtr identity = Enter("key");
  world_.iam_refuses = std::deque<CK_RV>(3, CKR_DEVICE_ERROR);
  Pass(3601s);
  EXPECT_EQ(TokenOf(identity), "none");
  const int fetches = world_.fetches;
  for (int i = 0; i < 10; ++i) {
    const auto bearer = test::Await(silo_, Get(identity, In(30s)));
    ASSERT_FALSE(bearer.ok());
    EXPECT_EQ(bearer.error().rv, CKR_DEVICE_ERROR);
  }
  EXPECT_EQ(world_.fetches, fetches) << "one failure answers for all calls of a second";
  world_.iam_refuses.clear();
  Pass(1s);
  EXPECT_TRUE(test::Await(silo_, Get(identity, In(30s))).ok());
  Leave(identity);
}

TEST_F(TokenCacheTest, AKeyRevokedDuringALoginServesUntilTheTokenEnds) {
  IdentityPtr identity = Enter("key");
  world_.iam_refuses = std::deque<CK_RV>(100, CKR_PIN_INCORRECT);
  Pass(3600s * 86 / 100);
  EXPECT_EQ(TokenOf(identity), "Bearer key#1");
  Pass(3600s);
  Pass(120s);
  const auto bearer = test::Await(silo_, Get(identity, In(30s)));
  ASSERT_FALSE(bearer.ok());
  EXPECT_EQ(Refused("key"), CKR_PIN_INCORRECT);
  Leave(identity);
}

TEST_F(TokenCacheTest, ARefusedTokenIsRenewedOnceForAllWhoAsk) {
  IdentityPtr identity = Enter("key");
  const BearerPtr refused = *test::Await(silo_, Get(identity, In(30s)));
  std::vector<std::future<Result<BearerPtr>>> renewals;
  for (int i = 0; i < 50; ++i) renewals.push_back(test::Start(silo_, Renew(identity, refused, 5s)));
  for (auto& renewal : renewals) {
    const BearerPtr younger = *renewal.get();
    ASSERT_NE(younger, nullptr);
    EXPECT_EQ(younger->authorization.text(), "Bearer key#2");
  }
  EXPECT_EQ(world_.fetches, 2);
  Leave(identity);
}

TEST_F(TokenCacheTest, ATokenRefusedAgainAndAgainDoesNotFloodIam) {
  IdentityPtr identity = Enter("key");
  const BearerPtr first = *test::Await(silo_, Get(identity, In(30s)));
  const BearerPtr second = *test::Await(silo_, Renew(identity, first, 5s));
  ASSERT_NE(second, nullptr);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(*test::Await(silo_, Renew(identity, second, 5s)), nullptr);
  }
  EXPECT_EQ(world_.fetches, 2);
  clock_.Advance(6s);
  EXPECT_NE(*test::Await(silo_, Renew(identity, second, 5s)), nullptr);
  EXPECT_EQ(world_.fetches, 3);
  Leave(identity);
}

TEST_F(TokenCacheTest, ARenewalThatFailsLeavesTheOldTokenInPlace) {
  IdentityPtr identity = Enter("key");
  const BearerPtr bearer = *test::Await(silo_, Get(identity, In(30s)));
  world_.iam_refuses = {CKR_DEVICE_ERROR};
  for (int i = 0; i < 3; ++i) {  // one fetch for all of a second
    EXPECT_EQ(test::Await(silo_, Renew(identity, bearer, 5s)).error().rv, CKR_DEVICE_ERROR);
  }
  EXPECT_EQ(world_.fetches, 2);
  EXPECT_EQ(TokenOf(identity), "Bearer key#1");
  clock_.Advance(1s);
  EXPECT_NE(*test::Await(silo_, Renew(identity, bearer, 5s)), nullptr) << "IAM is back";
  Leave(identity);
}

TEST_F(TokenCacheTest, AfterCloseNothingIsFetchedAndHoldersKeepWhatTheyHave) {
  IdentityPtr identity = Enter("key");
  test::OnLoop(silo_, [this] { cache_->Close(); });
  EXPECT_EQ(Size(), 0u);
  Pass(3000s);
  EXPECT_EQ(world_.fetches, 1);
  EXPECT_EQ(TokenOf(identity), "Bearer key#1");
  EXPECT_EQ(Refused("another key"), CKR_DEVICE_ERROR);
  Leave(identity);
}

TEST_F(TokenCacheTest, AnIdentityOutlivesTheCache) {
  IdentityPtr identity = Enter("key");
  test::OnLoop(silo_, [this] { cache_.reset(); });
  EXPECT_EQ(identity->name(), "iam-key");
  EXPECT_EQ(TokenOf(identity), "Bearer key#1");
  Leave(identity);
}

}  // namespace
}  // namespace gw

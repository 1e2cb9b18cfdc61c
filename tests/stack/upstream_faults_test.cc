// Room: tests/stack. Two HSM endpoints behind one daemon, and everything that can happen to them,
// to IAM and to the connections while applications sign. Every signature is verified; each test
// prints what it has counted. May touch: emulators of its own, which share the stack's master key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr unsigned kClients = 6;
constexpr int kRatePerS = 400;  // of each endpoint, in the daemon's configuration

// Looks every 10 ms; false if it did not come true in time.
template <typename Condition>
[[nodiscard]] bool Until(Condition condition, std::chrono::milliseconds most = 20s) {
  const auto end = steady_clock::now() + most;
  while (!condition()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// --- endpoints ---

// An emulator with the stack's master key, API keys and certificates. Keeps its ports when it is
// started again.
class Hsm {
 public:
  explicit Hsm(std::string name) : ready_file_(StackDir() + "/" + name + ".json") { Start(); }
  ~Hsm() { Kill(); }
  Hsm(const Hsm&) = delete;
  Hsm& operator=(const Hsm&) = delete;

  void Start() {
    unlink(ready_file_.c_str());
    pid_ = fork();
    if (pid_ == 0) Exec();
    ASSERT_TRUE(Until([this] { return !ReadFile(ready_file_).empty(); }));
    const auto ready = nlohmann::json::parse(ReadFile(ready_file_));
    address_ = ready.at("grep11");
    control_ = ready.at("control");
  }
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void Fault(const std::string& json) const { SetFaultAt(control_, json); }
  Counters Read() const { return ReadCountersAt(control_); }
  std::string port() const { return address_.substr(address_.rfind(':') + 1); }

 private:
  [[noreturn]] void Exec() const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string program = std::string(GW_BUILD_DIR) + "/bin/grep11-emulator";
    const std::string pki = StackDir() + "/pki/";
    const std::string state = StackDir() + "/emulator/";
    const std::string control = control_.empty() ? "127.0.0.1:0" : control_.substr(7);  // http://
    execl(program.c_str(), program.c_str(), "--listen", address_.c_str(), "--control",
          control.c_str(), "--tls-cert", (pki + "server.pem").c_str(), "--tls-key",
          (pki + "server.key").c_str(), "--client-ca", (pki + "ca.pem").c_str(), "--master-key",
          (state + "master.key").c_str(), "--api-keys", (state + "api-keys.json").c_str(),
          "--ready-file", ready_file_.c_str(), nullptr);
    _exit(127);
  }

  const std::string ready_file_;
  std::string address_ = "127.0.0.1:0";
  std::string control_;
  pid_t pid_ = -1;
};

// --- applications ---

// In memory that parent and children share.
struct Counts {
  std::atomic<unsigned> ready{0}, calls{0}, failed{0}, wrong{0};
  std::atomic<CK_RV> last_error{CKR_OK};
  std::atomic<bool> stop{false};
  std::atomic<long> slowest_ms{0};
  std::atomic<unsigned> good_of[kClients]{};  // by client
};
static_assert(std::atomic<unsigned>::is_always_lock_free);

class SharedCounts {
 public:
  SharedCounts()
      : counts_(new (mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Counts) {}
  ~SharedCounts() { munmap(counts_, sizeof(Counts)); }
  SharedCounts(const SharedCounts&) = delete;
  SharedCounts& operator=(const SharedCounts&) = delete;
  Counts& operator*() const { return *counts_; }
  Counts* operator->() const { return counts_; }

 private:
  Counts* const counts_;
};

void NoteTime(Counts& counts, steady_clock::time_point since) {
  const long took = (steady_clock::now() - since) / 1ms;
  for (long seen = counts.slowest_ms; seen < took;) {
    if (counts.slowest_ms.compare_exchange_weak(seen, took)) break;
  }
}

void NoteOutcome(Counts& counts, unsigned client, CK_RV signed_rv, CK_RV verified_rv) {
  ++counts.calls;
  if (signed_rv != CKR_OK) {
    counts.last_error = signed_rv;
    ++counts.failed;
  } else if (verified_rv != CKR_OK) {
    counts.last_error = verified_rv;
    ++counts.wrong;
  } else {
    ++counts.good_of[client];
  }
}

// One application: signs without a pause, a different text each time, and checks each signature.
void SignUntilStopped(Counts& counts, unsigned client) {
  const Initialized initialized;
  Session session;
  session.Login();
  KeyPair pair;
  GW_ASSERT_RV(MakeEcPair(session.handle(), false, "faults", &pair), CKR_OK);
  ++counts.ready;
  for (unsigned i = 0; !counts.stop; ++i) {
    const Octets data = OctetsOf(std::to_string(client) + "." + std::to_string(i));
    Octets signature;
    const auto since = steady_clock::now();
    const CK_RV made = Sign(session.handle(), CKM_ECDSA_SHA256, pair.private_key, data, &signature);
    NoteTime(counts, since);
    const CK_RV good = made == CKR_OK ? Verify(session.handle(), CKM_ECDSA_SHA256, pair.public_key,
                                               data, signature)
                                      : CKR_OK;
    NoteOutcome(counts, client, made, good);
  }
}

// One application that makes keys.
void MakeKeysUntilStopped(Counts& counts) {
  const Initialized initialized;
  Session session;
  session.Login();
  ++counts.ready;
  while (!counts.stop) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const CK_RV made = MakeAesKey(session.handle(), false, "faults", true, &key);
    NoteOutcome(counts, 0, made, CKR_OK);
    if (made == CKR_OK) P11().C_DestroyObject(session.handle(), key);
  }
}

// The applications, from their first signature to the end of the scope.
class Load {
 public:
  Load() {
    for (unsigned i = 0; i < kClients; ++i) {
      children_.emplace_back([this, i] { SignUntilStopped(*counts_, i); });
    }
    EXPECT_TRUE(Until([this] { return counts_->ready == kClients; })) << "no client started";
    EXPECT_TRUE(EachSigns());
  }
  ~Load() { Stop(); }

  // Every application gets a good signature from now on.
  bool EachSigns(std::chrono::milliseconds most = 20s) {
    std::array<unsigned, kClients> before{};
    for (unsigned i = 0; i < kClients; ++i) before.at(i) = counts_->good_of[i];
    return Until(
        [&] {
          for (unsigned i = 0; i < kClients; ++i) {
            if (counts_->good_of[i] <= before.at(i)) return false;
          }
          return true;
        },
        most);
  }
  // So many signatures more.
  bool Signs(unsigned more) {
    const unsigned goal = counts_->calls + more;
    return Until([&] { return counts_->calls >= goal; });
  }
  void Stop() {
    counts_->stop = true;
    for (Child& child : children_) EXPECT_EQ(child.Wait(), 0);
    if (!children_.empty()) Print();
    children_.clear();
  }
  void ExpectNothingLost() {
    Stop();
    EXPECT_EQ(counts_->wrong, 0u);
    EXPECT_EQ(counts_->failed, 0u) << NameOfRv(counts_->last_error);
  }
  Counts& counts() { return *counts_; }

 private:
  void Print() const {
    std::cout << "calls " << counts_->calls << ", failed " << counts_->failed << ", wrong "
              << counts_->wrong << ", slowest " << counts_->slowest_ms << " ms\n";
  }

  SharedCounts counts_;
  std::vector<Child> children_;
};

// --- the set-up ---

// The stack's own emulator goes on as IAM alone.
class FaultsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    first_ = std::make_unique<Hsm>("first");
    second_ = std::make_unique<Hsm>("second");
    std::ofstream config(Env("GREP11_CONFIG"), std::ios::app);  // ends with the section gateway:
    config << "  tokens: {0: {rate_per_s: " << kRatePerS
           << ", endpoints: [{address: localhost, port: " << first_->port()
           << "}, {address: 127.0.0.1, port: " << second_->port() << "}]}}\n";
    config.close();
    ASSERT_EQ(Dev({"restart"}), 0);
  }
  static void TearDownTestSuite() {
    first_.reset();
    second_.reset();
  }
  void TearDown() override {
    Both(R"({"clear": true, "latency": "0", "rate": 0})");
    SetFault(R"({"iam": "ok"})");
  }
  static void Both(const std::string& json) {
    first_->Fault(json);
    second_->Fault(json);
  }
  static unsigned long Sent(const std::string& rpc) {
    return first_->Read().by_rpc[rpc] + second_->Read().by_rpc[rpc];
  }
  // The value of a metric; `name` with its labels.
  static double Metric(const std::string& name) {
    const std::string text = Metrics();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
  }

  static inline std::unique_ptr<Hsm> first_, second_;
};

TEST_F(FaultsTest, OneOfTwoEndpointsIsKilledUnderLoadAndComesBack) {
  Load load;
  first_->Kill();
  EXPECT_TRUE(load.Signs(500));
  EXPECT_EQ(Metric("grep11_endpoint_up{endpoint=\"localhost:" + first_->port() + "\"}"), 0);
  first_->Start();
  EXPECT_TRUE(Until([&] { return first_->Read().by_rpc["SignSingle"] > 100; }))
      << "it gets requests again";
  load.ExpectNothingLost();
}

TEST_F(FaultsTest, BothEndpointsAreGoneForFiveSeconds) {
  Load load;
  first_->Kill();
  second_->Kill();
  std::this_thread::sleep_for(5s);  // the outage
  first_->Start();
  second_->Start();
  EXPECT_TRUE(load.EachSigns(2s)) << "all go on within two seconds";
  load.ExpectNothingLost();
  EXPECT_GE(load.counts().slowest_ms, 4000) << "calls waited";
}

TEST_F(FaultsTest, TokensInHandWorkWhileIamIsAwayAndItsReturnIsNoticed) {
  Load load;
  const auto fetches = ReadCounters().token_fetches;
  first_->Fault(R"({"revoke_tokens": true})");  // which nobody notices, and gives us a fresh one
  EXPECT_TRUE(Until([&] { return ReadCounters().token_fetches > fetches; }));
  SetFault(R"({"iam": "down"})");
  const auto until = steady_clock::now() + 4s;  // of the eight that it lives
  Child login([] {
    const Initialized initialized;
    Session session;
    GW_EXPECT_RV(Login(session.handle(), CKU_USER, Env("USER_PIN")), CKR_OK);
  });
  EXPECT_EQ(login.Wait(), 0) << "a key whose token is in hand";
  std::this_thread::sleep_until(until);
  EXPECT_EQ(load.counts().failed, 0u) << NameOfRv(load.counts().last_error);
  EXPECT_TRUE(Until([&] { return load.counts().failed > 0; })) << "the token ends";
  EXPECT_EQ(load.counts().last_error, CKR_DEVICE_ERROR);
  SetFault(R"({"iam": "ok"})");
  EXPECT_TRUE(load.EachSigns(2s));
  load.Stop();
  EXPECT_EQ(load.counts().wrong, 0u);
}

TEST_F(FaultsTest, AnHsmThatTakesLessThanConfiguredSlowsCallersAndFailsNone) {
  Load load;
  const auto refused = [] { return Metric("grep11_upstream_retries_total{reason=\"exhausted\"}"); };
  const double before = refused();
  Both(R"({"rate": 60})");
  const std::string throttle =
      "grep11_endpoint_throttle{endpoint=\"127.0.0.1:" + second_->port() + "\"}";
  EXPECT_TRUE(Until([&] { return Metric(throttle) < 1; }));
  EXPECT_TRUE(load.Signs(300));
  load.ExpectNothingLost();
  EXPECT_GT(refused() - before, 0);
  EXPECT_LT(refused() - before, 150) << "it has learned";
}

TEST_F(FaultsTest, RefusalsAndBrokenConnectionsGoUnnoticed) {
  Load load;
  Both(R"([{"seed": 11}, {"rpc": "*", "status": "UNAVAILABLE", "chance": 0.05},
           {"rpc": "*", "reply": "drop", "chance": 0.05}])");
  EXPECT_TRUE(load.Signs(500));
  load.ExpectNothingLost();
  EXPECT_GT(Metric("grep11_upstream_retries_total{reason=\"unreachable\"}"), 25);
}

TEST_F(FaultsTest, AnswersThatAreNoneGoUnnoticed) {
  Load load;
  Both(R"([{"seed": 12}, {"rpc": "*", "reply": "garbage", "chance": 0.05},
           {"rpc": "*", "reply": "empty", "chance": 0.03},
           {"rpc": "SignSingle", "reply": "huge", "count": 2}])");
  EXPECT_TRUE(load.Signs(500));
  load.ExpectNothingLost();
  EXPECT_GT(Metric("grep11_upstream_retries_total{reason=\"garbled\"}"), 20);
}

TEST_F(FaultsTest, TenTimesTheLatencyIsNothingButSlower) {
  Both(R"({"latency": "5ms"})");
  Load load;
  Both(R"({"latency": "50ms"})");
  EXPECT_TRUE(load.Signs(100));
  load.ExpectNothingLost();
}

TEST_F(FaultsTest, ConnectionsThatAreSentAwayOrBrokenAreMadeAnew) {
  Load load;
  const auto before = first_->Read();
  for (int i = 0; i < 10; ++i) {
    Both(i % 2 == 0 ? R"({"goaway": true})" : R"({"drop_connections": true})");
    EXPECT_TRUE(load.EachSigns());
  }
  load.ExpectNothingLost();
}

TEST_F(FaultsTest, KeysWhoseAnswerIsLostAreMadeAgain) {
  SharedCounts counts;
  const unsigned long before = Sent("GenerateKey");
  Both(R"([{"seed": 13}, {"rpc": "GenerateKey", "reply": "drop", "chance": 0.1}])");
  Child child([&counts] { MakeKeysUntilStopped(*counts); });
  EXPECT_TRUE(Until([&] { return counts->calls >= 60; }));
  counts->stop = true;
  EXPECT_EQ(child.Wait(), 0);
  std::cout << "keys asked for " << counts->calls << ", refused " << counts->failed << "\n";
  EXPECT_EQ(counts->failed, 0u);
  EXPECT_GT(Sent("GenerateKey") - before, counts->calls) << "some answers were lost";
}

}  // namespace
}  // namespace gw::stack

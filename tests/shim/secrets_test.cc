// PINs and key values leave no copy in the module's memory. A child process makes a secret, hands
// it over, wipes its own copies and looks through everything it can write to.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr unsigned char kMask = 0x5A;
constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::uint64_t kLargestMapping = std::uint64_t{1} << 30;  // beyond: shadow memory

// Memory apart from all others: what is looked through is read into it.
struct Search {
  unsigned char secret[kSecretBytes];
  unsigned char masked[kSecretBytes];
  unsigned char chunk[kChunk + kSecretBytes];
};

bool MatchesMasked(const unsigned char* at, const unsigned char* masked) {
  for (std::size_t i = 0; i < kSecretBytes; ++i)
    if ((at[i] ^ kMask) != masked[i]) return false;
  return true;
}

int CountIn(Search& search, int memory, std::uint64_t from, std::uint64_t to) {
  int found = 0;
  for (std::uint64_t at = from; at < to; at += kChunk) {
    const ssize_t got = pread(memory, search.chunk, sizeof(search.chunk), static_cast<off_t>(at));
    if (got < static_cast<ssize_t>(kSecretBytes)) continue;
    const std::size_t size = std::min<std::uint64_t>(static_cast<std::size_t>(got), to - at);
    for (std::size_t i = 0; i + kSecretBytes <= size; ++i)
      found += MatchesMasked(search.chunk + i, search.masked);
  }
  explicit_bzero(search.chunk, sizeof(search.chunk));
  return found;
}

// How often the secret lies in writable memory other than `search` itself.
int CountCopies(Search& search) {
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  std::ifstream maps("/proc/self/maps");
  const auto own = reinterpret_cast<std::uint64_t>(&search);
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) != 3) continue;
    const bool skipped =
        rights[1] != 'w' || (from <= own && own < to) || to - from > kLargestMapping;
    if (!skipped) found += CountIn(search, memory, from, to);
  }
  close(memory);
  return found;
}

Search& MakeSearch() {
  void* memory =
      mmap(nullptr, sizeof(Search), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Search& search = *static_cast<Search*>(memory);
  const int random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (read(random, search.secret, kSecretBytes) != kSecretBytes) abort();
  close(random);
  for (std::size_t i = 0; i < kSecretBytes; ++i)
    search.masked[i] = static_cast<unsigned char>(search.secret[i] ^ kMask);
  return search;
}

class SecretsTest : public ShimTest {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "the same module is searched in the other presets";
  }

  // Copies left after `call` in a fresh process; 200 and up if something else went wrong.
  int CopiesLeftBy(const std::function<CK_RV(Search&)>& call) {
    StartDaemon();
    return InChild([&] {
      if (p11_->C_Initialize(nullptr) != CKR_OK) return 200;
      Search& search = MakeSearch();
      if (call(search) != CKR_OK) return 201;
      return CountCopies(search);
    });
  }
};

// The looking itself must be able to find something.
TEST_F(SecretsTest, ACopyThatIsThereIsFound) {
  static unsigned char copy[kSecretBytes];
  EXPECT_EQ(CopiesLeftBy([&](Search& search) {
              memcpy(copy, search.secret, kSecretBytes);
              asm volatile("" : : "r"(copy) : "memory");  // somebody may read it
              return CKR_OK;
            }),
            1);
}

TEST_F(SecretsTest, LoginLeavesNoPin) {
  EXPECT_EQ(CopiesLeftBy([&](Search& search) {
              return p11_->C_Login(kSession, CKU_USER, search.secret, kSecretBytes);
            }),
            0);
}

TEST_F(SecretsTest, SettingPinsLeavesNone) {
  EXPECT_EQ(CopiesLeftBy([&](Search& search) {
              unsigned char label[32] = {};
              const CK_RV token = p11_->C_InitToken(0, search.secret, kSecretBytes, label);
              if (token != CKR_OK) return token;
              const CK_RV user = p11_->C_InitPIN(kSession, search.secret, kSecretBytes);
              if (user != CKR_OK) return user;
              return p11_->C_SetPIN(kSession, search.secret, kSecretBytes, search.secret,
                                    kSecretBytes);
            }),
            0);
}

TEST_F(SecretsTest, KeyValuesLeaveNoCopy) {
  StartDaemon();
  daemon_->On(Function::C_CreateObject, Ok(U64(1)));
  daemon_->On(Function::C_Decrypt, [](const Frame& frame) {
    const std::string data = frame.body.substr(4, frame.body.size() - 12);
    return Ok(U64(data.size()) + Bytes(data));
  });
  const int copies = InChild([&] {
    if (p11_->C_Initialize(nullptr) != CKR_OK) return 200;
    Search& search = MakeSearch();
    CK_ATTRIBUTE value = {CKA_VALUE, search.secret, kSecretBytes};
    CK_OBJECT_HANDLE object = 0;
    if (p11_->C_CreateObject(kSession, &value, 1, &object) != CKR_OK) return 201;
    // A result: the daemon sends the secret back, in a reply.
    CK_ULONG size = kSecretBytes;
    if (p11_->C_Decrypt(kSession, search.secret, kSecretBytes, search.secret, &size) != CKR_OK)
      return 202;
    return CountCopies(search);
  });
  EXPECT_EQ(copies, 0);
}

// The frame is kept until the call ends, to be sent again; not longer.
TEST_F(SecretsTest, ALoginThatWasSentTwiceLeavesNoPin) {
  std::atomic<int> seen = 0;
  StartDaemon();
  daemon_->On(Function::C_Login, [&](const Frame&) { return ++seen == 1 ? Drop() : Ok(); });
  const int copies = InChild([&] {
    if (p11_->C_Initialize(nullptr) != CKR_OK) return 200;
    Search& search = MakeSearch();
    if (p11_->C_Login(kSession, CKU_USER, search.secret, kSecretBytes) != CKR_OK) return 201;
    return CountCopies(search);
  });
  EXPECT_EQ(copies, 0);
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace gw::shim_test

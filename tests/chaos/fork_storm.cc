// Forks from a process whose threads sign, while they sign: each child signs with a session and a
// key that it inherited, some initialise the library first, some fork again. Needs the environment
// of a stack. Touches processes of its own and the file of the results.
//
//   fork_storm FORKS SEED RESULTS_FILE PROGRESS_FILE
//
// PROGRESS_FILE gets an octet for each fork, so that the caller knows how far this is. RESULTS_FILE
// gets one Record for each signature that was asked for, by whoever; the caller
// verifies them. Standard output gets one JSON object: the public key, children that hung or
// crashed.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "tests/stack/p11.h"

extern char** environ;

namespace gw::stack {
namespace {

constexpr int kThreads = 8;
constexpr std::size_t kMostChildren = 8;
constexpr unsigned kChildS = 40;  // longer than any call may take; then SIGALRM ends the child
constexpr std::size_t kDigest = 32;
constexpr std::size_t kSignature = 64;
constexpr std::string_view kLabel = "fork-storm";

enum class Role : std::uint32_t { kNobody, kThread, kInherited, kFresh, kGrandchild };

// As the caller reads it: native order, no padding.
struct Record {
  Role role;
  std::uint32_t number;
  std::uint64_t rv;
  std::array<CK_BYTE, kDigest> digest;
  std::array<CK_BYTE, kSignature> signature;
};
static_assert(sizeof(Record) == 16 + kDigest + kSignature);

// Written by children, read by the parent when they have ended: [2 * number], and behind it the
// grandchild's.
class Slots {
 public:
  explicit Slots(std::size_t forks)
      : size_(2 * forks * sizeof(Record)),
        records_(static_cast<Record*>(
            mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (records_ == MAP_FAILED) std::abort();
  }
  ~Slots() { munmap(records_, size_); }
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  Record& operator[](std::size_t index) { return records_[index]; }
  std::span<const Record> all() const { return {records_, size_ / sizeof(Record)}; }

 private:
  std::size_t size_;
  Record* records_;
};

// The digest says whose it is, so that a signature that went to another caller is found out.
std::array<CK_BYTE, kDigest> DigestOf(Role role, std::uint32_t number) {
  std::array<CK_BYTE, kDigest> digest{};
  std::memcpy(digest.data(), &role, sizeof role);
  std::memcpy(digest.data() + sizeof role, &number, sizeof number);
  return digest;
}

Record SignAs(Role role, std::uint32_t number, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  Record record{role, number, CKR_OK, DigestOf(role, number), {}};
  Octets signature;
  record.rv =
      Sign(session, CKM_ECDSA, key, {record.digest.begin(), record.digest.end()}, &signature);
  std::copy_n(signature.begin(), std::min(signature.size(), kSignature), record.signature.begin());
  return record;
}

// What the process has before it forks.
struct Inheritance {
  std::vector<CK_SESSION_HANDLE> sessions;
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
};

CK_RV Initialize() {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  return P11().C_Initialize(&arguments);
}

CK_RV OpenSession(CK_SESSION_HANDLE* session) {
  return P11().C_OpenSession(Slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                             session);
}

CK_RV FindKey(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class, CK_OBJECT_HANDLE* key) {
  Attributes wanted;
  wanted.Value(CKA_LABEL, kLabel).Number(CKA_CLASS, object_class);
  const auto list = wanted.list();
  CK_RV rv = P11().C_FindObjectsInit(session, list.data(), list.size());
  if (rv != CKR_OK) return rv;
  CK_ULONG found = 0;
  rv = P11().C_FindObjects(session, key, 1, &found);
  P11().C_FindObjectsFinal(session);
  return rv == CKR_OK && found == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

// As a program that knows nothing of its parent.
CK_RV StartAfresh(CK_SESSION_HANDLE* session, CK_OBJECT_HANDLE* key) {
  CK_RV rv = Initialize();
  if (rv == CKR_OK) rv = OpenSession(session);
  if (rv == CKR_OK) rv = Login(*session, CKU_USER, Env("USER_PIN"));
  return rv == CKR_OK ? FindKey(*session, CKO_PRIVATE_KEY, key) : rv;
}

// The role that chance gives a child.
Role RoleOf(unsigned draw) {
  if (draw % 10 == 3) return Role::kFresh;
  if (draw % 10 == 7) return Role::kGrandchild;
  return Role::kInherited;
}

// Waits for a child; 0, or how it ended.
int StatusOf(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child ? status : -1;
}

class Storm {
 public:
  Storm(std::uint32_t forks, std::uint32_t seed, const char* progress)
      : forks_(forks),
        random_(seed),
        slots_(forks),
        progress_(open(progress, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  ~Storm() { close(progress_); }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  // False if the token could not be made ready.
  bool Prepare() {
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    if (Initialize() != CKR_OK || OpenSession(&session) != CKR_OK) return false;
    KeyPair pair;
    if (Login(session, CKU_USER, Env("USER_PIN")) != CKR_OK ||
        MakeEcPair(session, true, kLabel, &pair) != CKR_OK) {
      return false;
    }
    had_.key = pair.private_key;
    had_.sessions.push_back(session);
    for (int i = 0; i < kThreads; ++i) {
      if (OpenSession(&session) != CKR_OK) return false;
      had_.sessions.push_back(session);
    }
    return PublicKey(pair.public_key);
  }

  void Run() {
    std::vector<std::thread> threads;
    for (std::uint32_t id = 1; id <= kThreads; ++id) threads.emplace_back([this, id] { Work(id); });
    for (std::uint32_t number = 0; number < forks_; ++number) {
      ForkOne(number);
      if (write(progress_, ".", 1) != 1) ++crashed_;
    }
    while (!children_.empty()) WaitForOldest();
    done_ = true;
    for (std::thread& thread : threads) thread.join();
    // The parent's own session, after all that.
    Keep(SignAs(Role::kThread, 0, had_.sessions[0], had_.key));
  }

  bool Write(const char* path) {
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const bool well = file >= 0 && WriteAll(file, own_) && WriteAll(file, slots_.all());
    return file >= 0 && close(file) == 0 && well;
  }

  void Report() const {
    std::printf("{\"ec_point\": \"");
    for (const CK_BYTE octet : point_) std::printf("%02x", octet);
    std::printf("\", \"hung\": %d, \"crashed\": %d, \"spawned\": %d, \"not_spawned\": %d}\n", hung_,
                crashed_, spawned_, not_spawned_);
  }

 private:
  template <typename Records>
  static bool WriteAll(int file, const Records& records) {
    const auto bytes = std::as_bytes(std::span(records));
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = write(file, bytes.data() + sent, bytes.size() - sent);
      if (n <= 0) return false;
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }

  bool PublicKey(CK_OBJECT_HANDLE handle) {
    point_.resize(128);
    CK_ATTRIBUTE wanted{CKA_EC_POINT, point_.data(), point_.size()};
    if (P11().C_GetAttributeValue(had_.sessions[0], handle, &wanted, 1) != CKR_OK) return false;
    point_.resize(wanted.ulValueLen);
    return true;
  }

  // A thread of the parent: signs in its own session until the storm is over.
  void Work(std::uint32_t id) {
    for (std::uint32_t count = 0; !done_; ++count) {
      Keep(SignAs(Role::kThread, (count << 4) + id, had_.sessions[id], had_.key));
    }
  }

  void Keep(const Record& record) {
    const std::lock_guard lock(own_mutex_);
    own_.push_back(record);
  }

  void ForkOne(std::uint32_t number) {
    if (children_.size() == kMostChildren) WaitForOldest();
    const auto draw = static_cast<unsigned>(random_());
    if (draw % 7 == 0) SpawnOne();
    const pid_t child = fork();
    if (child == 0) _exit(BeChild(number, draw));
    if (child < 0) {
      ++crashed_;
    } else {
      children_.push_back(child);
    }
  }

  // posix_spawn shares the parent's memory until exec: nothing may notice.
  void SpawnOne() {
    char name[] = "true";
    std::array<char*, 2> arguments{name, nullptr};
    pid_t child = 0;
    if (posix_spawnp(&child, name, nullptr, nullptr, arguments.data(), environ) == 0 &&
        StatusOf(child) == 0) {
      ++spawned_;
    } else {
      ++not_spawned_;
    }
  }

  // In the child. Which session it takes is chance: most are in use by a thread of the parent.
  int BeChild(std::uint32_t number, unsigned draw) {
    alarm(kChildS);
    CK_SESSION_HANDLE session = had_.sessions[draw / 10 % had_.sessions.size()];
    CK_OBJECT_HANDLE key = had_.key;
    const Role role = RoleOf(draw);
    const pid_t grandchild = role == Role::kGrandchild ? fork() : 0;
    if (role == Role::kGrandchild && grandchild == 0) {
      alarm(kChildS);
      slots_[2 * number + 1] = SignAs(role, number, session, key);
      return 0;
    }
    const CK_RV started = role == Role::kFresh ? StartAfresh(&session, &key) : CKR_OK;
    const Role own = role == Role::kGrandchild ? Role::kInherited : role;
    slots_[2 * number] = SignAs(own, number, session, key);
    if (started != CKR_OK) slots_[2 * number].rv = started;
    return role == Role::kGrandchild && StatusOf(grandchild) != 0 ? 1 : 0;
  }

  void WaitForOldest() {
    const int status = StatusOf(children_.front());
    children_.erase(children_.begin());
    if (status == 0) return;
    const bool timed_out = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    ++(timed_out ? hung_ : crashed_);
  }

  const std::uint32_t forks_;
  std::mt19937 random_;
  Slots slots_;
  const int progress_;  // descriptor
  Inheritance had_;
  Octets point_;  // value of CKA_EC_POINT
  std::vector<pid_t> children_;
  std::atomic<bool> done_ = false;
  std::mutex own_mutex_;
  std::vector<Record> own_;
  int hung_ = 0;
  int crashed_ = 0;
  int spawned_ = 0;
  int not_spawned_ = 0;
};

}  // namespace

int FromCommandLine(std::span<char*> arguments) {
  if (arguments.size() != 5) {
    std::fprintf(stderr, "usage: fork_storm FORKS SEED RESULTS_FILE PROGRESS_FILE\n");
    return 2;
  }
  Storm storm(static_cast<std::uint32_t>(std::strtoul(arguments[1], nullptr, 10)),
              static_cast<std::uint32_t>(std::strtoul(arguments[2], nullptr, 10)), arguments[4]);
  if (!storm.Prepare()) return 3;
  storm.Run();
  storm.Report();
  return storm.Write(arguments[3]) ? 0 : 4;
}

}  // namespace gw::stack

int main(int argc, char** argv) {
  return gw::stack::FromCommandLine({argv, static_cast<std::size_t>(argc)});
}

// Room: tests/stack. See watchdog.h.
#include "tests/stack/watchdog.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace gw::stack {
namespace {

using Clock = std::chrono::steady_clock;

// What the one thread that calls says of itself; read by the watchdog and by signal handlers.
std::atomic<const char*> g_function = nullptr;
std::atomic<std::uint64_t> g_seed = 0;
std::atomic<std::uint64_t> g_number = 0;
std::atomic<Clock::rep> g_since = 0;

std::mutex g_mutex;
std::condition_variable g_over;
bool g_is_over = false;
std::thread g_thread;

constexpr auto kFatal = std::to_array({SIGSEGV, SIGBUS, SIGFPE, SIGILL});

void Say(const char* what) {
  std::array<char, 256> text{};
  const char* function = g_function.load();
  const int size = std::snprintf(text.data(), text.size(), "%s: GW_SEED=%llu, %s, call %llu\n",
                                 what, static_cast<unsigned long long>(g_seed.load()),
                                 function == nullptr ? "no call" : function,
                                 static_cast<unsigned long long>(g_number.load()));
  if (write(STDERR_FILENO, text.data(), static_cast<std::size_t>(size)) != size) _exit(3);
}

void Crashed(int signal_number) {
  Say("crashed");
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void Watch(Clock::duration deadline) {
  std::unique_lock lock(g_mutex);
  while (!g_over.wait_for(lock, std::chrono::milliseconds(500), [] { return g_is_over; })) {
    const Clock::time_point since{Clock::duration(g_since.load())};
    if (g_function.load() == nullptr || Clock::now() - since < deadline) continue;
    Say("hangs");
    std::abort();
  }
}

}  // namespace

Watchdog::Watchdog(std::chrono::seconds deadline) {
  for (const int fatal : kFatal) signal(fatal, Crashed);
  g_is_over = false;
  g_thread = std::thread(Watch, deadline);
}

Watchdog::~Watchdog() {
  Ends();
  {
    const std::lock_guard lock(g_mutex);
    g_is_over = true;
  }
  g_over.notify_all();
  g_thread.join();
  for (const int fatal : kFatal) signal(fatal, SIG_DFL);
}

void Watchdog::Begins(const char* function, std::uint64_t seed, std::uint64_t number) {
  g_since = Clock::now().time_since_epoch().count();
  g_seed = seed;
  g_number = number;
  g_function = function;
}

void Watchdog::Ends() { g_function = nullptr; }

}  // namespace gw::stack

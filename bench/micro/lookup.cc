// Room: bench/micro. From a handle to what it names, in an order that no cache can guess.
#include <random>

#include "bench/micro/memory_daemon.h"

namespace gw::micro {
namespace {

constexpr std::size_t kAsked = 4096;  // a power of two
constexpr unsigned kSeed = 11;

// `count` handles, asked for in a random order that is the same in every run.
template <typename Handle>
std::vector<Handle> Shuffled(const std::vector<Handle>& handles) {
  std::mt19937 random(kSeed);
  std::vector<Handle> asked;
  asked.reserve(kAsked);
  for (std::size_t i = 0; i < kAsked; ++i) asked.push_back(handles[random() % handles.size()]);
  return asked;
}

void LookupSession(benchmark::State& state) {
  MemoryDaemon daemon(1);
  std::vector<SessionHandle> sessions;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    sessions.push_back(daemon.application().OpenSession(daemon.token(), true)->handle);
  const std::vector<SessionHandle> asked = Shuffled(sessions);
  std::size_t next = 0;
  bool found = true;
  for (auto _ : state) found &= daemon.application().FindSession(asked[next++ % kAsked]) != nullptr;
  if (!found) state.SkipWithError("a session is not found");
}
BENCHMARK(LookupSession)->ArgName("sessions")->Arg(1)->Arg(1000);

void LookupObject(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(static_cast<std::size_t>(state.range(0)));
  std::vector<ObjectHandle> handles;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    handles.push_back(daemon.HandleOf(static_cast<std::size_t>(i)));
  const std::vector<ObjectHandle> asked = Shuffled(handles);
  std::size_t next = 0;
  bool found = true;
  for (auto _ : state) {
    const ObjectPtr object =
        daemon.application().FindObject(daemon.token(), asked[next++ % kAsked]);
    found &= object != nullptr;
  }
  if (!found) state.SkipWithError("an object is not found");
}
BENCHMARK(LookupObject)->ArgName("objects")->Arg(1)->Arg(1000)->Arg(100'000);

// A handle of a login that has ended: it has to be refused, and as fast.
void LookupStaleObject(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(1);
  HandleParts parts = PartsOf(daemon.HandleOf(0));
  parts.generation ^= 1;
  const ObjectHandle stale = MakeHandle(parts);
  bool refused = true;
  for (auto _ : state) refused &= daemon.application().FindObject(daemon.token(), stale) == nullptr;
  if (!refused) state.SkipWithError("a stale handle is accepted");
}
BENCHMARK(LookupStaleObject);

}  // namespace
}  // namespace gw::micro

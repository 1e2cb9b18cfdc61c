// Room: bench/micro. Searches among the objects of a token: what an index answers, and what has to
// look at every object.
#include "bench/micro/memory_daemon.h"
#include "daemon/attributes/attribute_access.h"

namespace gw::micro {
namespace {

void Objects(benchmark::internal::Benchmark* search) {
  search->ArgName("objects")->Arg(1000)->Arg(10'000)->Arg(100'000);
}

// Searches again and again; each search has to find `expected` objects.
void Search(benchmark::State& state, const AttributeList& wanted, std::size_t expected) {
  MemoryDaemon& daemon = DaemonWith(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const std::vector<ObjectHandle> found =
        daemon.application().MatchObjects(daemon.token(), wanted);
    if (found.size() == expected) continue;
    state.SkipWithError("the search did not find what is there");
    break;
  }
}

std::size_t Middle(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0)) / 2;
}

void FindByLabel(benchmark::State& state) {
  Search(state, MemoryDaemon::LabelOf(Middle(state)), 1);
}
BENCHMARK(FindByLabel)->Apply(Objects);

// What applications ask for: the private key of that name.
void FindByClassAndLabel(benchmark::State& state) {
  AttributeList wanted = MemoryDaemon::LabelOf(Middle(state));
  wanted.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  Search(state, wanted, 1);
}
BENCHMARK(FindByClassAndLabel)->Apply(Objects);

void FindById(benchmark::State& state) {
  AttributeList wanted;
  wanted.Set(CKA_ID, UlongBytes(Middle(state)));
  Search(state, wanted, 1);
}
BENCHMARK(FindById)->Apply(Objects);

void FindNothingByLabel(benchmark::State& state) {
  Search(state, MemoryDaemon::LabelOf(static_cast<std::size_t>(state.range(0))), 0);
}
BENCHMARK(FindNothingByLabel)->Apply(Objects);

// No index says which objects those are.
void FindNothingByClass(benchmark::State& state) {
  AttributeList wanted;
  wanted.SetUlong(CKA_CLASS, CKO_CERTIFICATE);
  Search(state, wanted, 0);
}
BENCHMARK(FindNothingByClass)->Apply(Objects)->Unit(benchmark::kMicrosecond);

// One object against one template.
void FindMatch(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(1);
  const ObjectPtr object = daemon.token().objects().Find(1);
  AttributeList wanted = MemoryDaemon::LabelOf(0);
  wanted.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  wanted.SetBool(CKA_SIGN, true);
  bool matched = true;
  for (auto _ : state) matched &= Matches(object->attributes, wanted);
  if (!matched) state.SkipWithError("the object does not match");
}
BENCHMARK(FindMatch);

}  // namespace
}  // namespace gw::micro

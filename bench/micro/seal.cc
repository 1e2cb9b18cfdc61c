// Room: bench/micro. Records for applications to keep: sealed when something changes, opened when
// an application comes back.
#include "bench/micro/memory_daemon.h"
#include "daemon/localcrypto/sealer.h"

namespace gw::micro {
namespace {

const Bytes kAssociated(24, 0x11);

// 64 octets are about a session, 2048 a session key.
void Sizes(benchmark::internal::Benchmark* sealing) {
  sealing->ArgName("octets")->Arg(64)->Arg(2048);
}

Sealer MakeSealer() { return Sealer(SecretBytes::OfSize(Sealer::kKeyBytes)); }

void SealRecord(benchmark::State& state) {
  const Sealer sealer = MakeSealer();
  const Bytes plain(static_cast<std::size_t>(state.range(0)), 0x5a);
  for (auto _ : state) {
    Bytes sealed = sealer.Seal(plain, kAssociated);
    benchmark::DoNotOptimize(sealed.data());
  }
}
BENCHMARK(SealRecord)->Apply(Sizes);

void SealAndOpenRecord(benchmark::State& state) {
  const Sealer sealer = MakeSealer();
  const Bytes plain(static_cast<std::size_t>(state.range(0)), 0x5a);
  for (auto _ : state) {
    const Bytes sealed = sealer.Seal(plain, kAssociated);
    const auto opened = sealer.Unseal(sealed, kAssociated);
    if (opened && opened->size() == plain.size()) continue;
    state.SkipWithError("what was sealed does not open");
    break;
  }
}
BENCHMARK(SealAndOpenRecord)->Apply(Sizes);

// All records of an application with a login and a session: what attaching costs.
void SealApplication(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(1);
  std::size_t records = 0;
  for (auto _ : state) records = daemon.records().TakeAll(daemon.application()).size();
  if (records < 3) state.SkipWithError("owner, session and login are not among the records");
  state.counters["records"] = static_cast<double>(records);
}
BENCHMARK(SealApplication);

}  // namespace
}  // namespace gw::micro

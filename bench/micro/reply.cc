// Room: bench/micro. Replies into the buffer of a connection: results, then the header in front of
// them.
#include <benchmark/benchmark.h>

#include "daemon/dispatch/body.h"
#include "proto/wire/functions.h"

namespace gw::micro {
namespace {

wire::Header RequestOf(wire::Function function) {
  wire::Header header;
  header.function = static_cast<std::uint16_t>(function);
  header.request = 42;
  header.session_or_result = 1;
  return header;
}

// A signature of so many octets.
void ReplySignature(benchmark::State& state) {
  const auto output = ops::Delivered(Bytes(static_cast<std::size_t>(state.range(0)), 0x5a));
  const wire::Header request = RequestOf(wire::Function::C_Sign);
  ReplyBuffer buffer;
  for (auto _ : state) {
    buffer.Clear();
    ReplyWriter writer(buffer);
    WriteOutput(writer, output);
    buffer.Seal(request, CKR_OK);
    benchmark::DoNotOptimize(buffer.octets().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(buffer.octets().size()));
}
BENCHMARK(ReplySignature)->ArgName("octets")->Arg(64)->Arg(512);

// As many numbers as the first reply to a search carries at most.
void ReplyNumbers(benchmark::State& state) {
  const std::vector<CK_ULONG> numbers(static_cast<std::size_t>(state.range(0)), 7);
  const wire::Header request = RequestOf(wire::Function::C_GetMechanismList);
  ReplyBuffer buffer;
  for (auto _ : state) {
    buffer.Clear();
    ReplyWriter writer(buffer);
    const CK_RV rv = WriteNumbers(writer, numbers, numbers.size());
    buffer.Seal(request, rv);
    benchmark::DoNotOptimize(buffer.octets().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(buffer.octets().size()));
}
BENCHMARK(ReplyNumbers)->ArgName("numbers")->Arg(1)->Arg(wire::kMaxFoundAtOnce);

// What a connection does between two replies.
void ReplyRecycle(benchmark::State& state) {
  const auto output = ops::Delivered(Bytes(64, 0x5a));
  ReplyBuffer buffer;
  for (auto _ : state) {
    ReplyWriter writer(buffer);
    WriteOutput(writer, output);
    buffer.Recycle();
    benchmark::DoNotOptimize(buffer.octets().data());
  }
}
BENCHMARK(ReplyRecycle);

}  // namespace
}  // namespace gw::micro

// Room: bench/micro. Frames of C_Sign on the wire, written and read by the codec that shim and
// daemon share.
#include <benchmark/benchmark.h>

#include <array>

#include "daemon/core/bytes.h"
#include "proto/wire/codec.h"
#include "proto/wire/functions.h"

namespace gw::micro {
namespace {

constexpr std::size_t kDigestOctets = 32;
constexpr std::uint64_t kSignatureOctets = 64;

// A buffer as the shim has one: room that is there already.
class FixedBuffer {
 public:
  std::uint8_t* Extend(std::size_t bytes) {
    if (bytes > octets_.size() - used_) return nullptr;
    std::uint8_t* at = octets_.data() + used_;
    used_ += bytes;
    return at;
  }
  void Clear() { used_ = 0; }
  ByteView view() const { return {octets_.data(), used_}; }

 private:
  std::array<std::uint8_t, 256> octets_{};
  std::size_t used_ = 0;
};

wire::Header SignHeader(std::uint64_t request) {
  wire::Header header;
  header.function = static_cast<std::uint16_t>(wire::Function::C_Sign);
  header.body_bytes = sizeof(std::uint32_t) + kDigestOctets + sizeof(std::uint64_t);
  header.request = request;
  header.session_or_result = 0x1234;
  return header;
}

void WriteSign(FixedBuffer& buffer, const Bytes& digest) {
  wire::Writer writer(buffer);
  writer.Bytes(digest.data(), digest.size());
  writer.U64(kSignatureOctets);
}

void CodecEncodeHeader(benchmark::State& state) {
  std::uint8_t octets[wire::kHeaderBytes];
  std::uint64_t request = 0;
  for (auto _ : state) {
    wire::EncodeHeader(SignHeader(++request), octets);
    benchmark::DoNotOptimize(octets);
  }
}
BENCHMARK(CodecEncodeHeader);

void CodecDecodeHeader(benchmark::State& state) {
  std::uint8_t octets[wire::kHeaderBytes];
  wire::EncodeHeader(SignHeader(1), octets);
  for (auto _ : state) {
    benchmark::DoNotOptimize(octets);
    wire::Header header = wire::DecodeHeader(octets);
    benchmark::DoNotOptimize(header);
  }
}
BENCHMARK(CodecDecodeHeader);

void CodecEncodeSign(benchmark::State& state) {
  const Bytes digest(kDigestOctets, 0x5a);
  FixedBuffer buffer;
  for (auto _ : state) {
    buffer.Clear();
    WriteSign(buffer, digest);
    benchmark::DoNotOptimize(buffer);
  }
  if (buffer.view().size() != SignHeader(1).body_bytes) state.SkipWithError("not a C_Sign");
}
BENCHMARK(CodecEncodeSign);

void CodecDecodeSign(benchmark::State& state) {
  FixedBuffer buffer;
  WriteSign(buffer, Bytes(kDigestOctets, 0x5a));
  bool whole = true;
  for (auto _ : state) {
    benchmark::DoNotOptimize(buffer);
    wire::Reader body(buffer.view().data(), buffer.view().size());
    wire::Octets data = body.Bytes();
    std::uint64_t capacity = body.U64();
    benchmark::DoNotOptimize(data);
    benchmark::DoNotOptimize(capacity);
    whole &= body.AtEnd();
  }
  if (!whole) state.SkipWithError("bytes are missing or left over");
}
BENCHMARK(CodecDecodeSign);

}  // namespace
}  // namespace gw::micro

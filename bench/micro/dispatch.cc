// Room: bench/micro. From a frame to its reply: dispatcher, operation and an HSM that answers at
// once.
#include "bench/micro/memory_daemon.h"

namespace gw::micro {
namespace {

const Bytes kDigest(32, 0x5a);
constexpr std::uint64_t kSignatureOctets = 64;

void WriteInit(FrameWriter& writer, ObjectHandle key) {
  writer.U8(1);
  writer.U64(CKM_ECDSA);
  writer.U8(static_cast<std::uint8_t>(wire::ParameterForm::kNone));
  writer.U64(ToNumber(key));
}

void WriteSign(FrameWriter& writer) {
  writer.Bytes(kDigest.data(), kDigest.size());
  writer.U64(kSignatureOctets);
}

// A call that asks nothing of anybody: the price of a frame.
void DispatchGetSessionInfo(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(1);
  daemon.Measure(state, {FrameOf(wire::Function::C_GetSessionInfo, daemon.session())});
}
BENCHMARK(DispatchGetSessionInfo);

void DispatchSignInitAndSign(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(1);
  Frame init = FrameOf(wire::Function::C_SignInit, daemon.session());
  FrameWriter init_writer(init);
  WriteInit(init_writer, daemon.HandleOf(0));
  Frame sign = FrameOf(wire::Function::C_Sign, daemon.session());
  FrameWriter sign_writer(sign);
  WriteSign(sign_writer);
  daemon.Measure(state, {init, sign});
}
BENCHMARK(DispatchSignInitAndSign);

// One frame for both, with what C_SignInit was given in front of what C_Sign is given.
void DispatchSignWithInitAhead(benchmark::State& state) {
  MemoryDaemon& daemon = DaemonWith(1);
  Frame init;
  FrameWriter init_writer(init);
  WriteInit(init_writer, daemon.HandleOf(0));
  Frame sign = FrameOf(wire::Function::C_Sign, daemon.session());
  sign.header.flags = wire::kFlagInitAhead;
  FrameWriter sign_writer(sign);
  sign_writer.Bytes(init.body.data(), init.body.size());
  sign_writer.Bytes(nullptr, 0);
  WriteSign(sign_writer);
  daemon.Measure(state, {sign});
}
BENCHMARK(DispatchSignWithInitAhead);

}  // namespace
}  // namespace gw::micro

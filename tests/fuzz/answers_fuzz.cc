// Room: tests/fuzz. What an HSM, or something that pretends to be one, may say on a connection: an
// input is what comes back after a few requests. Whatever it is, each call ends at most once, and
// what ended well has an answer that was whole.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/core/check.h"
#include "daemon/rpc/http2_session.h"

namespace gw::fuzz {
namespace {

constexpr int kCalls = 4;
constexpr std::size_t kLargestReply = 1000;

class Call final : public UnaryCall {
 public:
  using UnaryCall::UnaryCall;

 private:
  void Finished() override {}
};

std::unique_ptr<Call> MakeCall() {
  UnaryRequest request;
  request.method = "/grep11.Crypto/SignSingle";
  request.authorization = "Bearer token";
  request.message = FrameOfSize(100);
  return std::make_unique<Call>(std::move(request));
}

void TakeOver(Http2Session& session, int& over) {
  UnaryCalls& ended = session.over();
  while (!ended.empty()) {
    const UnaryCall& call = ended.front();
    GW_CHECK(!call.status.ok() || call.stream.reader.whole());
    GW_CHECK(call.reply.size() <= kLargestReply);
    ended.pop_front();
    ++over;
  }
}

}  // namespace

void Run(ByteView octets) {
  std::vector<std::unique_ptr<Call>> calls;
  Http2Session session({"hsm.example:443", true, kLargestReply});
  Bytes out;
  for (int i = 0; i < kCalls; ++i) session.Submit(*calls.emplace_back(MakeCall()));
  session.Produce(out, 1 << 20);
  int over = 0;
  constexpr std::size_t kPiece = 512;
  while (!octets.empty()) {
    const std::size_t size = std::min(kPiece, octets.size());
    if (!session.Receive(octets.first(size))) break;
    TakeOver(session, over);
    out.clear();
    if (!session.Produce(out, 1 << 20)) break;
    octets = octets.subspan(size);
  }
  session.Break({RpcCode::kUnavailable, "the end", {}});
  TakeOver(session, over);
  GW_CHECK(over == kCalls);
}

}  // namespace gw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gw::fuzz::Run({data, size});
  return 0;
}

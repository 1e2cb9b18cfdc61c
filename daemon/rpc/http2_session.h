// Room: rpc. May include: core. May touch: nghttp2. The calls of one HTTP/2 connection: headers and
// messages to frames and back. Octets in, octets out; it does no I/O and knows no clock but for the
// time that a call has left.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/core/bytes.h"
#include "daemon/rpc/unary_call.h"

struct nghttp2_session;

namespace gw {

// A client's side. Loop only. What it calls over, of calls, is collected in over() until the owner
// takes it: nothing is finished inside a function of this class.
class Http2Session {
 public:
  struct Options {
    std::string authority;
    bool tls = true;
    std::size_t largest_reply = 0;  // octets of a message
  };
  explicit Http2Session(Options options);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // Puts `call` on a stream of its own, or over if no stream can be had.
  void Submit(UnaryCall& call);
  // Gives `call` up: its stream is cancelled and no answer to it is looked at any more. It is on no
  // list afterwards.
  void Release(UnaryCall& call);
  // The connection is over: so are all its calls, with `status`. Those that never left are not
  // `sent`.
  void Break(const RpcStatus& status);
  void Ping();

  // Octets from the other side. False: it breaks the rules of HTTP/2, see trouble().
  bool Receive(ByteView octets);
  // Appends what is to be sent, until `out` has `enough` octets or nothing is left. False: see
  // trouble().
  bool Produce(Bytes& out, std::size_t enough);

  // The other side has said hello.
  bool greeted() const { return greeted_; }
  // Takes no new call: the other side closes, or the streams are used up. Those on it go on.
  bool going_away() const;
  // Nothing goes either way any more, for a reason that trouble() says if it is one.
  bool finished() const;
  // Something about a call came.
  bool answered() const { return answered_; }
  // Ended calls, with status and reply. Not `sent`: the other side says that it has not looked at
  // it.
  UnaryCalls& over() { return over_; }
  UnaryCalls& calls() { return calls_; }
  const std::string& trouble() const { return trouble_; }

 private:
  struct Callbacks;
  void TakeHeader(UnaryCall& call, std::string_view name, std::string_view value);
  void TakeData(UnaryCall& call, ByteView octets);
  void TakeEnd(UnaryCall& call);
  void Fail(UnaryCall& call, RpcCode code, const char* message);
  void Ended(UnaryCall& call, std::uint32_t error);
  static void Conclude(UnaryCall& call);
  void ReleaseUnsent();

  struct Free {
    void operator()(nghttp2_session* session) const;
  };
  const Options options_;
  std::unique_ptr<nghttp2_session, Free> session_;
  UnaryCalls calls_;  // on a stream
  UnaryCalls over_;
  bool greeted_ = false;
  bool names_are_known_ = false;  // to the peer's table of headers
  bool goaway_ = false;
  bool answered_ = false;
  std::string trouble_;
};

// `octets` of a message behind the prefix that gRPC wants (five octets); write the message from
// data() + 5 on.
WipedString FrameOfSize(std::size_t octets);

}  // namespace gw

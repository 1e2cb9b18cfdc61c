// Room: rpc. May include: core. One RPC, from the moment it is made until its result has been read.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/core/async.h"
#include "daemon/core/wiping_allocator.h"
#include "daemon/rpc/message_reader.h"
#include "daemon/rpc/status.h"

namespace gw {

class Http2Connection;
class RpcChannel;

// What is sent. The views are borrowed until the call is over.
struct UnaryRequest {
  std::string_view method;         // "/package.Service/Method"
  std::string_view authorization;  // value of that header; empty: none
  std::string_view correlation;    // value of correlation-id; empty: none
  WipedString message;             // with the five octets of its prefix in front, see FrameOfSize()
  SteadyTime deadline = SteadyTime::max();
};

// What a connection knows of a call while it is on it.
struct UnaryStream {
  std::int32_t id = 0;
  std::size_t sent = 0;  // of the message
  MessageReader reader;
  int http_status = 0;
  bool is_grpc = false;     // by its content type
  bool has_status = false;  // grpc-status came
  bool failed = false;      // its status was found before it ended
  bool ended = false;       // the other side has said all it has to say
  std::size_t header_bytes = 0;
};

// Belongs to itself from RpcChannel::Start() until Finished(). On one list at a time: those that
// wait for a connection, those on one, those that are over.
class UnaryCall : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit UnaryCall(UnaryRequest request_in) : request(std::move(request_in)) {}
  UnaryCall(const UnaryCall&) = delete;
  UnaryCall& operator=(const UnaryCall&) = delete;
  virtual ~UnaryCall() = default;

  const UnaryRequest request;
  RpcStatus status;
  WipedString reply;          // the message, if status is OK
  bool cancelled = false;     // by us; what the status says then means nothing
  bool abandoned = false;     // its connection was given up by us
  bool sent = false;          // the other side may have seen it
  bool answered = false;      // the other side has said something about it
  std::uint8_t restarts = 0;  // since the other side had not looked at it
  Http2Connection* connection = nullptr;
  UnaryStream stream;

 protected:
  friend class RpcChannel;
  // It is over. On the loop, never inside RpcChannel::Start() or Cancel(). Ends the call's
  // ownership of itself.
  virtual void Finished() = 0;
};
using FinishedCall = std::unique_ptr<UnaryCall>;
using UnaryCalls = boost::intrusive::list<UnaryCall, boost::intrusive::constant_time_size<false>>;

// A call that somebody awaits.
template <typename Handler>
class AwaitedCall final : public UnaryCall {
 public:
  AwaitedCall(UnaryRequest request_in, Handler handler)
      : UnaryCall(std::move(request_in)), handler_(std::move(handler)) {}

  template <typename Cancel>
  void ListenForCancellation(Cancel cancel) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.assign(std::move(cancel));
  }

 private:
  void Finished() override {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();  // a late cancel would find a freed call
    Handler handler = std::move(handler_);
    FinishedCall self(this);
    std::move(handler)(std::move(self));
  }

  Handler handler_;
};

// Sends one RPC and yields it with status and reply. On the loop; `channel` has to live until then.
// Cancelling the awaiting coroutine cancels the RPC; the result still comes, as cancelled.
template <typename ChannelT>
Awaitable<FinishedCall> SendUnary(ChannelT& channel, UnaryRequest request) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(FinishedCall)>(
      [](auto handler, ChannelT* on, UnaryRequest what) {
        auto call =
            std::make_unique<AwaitedCall<decltype(handler)>>(std::move(what), std::move(handler));
        call->ListenForCancellation(
            [on, raw = call.get()](boost::asio::cancellation_type /*any*/) { on->Cancel(*raw); });
        on->Start(*call.release());
      },
      boost::asio::use_awaitable, &channel, std::move(request));
}

}  // namespace gw

// Room: upstream. May touch: the silo's completion queue. The one bridge between gRPC and the loop,
// and the only maker of completion-queue tags. Included by grep11_client.cc and tests alone.
// Rules: one operation per tag; a tag is freed on the loop after its event; every RPC has a
// deadline; the cancel slot is cleared before the handler runs.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/status.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/core/async.h"
#include "daemon/core/check.h"
#include "daemon/runtime/silo.h"
#include "daemon/runtime/tsan.h"

namespace gw {

// An RPC can be listed while it is in flight; it leaves the list by itself.
using InFlightHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// One RPC, from the moment it is made until its result has been read.
class UnaryCallBase : public CqTag, public InFlightHook {
 public:
  void Cancel() final {
    cancelled = true;
    context.TryCancel();
  }
  // Its connection is given up.
  void Abandon() {
    abandoned = true;
    context.TryCancel();
  }
  bool cancelled = false;  // by us; what the status says then means nothing
  bool abandoned = false;  // by us; an answer that came all the same is good
  grpc::ClientContext context;
  grpc::Status status;
};
using FinishedCall = std::unique_ptr<UnaryCallBase>;
using CallsInFlight =
    boost::intrusive::list<UnaryCallBase, boost::intrusive::constant_time_size<false>>;

template <typename Reply>
class UnaryCall : public UnaryCallBase {
 public:
  Reply reply;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> reader;
};

// The tag: the call, and what goes on when it is over.
template <typename Reply, typename Handler>
class UnaryTag final : public UnaryCall<Reply> {
 public:
  UnaryTag(Silo& silo, Handler handler)
      : handler_(std::move(handler)), work_(boost::asio::make_work_guard(silo.loop())) {}

  // From here on the tag owns itself. `start(call, cq)` sets deadline and metadata, writes the
  // request and sets call.reader (gRPC serialises the request before that returns).
  template <typename Start>
  static void Launch(std::unique_ptr<UnaryTag> owned, Silo& silo, const Start& start) {
    UnaryTag* tag = owned.release();
    if (!silo.Register(*tag)) return tag->RefuseBecauseStopping(silo);
    tag->ListenForCancellation();
    start(static_cast<UnaryCall<Reply>&>(*tag), silo.cq());
    TsanRelease(static_cast<CqTag*>(tag));
    tag->reader->StartCall();
    tag->reader->Finish(&tag->reply, &tag->status, static_cast<CqTag*>(tag));
  }

  // Not `ok` with status OK: the reply came, but is no such message. Taken for success it would
  // turn garbage into a valid signature, since the reply to a verification has no fields.
  void Complete(bool ok) override {
    if (this->is_linked()) this->unlink();
    if (!ok && this->status.ok()) {
      this->status = grpc::Status(grpc::INTERNAL, "the reply cannot be decoded");
    }
    auto slot = boost::asio::get_associated_cancellation_slot(*handler_);
    if (slot.is_connected()) slot.clear();  // a late cancel would find a freed tag
    Handler handler = std::move(*handler_);
    handler_.reset();
    const WorkGuard work = std::move(work_);  // until the handler has run
    FinishedCall self(this);
    std::move(handler)(std::move(self));
  }

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  void ListenForCancellation() {
    auto slot = boost::asio::get_associated_cancellation_slot(*handler_);
    if (!slot.is_connected()) return;
    slot.assign([this](boost::asio::cancellation_type /*any*/) { this->Cancel(); });
  }

  void RefuseBecauseStopping(Silo& silo) {
    this->cancelled = true;
    this->status = grpc::Status(grpc::CANCELLED, "the daemon is stopping");
    boost::asio::post(silo.loop(), [owned = std::unique_ptr<UnaryTag>(this)]() mutable {
      owned.release()->Complete(false);
    });
  }

  std::optional<Handler> handler_;
  WorkGuard work_;
};

// Sends one RPC and yields it with status and reply filled in. On the silo's loop. `start` is
// described at Launch(); it is copied, what it refers to is borrowed until the awaitable completes.
// Cancelling the awaiting coroutine cancels the RPC; the result still comes, as CANCELLED.
template <typename Reply, typename Start>
Awaitable<FinishedCall> SendUnary(Silo& silo, Start start) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(FinishedCall)>(
      [](auto handler, Silo* on, Start begin) {
        GW_DCHECK(on->OnLoop());
        using Tag = UnaryTag<Reply, decltype(handler)>;
        Tag::Launch(std::make_unique<Tag>(*on, std::move(handler)), *on, begin);
      },
      boost::asio::use_awaitable, &silo, std::move(start));
}

}  // namespace gw

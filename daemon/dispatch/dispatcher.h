// Room: dispatch. From a frame to the operation that answers it.
#pragma once

#include <array>

#include "daemon/core/clock.h"
#include "daemon/core/metrics.h"
#include "daemon/dispatch/call.h"
#include "daemon/dispatch/op_table.h"

namespace gw {

// Thread: one silo. Outlives the connections it serves.
class Dispatcher {
 public:
  enum class Verdict {
    kReply,  // `reply` is complete
    kClose,  // the frame broke the protocol: one log line was written, the connection is to be
             // closed
  };

  Dispatcher(ops::Services& services, boost::asio::any_io_executor executor,
             const Clock& clock = RealClock());

  // Answers one frame. `body` is borrowed until the awaitable completes; a frame that held a PIN is
  // wiped by then.
  Awaitable<Verdict> Answer(Attachment& attachment, wire::Header header, std::span<Byte> body,
                            ReplyBuffer& reply);

  // The connection is gone. The application is freed when it opens no other one within
  // gateway.times.application_grace.
  void Detach(Attachment& attachment);

 private:
  Verdict Attach(Attachment& attachment, const wire::Header& header, wire::Reader body,
                 ReplyBuffer& reply);
  Result<ApplicationPtr> ApplicationFor(const Attachment& attachment, ByteView id);
  Awaitable<CK_RV> Run(Call& call, const OpRow& row);
  Awaitable<CK_RV> RunInSession(Call& call, const OpRow& row);
  Deadline DeadlineFor(const OpRow& row) const;
  void Count(std::uint16_t function, CK_RV rv, SteadyTime begun);
  Verdict Refuse(const Attachment& attachment, const wire::Header& header, std::string_view why);

  struct FunctionMetrics {
    prometheus::Counter* ok = nullptr;
    prometheus::Histogram* seconds = nullptr;
  };

  ops::Services& services_;
  const boost::asio::any_io_executor executor_;
  const Clock& clock_;
  prometheus::Family<prometheus::Counter>& calls_;
  std::array<FunctionMetrics, wire::kFunctionCount> metrics_;
};

}  // namespace gw

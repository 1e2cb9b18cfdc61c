// Room: dispatch. From a frame to the operation that answers it.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "daemon/core/clock.h"
#include "daemon/core/metrics.h"
#include "daemon/dispatch/attach.h"
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

  Dispatcher(ops::Services& services, RecordKeeper& records, boost::asio::any_io_executor executor,
             const Clock& clock = RealClock());

  // Answers one frame. `body` is borrowed until the awaitable completes; a frame that held a PIN is
  // wiped by then.
  Awaitable<Verdict> Answer(Attachment& attachment, wire::Header header, std::span<Byte> body,
                            ReplyBuffer& reply);

  // The reply to `header` could not be written. Where the request changed something it is kept for
  // the repeat.
  void NotDelivered(const Attachment& attachment, const wire::Header& header,
                    const ReplyBuffer& reply);

  // The connection is gone. The application is freed when it opens no other one within
  // gateway.times.application_grace, or sooner when a new one finds no room.
  void Detach(Attachment& attachment);

  // The daemon stops: applications that come back do so at the next one, and nothing waits for them
  // here.
  void Close();

 private:
  // An application whose last connection closed.
  struct Absent {
    ApplicationPtr application;        // nullptr: made room
    boost::asio::steady_timer* timer;  // of its grace, in the frame of FreeAfterGrace
  };

  Awaitable<void> FreeAfterGrace(ApplicationPtr application);
  // Programs that come and go by the thousand are not refused for those that went: where the table
  // is full, the one that is gone for longest is freed.
  void MakeRoom();
  Verdict Attach(Attachment& attachment, const wire::Header& header, wire::Reader body,
                 ReplyBuffer& reply);
  Result<ApplicationPtr> ApplicationFor(const AttachRequest& request, const Peer& peer);
  void WriteAttached(const Attachment& attachment, const wire::Header& header,
                     const AttachRequest& request, ReplyBuffer& reply);
  Awaitable<CK_RV> Run(Call& call, const OpRow& row, ReplyBuffer& reply);
  Awaitable<CK_RV> RunAlone(Call& call, const OpRow& row, ReplyBuffer& reply);
  Awaitable<CK_RV> RunInSession(Call& call, const OpRow& row, ReplyBuffer& reply);
  // How the operation of a function begins, and what it was fed since (WIRE.md, flag 4).
  struct Ahead {
    std::size_t family;  // in wire::kOperationFamilies
    wire::Octets init;
    wire::Octets fed;
  };
  static Ahead ReadAhead(Call& call);
  Awaitable<bool> OfferIsNew(const Call& call);
  static CK_RV BeginAhead(Call& call, const Ahead& ahead);
  static Awaitable<CK_RV> FeedAhead(Call& call, const Ahead& ahead, ReplyBuffer& reply);
  Awaitable<Status> UndoHalf(Call& call);
  ObjectHandle HandleOfInserted(const Call& call, std::uint64_t number) const;
  bool AnsweredBefore(Call& call, ReplyBuffer& reply, CK_RV& rv) const;
  void Finish(Application& application, const wire::Header& header, CK_RV rv, ReplyBuffer& reply);
  Deadline DeadlineFor(const OpRow& row) const;
  void Count(std::uint16_t function, CK_RV rv, SteadyTime::duration took);
  Verdict Refuse(const Attachment& attachment, const wire::Header& header, std::string_view why);

  struct FunctionMetrics {
    prometheus::Counter* ok = nullptr;
    prometheus::Histogram* seconds = nullptr;
  };

  ops::Services& services_;
  RecordKeeper& records_;
  bool closed_ = false;
  std::list<Absent> absent_;  // the longest first
  UnknownProfiles unknown_profiles_;
  const boost::asio::any_io_executor executor_;
  const Clock& clock_;
  prometheus::Family<prometheus::Counter>& calls_;
  std::array<FunctionMetrics, wire::kFunctionCount> metrics_;
};

}  // namespace gw

// Room: dispatch. One frame on its way through the daemon.
#pragma once

#include <string>

#include "daemon/core/peer.h"
#include "daemon/dispatch/body.h"
#include "daemon/ops/call_scope.h"
#include "proto/wire/functions.h"

namespace gw {

class RecordKeeper;

// What a connection is to the dispatcher. Owned by front/; empty application: not attached yet, or
// finalised.
struct Attachment {
  Peer peer;
  ApplicationPtr application;
};

// Lives in the dispatcher's coroutine frame while the handler runs; everything in it may be
// borrowed until then.
struct Call {
  ops::Services& services;
  const RecordKeeper& records;
  Attachment& attachment;
  const wire::Header header;
  wire::Reader body;
  ReplyWriter reply;
  ops::CallScope
      scope;  // token and session are set where the table says that the function needs a session

  // The body was not what WIRE.md says: the connection is closed without a reply.
  bool malformed = false;
  // The reply is one that was made before, header and all.
  bool replayed = false;

  // Sent before, with the same request number.
  bool repeated() const { return (header.flags & wire::kFlagRepeat) != 0; }

  // The usual question after decoding: false if something was wrong, and then the handler returns
  // at once.
  bool Decoded() {
    malformed = !body.AtEnd();
    return !malformed;
  }
};

// Answers a call: decodes it, writes the results and gives the CK_RV. What waits for nothing is a
// plain function, which costs no coroutine. One of the two is set.
struct Handler {
  using Waiting = Awaitable<CK_RV> (*)(Call& call);
  using Immediate = CK_RV (*)(Call& call);

  constexpr Handler(Waiting function) : waits(true), waiting(function) {}
  constexpr Handler(Immediate function) : immediate(function) {}

  bool waits = false;  // says which; comparing with nullptr is no constant under UBSan
  Waiting waiting = nullptr;
  Immediate immediate = nullptr;
};

// Who calls what, for the log: "C_Sign of application 3 (pid 4711, uid 33, slot 0, session 17,
// normal user)"; slot, session and user where the function names a session.
std::string Describe(const Call& call);

// The CK_RV of an error, after it was logged as its kind asks.
CK_RV Failed(const Call& call, const Error& error);

// A template. One that says two things about where an object goes is worth a warning (behaviour
// A11).
AttributeList ReadTemplate(Call& call);

// The usual ends of a handler: nothing but the CK_RV, the handle of what was made, octets by the
// length convention.
CK_RV Done(const Call& call, const Status& status);
CK_RV Made(Call& call, const Result<ObjectHandle>& handle);
CK_RV Deliver(Call& call, const Result<ops::Output>& output, ops::Capacity capacity);

}  // namespace gw

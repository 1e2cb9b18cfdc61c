// Room: pkcs11-shim. One C_ function on its way: takes a connection, lets the stub encode the
// arguments, sends, waits, checks the frame of the reply, and lets the stub decode. Lives on the
// stack of the calling thread.
//
//   Call call(Function::C_Verify, session);
//   call.put().Data({data, data_len}).Data({signature, signature_len});
//   return call.ReturnNothing();
#pragma once

#include "pkcs11-shim/marshal.h"
#include "pkcs11-shim/pool.h"
#include "pkcs11-shim/transport.h"
#include "proto/wire/codec.h"

namespace gw::shim {

using wire::Function;

class Call {
 public:
  // Functions without a session.
  explicit Call(Function function);
  Call(Function function, CK_SESSION_HANDLE session);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Encoder& put() { return put_; }

  // The endings: send, wait, decode into the application's memory. What is written there is written
  // after the whole reply was found to be sound. results.cc.
  CK_RV ReturnNothing();
  CK_RV ReturnNumber(CK_ULONG_PTR number);
  CK_RV ReturnDerived(CK_ULONG_PTR key, CK_MECHANISM_PTR mechanism);
  CK_RV ReturnTwoNumbers(CK_ULONG_PTR first, CK_ULONG_PTR second);
  CK_RV ReturnOutput(Output output);
  CK_RV ReturnNumberList(NumberList list, uint64_t capacity);
  CK_RV ReturnValues(CK_ATTRIBUTE_PTR attributes, CK_ULONG count);
  CK_RV ReturnBytes(void* data, CK_ULONG size);

  // The parts of an ending, for stubs with results of their own.

  // Sends the request and waits. True if there are results to decode in reply().
  bool Exchange();
  wire::Reader& reply() { return reply_; }
  // Last step of decoding. True if the results may be used: the body was read to its end and
  // `plausible`. Otherwise the daemon broke the protocol: the connection is closed and the result
  // is CKR_DEVICE_ERROR.
  bool Accept(bool plausible = true);
  CK_RV result() const { return result_; }
  // State::life that the call belongs to.
  uint32_t life() const { return connection_->life; }
  // The daemon that has answered.
  uint32_t incarnation() const { return connection_->incarnation; }

 private:
  Call(Function function, CK_SESSION_HANDLE session, bool has_session);

  void Prepare();
  void RefuseInOrder();
  bool RoundTrip();
  bool SendUntilAnswered();
  bool Reach();
  bool HasResults() const;
  bool Fail(CK_RV result);
  const wire::FunctionRow& row() const { return wire::RowOf(function_); }

  // The operation that the function belongs to: before the first sending, before each, after the
  // last. call_operations.cc.
  enum class Opening : uint8_t { kSend, kAnswered, kRefused };
  Opening OpenOperation();
  Opening OpenInitLocked();
  bool AwaitTurnLocked();
  CK_RV PlanOperation();
  bool PutInitAhead(const Operations::Operation& operation);
  void CloseOperation(bool answered);
  void CloseInitLocked();
  void LeaveLocked();

  // What this call may change of remembered answers. call_changes.cc.
  void BeginChange();
  void EndChange();
  static void BeginAllAhead(CK_SESSION_HANDLE except);
  bool BeginAhead(Kind kind);
  wire::Octets SentBody() const;
  wire::Octets SentInput() const;
  bool IsCancel() const;

  // One sending of the request. call_frames.cc.
  Io Attempt();
  Io Send();
  Io Receive();
  Io StoreUpdates(wire::Octets* body);
  bool TakeHeader(const uint8_t* frame, size_t* frame_bytes);

  Function function_;
  Role role_;
  bool changes_ = false;  // counted in State::changing
  bool entered_ = false;  // counted among the calls of its operation,
  uint32_t turn_ = 0;     // which was this one
  Moment moment_;         // when it was
  const CK_SESSION_HANDLE session_;
  const bool has_session_;
  int cancel_state_ = 0;
  Connection* connection_ = nullptr;
  Deadline until_;
  bool length_query_ = false;
  // The buffer: the request, perhaps an Init to send ahead of its body, the reply.
  size_t request_bytes_ = 0;
  size_t ahead_bytes_ = 0;
  bool was_sent_ = false;  // a whole frame of it, so the daemon may have acted
  uint16_t reply_flags_ = 0;
  CK_RV result_ = CKR_OK;
  Encoder put_{CKR_GENERAL_ERROR};
  wire::Reader reply_{nullptr, 0};
};

// Tells the daemon that the application ends, if `connection` is open; waits for its answer.
void SayGoodbye(Connection* connection, Deadline until);

}  // namespace gw::shim

// Room: rpc.
#include "daemon/rpc/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "daemon/core/check.h"
#include "daemon/core/clock.h"
#include "daemon/rpc/headers.h"

namespace gw {
namespace {

constexpr std::uint32_t kStreamWindow = 4u << 20;
constexpr std::int32_t kConnectionWindow = 16 << 20;
// The other side gives up a little later than we do: its word that time is up, sent at the same
// instant, would pass for a sign of life of a call that hangs.
constexpr std::chrono::seconds kGrace{1};
constexpr std::uint32_t kHeaderListBytes = 64u << 10;
// nghttp2 refuses to send more, as if the connection could not take it; nobody has such a token.
constexpr std::size_t kLargestAuthorization = 32u << 10;

// A name or a value that nghttp2 only reads, though its type does not say so.
std::uint8_t* Octets(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

nghttp2_nv Header(std::string_view name, std::string_view value, std::uint8_t flags = 0) {
  return {Octets(name), Octets(value), name.size(), value.size(),
          static_cast<std::uint8_t>(flags | NGHTTP2_NV_FLAG_NO_COPY_NAME)};
}

UnaryCall* CallOf(nghttp2_session* session, std::int32_t stream) {
  return static_cast<UnaryCall*>(nghttp2_session_get_stream_user_data(session, stream));
}

std::string_view Text(const std::uint8_t* octets, std::size_t size) {
  return {reinterpret_cast<const char*>(octets), size};
}

// Reads the message of a request into a DATA frame.
ssize_t ReadMessage(nghttp2_session* session, std::int32_t stream, std::uint8_t* out,
                    std::size_t room, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                    void* /*self*/) {
  UnaryCall* const call = CallOf(session, stream);
  if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // given up
  const std::string_view left = std::string_view(call->request.message).substr(call->stream.sent);
  const std::size_t size = std::min(room, left.size());
  std::copy_n(left.data(), size, out);
  call->stream.sent += size;
  if (size == left.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

}  // namespace

// nghttp2 speaks C.
struct Http2Session::Callbacks {
  static Http2Session& Of(void* self) { return *static_cast<Http2Session*>(self); }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t /*flags*/, void* self) {
    if (UnaryCall* const call = CallOf(session, frame->hd.stream_id)) {
      Of(self).TakeHeader(*call, Text(name, name_size), Text(value, value_size));
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t stream,
                    const std::uint8_t* octets, std::size_t size, void* self) {
    if (UnaryCall* const call = CallOf(session, stream)) {
      Of(self).TakeData(*call, {octets, size});
    }
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type == NGHTTP2_SETTINGS) Of(self).greeted_ = true;
    if (frame->hd.type == NGHTTP2_GOAWAY) Of(self).goaway_ = true;
    const bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      if (UnaryCall* const call = CallOf(session, frame->hd.stream_id)) Of(self).TakeEnd(*call);
    }
    return 0;
  }

  static int OnSent(nghttp2_session* session, const nghttp2_frame* frame, void* /*self*/) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (UnaryCall* const call = CallOf(session, frame->hd.stream_id)) call->sent = true;
    return 0;
  }

  static int OnClosed(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                      void* self) {
    if (UnaryCall* const call = CallOf(session, stream)) Of(self).Ended(*call, error);
    return 0;
  }

  // Breaches of HTTP/2, for people. nghttp2 ends the session by itself.
  static int OnError(nghttp2_session* /*session*/, int error, const char* text, std::size_t size,
                     void* self) {
    if (error != NGHTTP2_ERR_HTTP_HEADER) Of(self).trouble_ = std::string(text, size);
    return 0;
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    GW_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &OnSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnClosed);
    nghttp2_session_callbacks_set_error_callback2(callbacks, &OnError);
    return callbacks;
  }
};

void Http2Session::Free::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

Http2Session::Http2Session(Options options) : options_(std::move(options)) {
  static nghttp2_session_callbacks* const callbacks = Callbacks::Make();  // never freed
  nghttp2_session* session = nullptr;
  GW_CHECK(nghttp2_session_client_new(&session, callbacks, this) == 0);
  session_.reset(session);
  constexpr auto kSettings = std::to_array<nghttp2_settings_entry>({
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHeaderListBytes},
  });
  GW_CHECK(nghttp2_submit_settings(session, 0, kSettings.data(), kSettings.size()) == 0);
  GW_CHECK(nghttp2_session_set_local_window_size(session, 0, 0, kConnectionWindow) == 0);
}

bool Http2Session::going_away() const {
  return goaway_ || nghttp2_session_check_request_allowed(session_.get()) == 0;
}

bool Http2Session::finished() const {
  return nghttp2_session_want_read(session_.get()) == 0 &&
         nghttp2_session_want_write(session_.get()) == 0;
}

void Http2Session::Submit(UnaryCall& call) {
  call.stream = UnaryStream();
  const UnaryRequest& request = call.request;
  if (request.authorization.size() > kLargestAuthorization) {
    Fail(call, RpcCode::kInvalidArgument, "the bearer token is too large for a header");
    over_.push_back(call);
    return;
  }
  // Of headers whose values come once the names alone are worth a place in the peer's table: the
  // first request puts them there.
  const bool known = std::exchange(names_are_known_, true);
  const std::uint8_t once = known ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
  const TimeoutText timeout(request.deadline - RealClock().Now() + kGrace);
  std::array<nghttp2_nv, 10> headers{
      Header(":method", "POST"),       Header(":scheme", options_.tls ? "https" : "http"),
      Header(":path", request.method), Header(":authority", options_.authority),
      Header("te", "trailers"),        Header("content-type", "application/grpc"),
      Header("user-agent", "grep11d"), Header("grpc-timeout", timeout.text(), once),
  };
  std::size_t count = 8;
  if (!request.authorization.empty()) {
    headers[count++] = Header("authorization", request.authorization);
  }
  if (!request.correlation.empty()) {
    headers[count++] = Header("correlation-id", request.correlation, once);
  }
  nghttp2_data_provider message{};
  message.read_callback = &ReadMessage;
  const std::int32_t stream =
      nghttp2_submit_request(session_.get(), nullptr, headers.data(), count, &message, &call);
  if (stream < 0) {  // ids are used up
    Fail(call, RpcCode::kUnavailable, "the connection takes no more requests");
    over_.push_back(call);
    return;
  }
  call.stream.id = stream;
  calls_.push_back(call);
}

void Http2Session::Release(UnaryCall& call) {
  nghttp2_session_set_stream_user_data(session_.get(), call.stream.id, nullptr);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream.id, NGHTTP2_CANCEL);
  call.unlink();
}

void Http2Session::Break(const RpcStatus& status) {
  while (!calls_.empty()) {
    UnaryCall& call = calls_.front();
    nghttp2_session_set_stream_user_data(session_.get(), call.stream.id, nullptr);
    if (call.stream.ended) {
      Conclude(call);
    } else if (!call.stream.failed) {
      call.status = status;
    }
    call.unlink();
    over_.push_back(call);
  }
}

void Http2Session::Ping() { nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr); }

bool Http2Session::Receive(ByteView octets) {
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), octets.data(), octets.size());
  if (taken < 0) {
    trouble_ = nghttp2_strerror(static_cast<int>(taken));
    return false;
  }
  if (goaway_) ReleaseUnsent();
  return true;
}

// Those that wait for a stream would wait until one is free, and then be refused.
void Http2Session::ReleaseUnsent() {
  for (auto each = calls_.begin(); each != calls_.end();) {
    UnaryCall& call = *each++;
    if (call.sent) continue;
    Release(call);
    call.status = {RpcCode::kUnavailable, "the other side closes the connection", {}};
    over_.push_back(call);
  }
}

bool Http2Session::Produce(Bytes& out, std::size_t enough) {
  while (out.size() < enough) {
    const std::uint8_t* octets = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &octets);
    if (size == 0) return true;
    if (size < 0) {
      trouble_ = nghttp2_strerror(static_cast<int>(size));
      return false;
    }
    Append(out, {octets, static_cast<std::size_t>(size)});
  }
  return true;
}

// --- answers ---

void Http2Session::TakeHeader(UnaryCall& call, std::string_view name, std::string_view value) {
  // Of what a header costs in HPACK's table (RFC 7541 section 4.1).
  constexpr std::size_t kOverhead = 32;
  UnaryStream& stream = call.stream;
  call.answered = answered_ = true;
  stream.header_bytes += name.size() + value.size() + kOverhead;
  if (stream.header_bytes > kHeaderListBytes) {
    return Fail(call, RpcCode::kInternal, "the answer has too many headers");
  }
  if (name == "grpc-status") {
    const auto code = ParseStatusCode(value);
    if (!code) return Fail(call, RpcCode::kUnknown, "grpc-status is no number");
    stream.has_status = true;
    if (!stream.failed) call.status.code = *code;
  } else if (name == "grpc-message") {
    if (!stream.failed) call.status.message = PercentDecoded(value);
  } else if (name == "grpc-status-details-bin") {
    if (auto details = Base64Decoded(value)) call.status.details = std::move(*details);
  } else if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), stream.http_status);
  } else if (name == "content-type") {
    stream.is_grpc = value.starts_with("application/grpc");
  }
}

void Http2Session::TakeData(UnaryCall& call, ByteView octets) {
  using Trouble = MessageReader::Trouble;
  if (call.stream.failed || !call.stream.is_grpc) return;
  switch (call.stream.reader.Read(octets, options_.largest_reply, call.reply)) {
    case Trouble::kNone:
      return;
    case Trouble::kCompressed:
      return Fail(call, RpcCode::kInternal, "the answer is compressed, which was not asked for");
    case Trouble::kTooLarge:
      return Fail(call, RpcCode::kInternal, "the answer is larger than any can be");
    case Trouble::kMore:
      return Fail(call, RpcCode::kInternal, "the answer has more than one message");
  }
}

// The rest of the answer is of no interest.
void Http2Session::Fail(UnaryCall& call, RpcCode code, const char* message) {
  if (call.stream.failed) return;
  call.stream.failed = true;
  call.status.code = code;
  call.status.message = message;
  if (call.stream.id == 0) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream.id, NGHTTP2_CANCEL);
}

// The answer is whole. A server may give it before it has read the request; the rest of that is
// not sent then.
void Http2Session::TakeEnd(UnaryCall& call) {
  call.stream.ended = true;
  if (call.stream.sent == call.request.message.size()) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream.id, NGHTTP2_CANCEL);
}

void Http2Session::Ended(UnaryCall& call, std::uint32_t error) {
  call.answered = true;
  if (call.stream.ended) {
    Conclude(call);
  } else if (!call.stream.failed) {
    if (error == NGHTTP2_REFUSED_STREAM) call.sent = false;
    call.status = {CodeOfStreamError(error),
                   std::string("the request was ended with ") + nghttp2_http2_strerror(error),
                   {}};
  }
  call.unlink();
  over_.push_back(call);
}

// Of an answer that has come to its end.
void Http2Session::Conclude(UnaryCall& call) {
  const UnaryStream& stream = call.stream;
  if (stream.failed) return;
  if (!stream.has_status) {
    const bool is_answer = stream.is_grpc && stream.http_status == 200;
    call.status.code = is_answer ? RpcCode::kUnknown : CodeOfHttpStatus(stream.http_status);
    call.status.message =
        is_answer ? "the answer has no grpc-status"
                  : "no gRPC answer, but HTTP status " + std::to_string(stream.http_status);
    return;
  }
  if (call.status.ok() && !stream.reader.whole()) {
    call.status.code = RpcCode::kInternal;
    call.status.message = "the answer has no whole message";
  }
}

WipedString FrameOfSize(std::size_t octets) {
  WipedString frame(MessageReader::kPrefix + octets, '\0');
  for (std::size_t i = 1; i < MessageReader::kPrefix; ++i) {
    frame[i] = static_cast<char>(octets >> 8 * (MessageReader::kPrefix - 1 - i) & 0xff);
  }
  return frame;
}

}  // namespace gw

// Room: tests/unit/rpc.
#include "tests/unit/rpc/http2_peer.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "daemon/core/check.h"
#include "daemon/rpc/http2_session.h"

namespace gw::test {

struct Http2Peer::Body {
  std::string octets;
  std::size_t sent = 0;
  Http2Headers trailers;
};

namespace {

std::vector<nghttp2_nv> Pairs(const Http2Headers& headers) {
  std::vector<nghttp2_nv> pairs;
  for (const auto& [name, value] : headers) {
    pairs.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                     reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                     value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return pairs;
}

}  // namespace

struct Http2Peer::Callbacks {
  static Http2Peer& Peer(void* self) { return *static_cast<Http2Peer*>(self); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* self) {
    Peer(self).Of(frame->hd.stream_id).headers[std::string(name, name + name_size)] =
        std::string(value, value + value_size);
    return 0;
  }
  static int OnData(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* octets,
                    std::size_t size, void* self) {
    Peer(self).Of(stream).body.append(reinterpret_cast<const char*>(octets), size);
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    const bool is_request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (is_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      Peer(self).Of(frame->hd.stream_id).whole = true;
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) Peer(self).Of(frame->hd.stream_id).reset = true;
    if (frame->hd.type == NGHTTP2_PING) ++Peer(self).pings_;
    return 0;
  }
  static ssize_t Read(nghttp2_session* session, std::int32_t stream, std::uint8_t* out,
                      std::size_t room, std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& body = *static_cast<Body*>(source->ptr);
    const std::size_t size = std::min(room, body.octets.size() - body.sent);
    std::copy_n(body.octets.data() + body.sent, size, out);
    body.sent += size;
    if (body.sent < body.octets.size()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!body.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto pairs = Pairs(body.trailers);
      nghttp2_submit_trailer(session, stream, pairs.data(), pairs.size());
    }
    return static_cast<ssize_t>(size);
  }
};

Http2Peer::Http2Peer(std::uint32_t max_streams, bool reads_on) {
  nghttp2_session_callbacks* callbacks = nullptr;
  GW_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::OnFrame);
  nghttp2_option* option = nullptr;
  GW_CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, reads_on ? 0 : 1);
  GW_CHECK(nghttp2_session_server_new2(&session_, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry limit{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams};
  GW_CHECK(nghttp2_submit_settings(session_, 0, &limit, 1) == 0);
  GW_CHECK(nghttp2_session_set_local_window_size(session_, 0, 0, 1 << 30) == 0);
}

Http2Peer::~Http2Peer() { nghttp2_session_del(session_); }

Http2Request& Http2Peer::Of(std::int32_t stream) {
  const auto found = std::ranges::find(requests_, stream, &Http2Request::stream);
  if (found != requests_.end()) return *found;
  Http2Request& made = requests_.emplace_back();
  made.stream = stream;
  return made;
}

bool Http2Peer::Receive(std::string_view octets) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(octets.data());
  return nghttp2_session_mem_recv(session_, data, octets.size()) ==
         static_cast<ssize_t>(octets.size());
}

std::string Http2Peer::TakeOutput() {
  std::string out;
  const std::uint8_t* octets = nullptr;
  for (;;) {
    const ssize_t size = nghttp2_session_mem_send(session_, &octets);
    GW_CHECK(size >= 0);
    if (size == 0) return out;
    out.append(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
  }
}

void Http2Peer::Answer(std::int32_t stream, const Http2Headers& headers, const std::string& body,
                       const Http2Headers& trailers) {
  const auto pairs = Pairs(headers);
  if (body.empty() && trailers.empty()) {
    GW_CHECK(nghttp2_submit_response(session_, stream, pairs.data(), pairs.size(), nullptr) == 0);
    return;
  }
  auto& kept = bodies_[stream] = std::make_unique<Body>();
  kept->octets = body;
  kept->trailers = trailers;
  nghttp2_data_provider provider{};
  provider.source.ptr = kept.get();
  provider.read_callback = &Callbacks::Read;
  GW_CHECK(nghttp2_submit_response(session_, stream, pairs.data(), pairs.size(), &provider) == 0);
}

std::string Framed(std::string_view message) {
  const WipedString prefix = FrameOfSize(message.size());
  return std::string(prefix.begin(), prefix.begin() + MessageReader::kPrefix).append(message);
}

void Http2Peer::AnswerOk(std::int32_t stream, std::string_view message) {
  Answer(stream, kGrpcHeaders, Framed(message), {{"grpc-status", "0"}});
}

void Http2Peer::Reset(std::int32_t stream, std::uint32_t error) {
  GW_CHECK(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, error) == 0);
}

void Http2Peer::GoAway(std::int32_t last) {
  GW_CHECK(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0) ==
           0);
}

}  // namespace gw::test

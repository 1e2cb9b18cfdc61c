// Room: tests/unit/rpc. May touch: nghttp2. The other side of an HTTP/2 connection: takes requests
// and does with them what the test says. Octets in, octets out.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_session;

namespace gw::test {

using Http2Headers = std::vector<std::pair<std::string, std::string>>;

struct Http2Request {
  std::int32_t stream = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  bool whole = false;
  bool reset = false;  // by the client
};

// `message` behind gRPC's prefix.
std::string Framed(std::string_view message);

class Http2Peer {
 public:
  // `reads_on`: gives room for more of a request as it comes.
  explicit Http2Peer(std::uint32_t max_streams = 100, bool reads_on = true);
  ~Http2Peer();

  // False: the client broke the rules.
  bool Receive(std::string_view octets);
  std::string TakeOutput();

  const std::vector<Http2Request>& requests() const { return requests_; }
  int pings() const { return pings_; }

  // Headers, `body`, trailers. Without trailers the body ends the stream; without a body too, the
  // headers are all there is.
  void Answer(std::int32_t stream, const Http2Headers& headers, const std::string& body,
              const Http2Headers& trailers);
  // A gRPC answer with that message, framed.
  void AnswerOk(std::int32_t stream, std::string_view message);
  void Reset(std::int32_t stream, std::uint32_t error);
  // Streams after `last` are not looked at.
  void GoAway(std::int32_t last);

 private:
  struct Callbacks;
  struct Body;
  Http2Request& Of(std::int32_t stream);

  nghttp2_session* session_ = nullptr;
  std::vector<Http2Request> requests_;
  std::map<std::int32_t, std::unique_ptr<Body>> bodies_;
  int pings_ = 0;
};

inline const Http2Headers kGrpcHeaders{{":status", "200"}, {"content-type", "application/grpc"}};

}  // namespace gw::test

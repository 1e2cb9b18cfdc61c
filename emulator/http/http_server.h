// Room: emulator/http. A small HTTP/1.1 server on an Asio loop, with or without TLS: enough for a
// token endpoint and a control page. May touch: TCP sockets. Requests are bounded (64 KiB) and must
// be complete within ten seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/core/result.h"
#include "emulator/tls_material.h"

namespace boost::asio {
class io_context;
}

namespace gw::emulator {

struct HttpRequest {
  std::string method;
  std::string path;                               // without query
  std::map<std::string, std::string> parameters;  // of the query, and of a form body; decoded
  std::string body;
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::chrono::nanoseconds delay{0};  // before the reply is written
  bool drop = false;                  // close the connection without a reply
};

using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

// Owned by whoever runs the loop. Listen() before the loop runs; everything else happens on it.
// Ends with the loop: no connection outlives the io_context.
class HttpServer {
 public:
  // The handler runs on the loop and must not block.
  HttpServer(boost::asio::io_context& loop, const TlsChoice& tls, HttpHandler handler);
  ~HttpServer();

  // The port that was bound (`port` 0: any).
  //   errors  CKR_ARGUMENTS_BAD with a text for the operator
  Result<std::uint16_t> Listen(const std::string& address, std::uint16_t port);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::emulator

// An HTTPS server for one request, with a certificate of its own for "localhost", that answers what
// the test says.
#pragma once

#include <string>
#include <thread>

namespace gw::bench {

// Listens on a loopback port that the system picks; its thread ends with the object.
class TlsPeer {
 public:
  // `response` is sent as it is; an empty one closes the connection instead.
  explicit TlsPeer(std::string response);
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  std::string Url() const { return "https://localhost:" + std::to_string(port_); }
  const std::string& ca_file() const { return ca_file_; }
  // The request that came in, once the client has its answer.
  const std::string& Request();

 private:
  void Serve(std::string response);

  int listener_ = -1;
  unsigned port_ = 0;
  std::string ca_file_;
  std::string key_file_;
  std::string request_;
  std::thread thread_;
};

}  // namespace gw::bench

// Room: tests/support. An IAM endpoint in the process: real TLS, scripted answers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/certs.h"

namespace gw::test {

// What the next request gets. Without a script every request gets a token of an hour.
struct IamAnswer {
  enum class Kind { kReply, kSilence, kHangUp } kind = Kind::kReply;
  unsigned status = 200;
  std::string body;
};

// {"access_token": a JWT with that iam_id, "expires_in": ...}
std::string TokenBody(const std::string& iam_id, int expires_in_s, const std::string& mark = "");

// Thread: any. Serves on 127.0.0.1 from the constructor to the destructor.
class FakeIam {
 public:
  explicit FakeIam(const CertifiedKey& server);
  ~FakeIam();

  std::uint16_t port() const;
  // "https://<host>:port"
  std::string Url(const std::string& host = "localhost") const;
  void Push(IamAnswer answer);
  std::uint64_t requests() const;
  // Of the last request.
  std::string last_target() const;
  std::string last_form() const;
  std::string last_server_name() const;  // as announced in the TLS hello

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gw::test

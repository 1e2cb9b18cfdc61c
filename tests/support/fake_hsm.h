// Room: tests/support. A GREP11 server in the process: real gRPC, real TLS, scripted trouble. It
// does no cryptography; the emulator does.
#pragma once

#include <grep11.pb.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/certs.h"

namespace gw::test {

// What one request gets instead of its answer. Consumed in order by requests of that method.
struct HsmFault {
  enum class Kind {
    kPass,     // lets one request through, so that a later fault hits the next
    kDelay,    // the right answer, after `delay`
    kStatus,   // `code` and `message`, with `details` as grpc-status-details-bin
    kGarbage,  // OK, with bytes that are no such message
    kEmpty,    // OK, with a message without fields
    kHuge,     // OK, with more octets than anybody has asked for
    kDrop,     // no answer until the client gives up
  } kind = Kind::kPass;
  std::string method;  // "SignSingle"; empty: any
  std::chrono::milliseconds delay{0};
  int code = 0;  // grpc::StatusCode
  std::string message;
  std::string details;
};

// The detail of a failed GREP11 call, serialised for HsmFault::details.
std::string Grep11Details(std::uint64_t rv, const std::string& text, bool retry);

// Thread: any. SignSingle answers "signed:" and the data; GenerateRandom zeros; GetMechanismList
// {1, 0x1041}; GenerateKey and GenerateKeyPair fixed blobs; everything else has the names of its
// fields of octets as their values.
class FakeHsm {
 public:
  struct Options {
    std::optional<CertifiedKey> server;  // empty: no TLS
    std::string client_ca;               // with it: mutual TLS
  };
  explicit FakeHsm(Options options);
  ~FakeHsm();

  std::uint16_t port() const;
  void Push(HsmFault fault);
  // Drops the script.
  void ClearFaults();
  // Requests with another authorization get UNAUTHENTICATED. Empty: all are welcome.
  void RequireAuthorization(std::string value);
  std::uint64_t calls(std::string_view method) const;
  std::uint64_t all_calls() const;
  // Of the last request of that method.
  std::string last_request(std::string_view method) const;
  std::string last_authorization() const;
  // The values of correlation-id, one for each request, in their order; "" where there was none.
  std::vector<std::string> correlations() const;
  // Distinct client addresses seen: the number of HTTP/2 connections.
  std::size_t connections() const;

  // An outage; calls in flight fail. Start() serves again on the same port.
  void Stop();
  void Start();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gw::test

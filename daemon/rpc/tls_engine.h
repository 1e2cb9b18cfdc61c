// Room: rpc. May include: core. May touch: OpenSSL. TLS as a filter between octets of the network
// and octets of the application; it does no I/O of its own.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/rpc/tls_context.h"

namespace gw {

// A client's side. Loop only. After each Feed(), Handshake() and Write() there may be something
// Pending() for the network.
class TlsEngine {
 public:
  // Speaks HTTP/2 or nothing.
  //   errors  CKR_GENERAL_ERROR
  static Result<std::unique_ptr<TlsEngine>> Make(const TlsContextPtr& context,
                                                 const std::string& host);

  // Octets from the network.
  void Feed(ByteView octets);

  enum class Step { kDone, kMore, kFailed };
  // kMore: feed what comes. kFailed: trouble() says why.
  Step Handshake();
  // Decrypts into `out`; `size`: how much. kMore: nothing until more was fed.
  Step Read(std::span<Byte> out, std::size_t& size);
  // False: the connection is of no use any more.
  bool Write(ByteView octets);

  // What the network is to get. Valid until the next call.
  ByteView Pending() const;
  void Sent(std::size_t octets);

  const std::string& trouble() const { return trouble_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };
  explicit TlsEngine(TlsContextPtr context) : context_(std::move(context)) {}
  Step StepOf(int result);

  TlsContextPtr context_;
  std::unique_ptr<SSL, Free> ssl_;
  BIO* from_network_ = nullptr;  // of ssl_
  BIO* to_network_ = nullptr;    // of ssl_
  std::string trouble_;
};

}  // namespace gw

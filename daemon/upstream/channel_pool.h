// Room: upstream. May touch: gRPC channels. All connections of one token's HSM. Included by
// grep11_client.cc alone.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include "daemon/core/result.h"
#include "daemon/upstream/endpoint.h"

namespace gw {

// Loop only. Leases must not outlive the pool's owner, which is kept alive by what they serve.
class ChannelPool {
 public:
  // A connection in use by one request.
  class Lease {
   public:
    explicit Lease(Channel& channel) : channel_(channel) { ++channel_.outstanding; }
    ~Lease() { --channel_.outstanding; }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    grep11::Crypto::Stub& stub() const { return *channel_.stub; }

   private:
    Channel& channel_;
  };

  //   errors  CKR_ARGUMENTS_BAD  TLS files that cannot be used, or no TLS to another host
  static Result<ChannelPool> Make(const TokenConfig& config);

  Channel& Pick(std::size_t endpoint) { return endpoints_[endpoint].Pick(random_); }
  void Connect();

 private:
  ChannelPool() : random_(std::random_device{}()) {}

  std::vector<Endpoint> endpoints_;
  std::minstd_rand random_;
};

}  // namespace gw

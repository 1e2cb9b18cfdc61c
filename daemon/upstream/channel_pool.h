// Room: upstream. May include: rpc. All connections of one token's HSM. Included by
// sender alone.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/result.h"
#include "daemon/upstream/endpoint.h"

namespace gw {

// Loop only. Connections can be made anew with other credentials while calls go on: the new ones
// take over when they stand, and the old ones end with the calls that they carry.
class ChannelPool {
 public:
  // A connection in use by one request.
  class Lease {
   public:
    explicit Lease(ChannelPtr channel) : channel_(std::move(channel)) { ++channel_->outstanding; }
    ~Lease() { --channel_->outstanding; }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    const ChannelPtr& channel() const { return channel_; }

   private:
    const ChannelPtr channel_;
  };

  //   errors  CKR_ARGUMENTS_BAD  TLS files that cannot be used, or no TLS to another host
  static Result<ChannelPool> Make(const TokenConfig& config, Silo& silo, SteadyTime now);

  const ChannelPtr& Pick(std::size_t endpoint) { return places_[endpoint].used.Pick(random_); }
  void Connect();
  std::size_t endpoints() const { return places_.size(); }
  // As Endpoint::ApartFor(), ExistingFor().
  ChannelPtr ApartFor(std::size_t endpoint, const HsmLogin& login, SteadyTime now) {
    return places_[endpoint].used.ApartFor(login, now);
  }
  ChannelPtr ExistingFor(std::size_t endpoint, const HsmLogin& login) const {
    return places_[endpoint].used.ExistingFor(login);
  }

  // As Endpoint::ReplaceSilent().
  std::size_t ReplaceSilent(std::size_t endpoint, SteadyTime since, SteadyTime now) {
    return places_[endpoint].used.ReplaceSilent(since, now);
  }
  std::string NameOf(std::size_t endpoint) const { return gw::NameOf(places_[endpoint].config); }

  // Opens new connections to all endpoints beside those in use.
  void Renew(const TlsContextPtr& tls, SteadyTime now);
  // Lets new connections that stand take over. Call it from time to time while renewing().
  void Settle(SteadyTime now);
  bool renewing() const;
  // Names of the endpoints whose new connections do not stand yet.
  std::vector<std::string> Unsettled() const;

 private:
  struct Place {
    EndpointConfig config;
    Endpoint used;
    std::optional<Endpoint> next;  // not connected yet
  };

  explicit ChannelPool(Silo& silo) : silo_(&silo), random_(std::random_device{}()) {}
  Endpoint Make(const EndpointConfig& config, const TlsContextPtr& tls, SteadyTime now) const;

  Silo* silo_;
  std::vector<Place> places_;
  std::minstd_rand random_;
};

}  // namespace gw

// Room: runtime. May include: Boost.Intrusive. What has to be told when a silo stops, since it does
// not end by itself.
#pragma once

#include <boost/intrusive/list.hpp>

namespace gw {

// Leaves the silo's list by itself. Loop only.
class Stoppable : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // The silo stops: give up everything that would keep its loop at work. Called once, on the loop.
  virtual void SiloStops() = 0;

 protected:
  ~Stoppable() = default;
};
using StopList = boost::intrusive::list<Stoppable, boost::intrusive::constant_time_size<false>>;

}  // namespace gw

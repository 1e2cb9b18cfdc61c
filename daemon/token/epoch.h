// Room: token. Touches one page of memory that applications may read (a sealed memfd).
#pragma once

#include <cstdint>

#include "daemon/core/fd.h"

namespace gw {

// Tells applications when to forget what the daemon has answered before (proto/wire/WIRE.md,
// Epoch). The page begins with the epoch: a number that no other daemon of this boot has shown,
// another one after each Bump(), and 0 while nothing may be remembered. Applications read it
// without asking. Thread: one silo writes.
class Epoch {
 public:
  Epoch();
  ~Epoch();
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;

  // An Init that was accepted before might be refused now, or the other way round. To be called
  // before anybody is told of the change.
  void Bump();
  // False: 0 is shown until it is true again.
  void Offer(bool offered);

  // For applications, which cannot write through it; -1 where the system has no such pages.
  int descriptor() const { return file_.get(); }

 private:
  void Show();

  std::uint64_t value_;
  bool offered_ = true;
  Fd file_;
  std::uint64_t* page_ = nullptr;
};

}  // namespace gw

// Room: upstream. May include: core. What went wrong with one try of one RPC.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daemon/core/result.h"

namespace gw {

// What may be done about it; retry.cc decides on nothing else.
enum class FailureClass : std::uint8_t {
  kFinal,            // the HSM's answer; asking again gives the same
  kUnauthenticated,  // token refused before anything ran: renew it once
  kForbidden,        // a right is missing: a fresher token may have it, tried once
  kExhausted,        // refused for load before anything ran
  kNotSent,          // there was no connection to send it on
  kUnreachable,      // connection failed; whether it ran is not known
  kTimedOut,         // no answer in time; whether it ran is not known
  kAskAgain,         // the HSM's error carries its retry hint
  kGarbled,          // an answer came and is none; whether it ran is not known
  kMasterKey,        // the unit's master key is none, or another one than the blob's: nothing ran
};
inline constexpr std::size_t kFailureClasses = 10;

struct Failure {
  Error error;  // what the application gets if nothing helps
  FailureClass what = FailureClass::kFinal;
};

// Failures that say that the endpoint, not the request, is ill.
inline bool SpeaksAgainstEndpoint(FailureClass what) {
  return what == FailureClass::kNotSent || what == FailureClass::kUnreachable ||
         what == FailureClass::kTimedOut || what == FailureClass::kGarbled;
}

// Failures with which an endpoint asks for fewer requests.
inline bool AsksForLess(FailureClass what) {
  return what == FailureClass::kExhausted || what == FailureClass::kAskAgain;
}

}  // namespace gw

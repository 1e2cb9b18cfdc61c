// No room: what `grep11d --check` asks of each part of a configuration, one after the other.
#pragma once

#include <functional>
#include <string>

#include "daemon/config/config.h"

namespace gw {

// What became of one of the checks.
struct Finding {
  enum class Outcome { kOk, kFailed, kSkipped };
  Outcome outcome = Outcome::kOk;
  std::string part;    // "slot 0: IAM"
  std::string text;    // what was found
  std::string advice;  // what to do about it; with kFailed
};

// "ok       slot 0: IAM: the key of the anonymous user is iam-ServiceId-1"
std::string Describe(const Finding& finding);

// Looks at the keystores and at TLS files, addresses and IAM of each slot, and makes one request to
// each HSM. Each finding is told when it is there. Nothing is made or changed, and a daemon may be
// running meanwhile. Blocks; no step takes longer than `times.rpc` or `times.iam`.
//   returns  whether nothing failed
bool CheckParts(const Config& config, const std::function<void(const Finding&)>& tell);

}  // namespace gw

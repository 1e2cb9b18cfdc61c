// Room: bench/load. What a load is driven against: a PKCS #11 module, or a GREP11 service. Includes
// core only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bench/load/options.h"
#include "daemon/core/result.h"

namespace gw::bench {

// One thread's way to its target. Used by that thread only, made and destroyed by it.
class Caller {
 public:
  virtual ~Caller() = default;

  // The operation under test; everything in here is timed.
  //   errors  whatever the target answers
  virtual CK_RV Call() = 0;

  enum class Verdict { kPlausible, kVerified, kWrong };
  // Looks at the result of a Call() that answered CKR_OK. Not timed. `thorough` asks for proof by a
  // further call.
  virtual Verdict Check(bool thorough) = 0;
};

// One process's attachment to its target; destroyed after all of its callers. Open() and
// NewCaller() may be slow.
class Target {
 public:
  virtual ~Target() = default;

  // Thread: the one that will use the caller.
  virtual Result<std::unique_ptr<Caller>> NewCaller() = 0;
  // From the first byte loaded to the first call possible, without login and key.
  virtual std::chrono::nanoseconds AttachTime() const = 0;
};

// Called in each process of the run, after the fork.
using OpenTarget = std::function<Result<std::unique_ptr<Target>>(const Options& options)>;

// For people: the reason, then the return code's name.
inline std::string Explain(const Error& error) {
  return error.detail + " (" + std::string(NameOfRv(error.rv)) + ")";
}

}  // namespace gw::bench

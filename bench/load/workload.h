// Room: bench/load. The operations that grep11-load can drive through a PKCS #11 module: one row
// each. May touch: the module's function list. Adding an operation means one row in
// workload_table.cc and its functions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include "daemon/core/source_location.h"

#include "bench/load/target.h"
#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw::bench {

// Which key an operation works with.
enum class KeyNeed { kNone, kEc, kRsa, kAes, kGenericSecret };

// Handles of the key of a process; the public and the private one of a pair, or one secret key in
// `secret`.
struct KeyHandles {
  CK_OBJECT_HANDLE secret =
      CK_INVALID_HANDLE;  // private or secret key: the one that signs or decrypts
  CK_OBJECT_HANDLE open = CK_INVALID_HANDLE;  // public key, if there is one
  std::string label;
};

// Everything that one thread needs for its calls. Filled by the target, then by the row's
// `prepare`.
struct CallState {
  CK_FUNCTION_LIST* module = nullptr;
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  KeyHandles keys;
  ByteView pin;  // borrowed from Options
  bool logged_in = false;

  CK_MECHANISM mechanism{};
  CK_RSA_PKCS_PSS_PARAMS pss{};
  std::array<Byte, 16> iv{};
  Bytes input;
  Bytes output;           // as large as the largest result
  CK_ULONG produced = 0;  // bytes of the last result in `output`
  Bytes expected;         // what the result must be, or the result that the first call gave
  std::size_t expected_size = 0;
  std::uint64_t made = 0;  // objects that this thread has made
};

struct Workload {
  std::string_view name;
  std::string_view help;
  KeyNeed key;
  std::size_t default_size;  // bytes of input, or of output for random
  bool needs_pin;
  bool one_thread;  // the operation changes the state of the whole process
  Status (*prepare)(CallState& state, std::size_t size_bytes);
  CK_RV (*call)(CallState& state);
  Caller::Verdict (*check)(CallState& state, bool thorough);
};

std::span<const Workload> Workloads();
// nullptr when there is none of that name. Lives for ever.
const Workload* FindWorkload(std::string_view name);

// An error that says which function answered what.
Error ModuleError(CK_RV rv, std::string_view function,
                  SourceLocation where = SourceLocation::current());

}  // namespace gw::bench

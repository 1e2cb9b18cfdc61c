// Room: dispatch. One row per C_ function that travels: who answers it and what it needs.
// Completeness against proto/wire/functions.def is checked at compile time.
#pragma once

#include "daemon/dispatch/call.h"

namespace gw {

enum class Needs : std::uint8_t {
  kNothing,
  kSession,  // the header's session exists, and its turn is taken
};
enum class Patience : std::uint8_t {
  kCall,           // gateway.times.call
  kKeyGeneration,  // gateway.times.key_generation
};
enum class Secrecy : std::uint8_t {
  kPlain,
  kSecret,  // the request holds a PIN: its frame is wiped when it is answered
};

struct OpRow {
  wire::Function function;
  Handler handler;
  Needs needs = Needs::kSession;
  Patience patience = Patience::kCall;
  Secrecy secrecy = Secrecy::kPlain;
};

// nullptr: no such function, or not carried.
const OpRow* FindOp(std::uint16_t function);

}  // namespace gw

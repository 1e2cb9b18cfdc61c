// Room: keystore, private to the SQLite engine. SQLite's result codes and what they mean for an
// application and an operator. Touches nothing.
#pragma once

#include <string>

#include "daemon/core/result.h"

struct sqlite3;

namespace gw::sqlite {

// What a failed step does to the batch it was part of.
enum class Remedy {
  kRetryAlone,  // the change itself may be to blame: the others of its batch are tried without it
  kWait,        // the same connection works again once the cause is gone
  kReopen,      // a fresh connection is needed
};

struct Failure {
  Error error;
  Remedy remedy;
};

// The failure that `db` reports after `code`; `doing` names the step. The error says what to do.
Failure FailureOf(sqlite3* db, int code, const std::string& doing);

}  // namespace gw::sqlite

// Room: keystore, private to the SQLite engine. May touch: the database through its connection.
// What a keystore file looks like, how it is recognised and how an older one is brought up to date.
#pragma once

#include <chrono>
#include <cstdint>

#include "daemon/core/result.h"
#include "daemon/keystore/record_format.h"
#include "daemon/keystore/sqlite_connection.h"

namespace gw::sqlite {

// "GW11", in the header of the file; `file` knows it as the application id.
inline constexpr std::int32_t kApplicationId = 0x47573131;

// The schema this program writes; stored as user_version.
std::int64_t CurrentSchemaVersion();

// Makes `connection` ready for work: recognises the file, checks its structure for at most
// `check_time`, runs the migrations that are missing, checks that the key belongs to the file and
// sets the modes of the connection. Until all checks have passed nothing is written.
//   is_new   the file is empty and gets a schema
//   errors   as OpenSqliteKeystore
Status PrepareDatabase(Connection& connection, const RowAuthenticator& authenticator, bool is_new,
                       std::chrono::milliseconds check_time);

// The checks of it alone, which change nothing, for a file that has a schema.
//   returns  the version of its schema, which may be an older one
Result<std::int64_t> CheckDatabase(Connection& connection, const RowAuthenticator& authenticator,
                                   std::chrono::milliseconds check_time);

// The part of it that a second connection to a file already checked needs.
Status SetModes(Connection& connection);

}  // namespace gw::sqlite

// Room: config. May include: core. From the sections of the file to a Config: defaults, and the
// rules that concern more than one key.
#pragma once

#include "daemon/config/config.h"
#include "daemon/config/problems.h"
#include "daemon/config/schema.h"

namespace gw {

// The Config that `file` describes. Usable only if `problems` has no errors afterwards.
Config BuildConfig(Problems& problems, const RawFile& file);

// Does the file hold an API key or a password, so that not everybody should read it?
bool HoldsSecret(const RawFile& file);

// The parts of BuildConfig(), one file each.
// Address, TLS and endpoints of a token; `extra` is gateway.tokens.<slot> or null.
void BuildConnection(Problems& problems, const Place& place, const RawToken& raw,
                     const RawGatewayToken* extra, TokenConfig& token);
// Users, keystores and IAM of a token.
void BuildUsers(Problems& problems, const Place& place, const RawFile& file, const RawToken& raw,
                TokenConfig& token);
// The rules about sessionauth, for all tokens, and the passwords.
void CheckSessionAuth(Problems& problems, const RawFile& file, std::vector<TokenConfig>& tokens);

// What is wrong with a file that is to be read later, or an empty string.
Complaint FileProblem(const std::string& path);

inline void Missing(Problems& problems, const Place& place, std::string_view key) {
  problems.Error(place.Child(key, place.line), "is missing");
}

// "tokens.<slot>" with the line of its key.
inline Place PlaceOfToken(std::uint64_t slot, const RawToken& token) {
  return {"tokens." + std::to_string(slot), token.line};
}

}  // namespace gw

// Room: config. May include: core. What a configuration file may say, as plain structures that
// mirror its sections: the vendor's grep11client.yaml in every generation, and `gateway:`. Nothing
// here is checked across keys; build.cc does that and makes a Config of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/fields.h"

namespace gw {

struct RawIamAuth {
  int line = 0;
  Given<bool> enabled{true};
  Given<std::string> endpoint;
  Given<std::string> instance;  // files up to 2023 give it
  GivenSecret api_key;
};

struct RawSessionAuth {
  int line = 0;
  Given<bool> enabled;
  GivenSecret password;
};

struct RawUser {
  int line = 0;
  Given<std::string> name;
  Given<std::string> keystore;
  RawIamAuth iam;
  RawSessionAuth session;
  GivenSecret keystore_password;  // older spelling of session.password
};

struct RawTls {
  Given<bool> enabled{true};
  Given<bool> mutual;
  Given<std::string> ca_file;
  Given<std::string> cert_file;
  Given<std::string> key_file;
};

struct RawConnection {
  int line = 0;
  Given<std::string> address;
  Given<std::uint16_t> port;
  RawTls tls;
};

struct RawStore {
  Given<bool> enabled;
  Given<std::string> path;
};

struct RawStorage {
  RawStore file;
  RawStore remote{{true}, {}};
};

struct RawToken {
  int line = 0;
  RawConnection connection;
  RawStorage storage;
  std::map<std::uint64_t, RawUser> users;
};

struct RawLogging {
  Given<std::string> level;
  Given<std::string> path;
};

// What can be said for all endpoints of a slot, and again for one of them.
struct RawCapacity {
  Given<std::uint32_t> crypto_units;
  Given<std::uint32_t> rate_per_s;
  Given<std::uint32_t> channels;
  Given<std::uint32_t> max_outstanding;
};

struct RawEndpoint : RawCapacity {
  int line = 0;
  Given<std::string> address;
  Given<std::uint16_t> port;
};

struct RawGatewayToken : RawCapacity, PolicyConfig {
  int line = 0;
  std::vector<RawEndpoint> endpoints;
};

struct RawProfile {
  int line = 0;
  Given<std::string> ep11client_cfg;
  std::vector<std::uint32_t> slots;
};

struct RawGateway : GatewayConfig {
  int line = 0;
  Given<std::string> iam_ca_file;
  std::map<std::uint64_t, RawGatewayToken> tokens;
  std::vector<RawProfile> profiles;
};

struct RawFile {
  bool names_tokens = false;  // even if nothing in it is usable
  RawIamAuth iam_template;
  RawSessionAuth session_template;
  std::map<std::uint64_t, RawToken> tokens;
  RawLogging logging;
  RawGateway gateway;
};

// Reads every value of the file; complaints go to `problems`.
RawFile ReadRawFile(Problems& problems, const YamlNode& root);

// Every key that a file may have, as "tokens.<n>.users.<n>.name" and
// "gateway.tokens.<n>.endpoints[].address".
std::vector<std::string> KnownKeys();

}  // namespace gw

// Room: config. May include: core. The configuration as plain values, units in the names. Loaded
// once, then immutable: a reload makes a new one and swaps it whole.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/bytes.h"

namespace gw {

struct TlsConfig {
  bool enabled = true;
  bool mutual = false;
  std::string ca_file;    // empty: system trust store
  std::string cert_file;  // with mutual
  std::string key_file;
};

// One crypto unit or service address.
struct EndpointConfig {
  std::string address;
  std::uint16_t port = 443;
  std::uint32_t crypto_units = 1;       // behind this address; multiplies rate_per_s
  std::uint32_t rate_per_s = 500;       // requests per second and crypto unit; 0 = no limit
  std::uint32_t channels = 2;           // gRPC channels (HTTP/2 connections)
  std::uint32_t max_outstanding = 256;  // requests in flight
};

struct IamConfig {
  bool enabled = true;
  std::string endpoint = "https://iam.cloud.ibm.com";
  std::string ca_file;   // gateway.iam_ca_file; empty: system trust store
  std::string instance;  // of the service, where the file gives it; never required
};

// tokens.<slot> of the vendor's file, with what gateway.tokens.<slot> adds.
struct TokenConfig {
  std::uint64_t slot = 0;
  std::vector<EndpointConfig> endpoints;
  TlsConfig tls;
  IamConfig iam;
  std::shared_ptr<const SecretBytes> anonymous_api_key;  // null: none configured
  std::string private_keystore;  // tokenspaceID of users.1, lower case; may be empty
  std::string public_keystore;   // tokenspaceID of users.2, lower case
  // The same two as the file spells them: keystores are told apart by the lower-case form, but a
  // service is told what the administrator wrote.
  std::string private_keystore_as_written;
  std::string public_keystore_as_written;
  // Of both keystores, which are then authenticated. Null: neither is.
  std::shared_ptr<const SecretBytes> keystore_password;
  bool remotestore = true;  // token objects allowed
  std::string so_name, user_name, anonymous_name;
};

enum class LogLevel : std::uint8_t { kFatal, kError, kWarning, kInfo, kDebug, kTrace };

// Work done here instead of in the HSM; all on by default.
struct LocalWorkConfig {
  bool verify = true;  // verify and encrypt with public keys
  bool digest = true;  // C_Digest*
  bool hash_sign =
      true;  // hash here, let the HSM sign the digest (multi-part and hashing mechanisms)
  bool remember_init = true;                     // applications answer repeated Inits by themselves
  bool random_pool = true;                       // C_GenerateRandom from octets fetched before
  std::uint32_t random_pool_bytes = 256u << 10;  // of each slot; one request brings as many
};

struct LimitsConfig {
  std::uint32_t connections = 4096;  // of all applications
  std::uint32_t connections_per_application = 64;
  std::uint32_t sessions_per_application = 16384;
  std::uint32_t objects_per_application = 65536;  // session objects
  std::uint32_t max_frame_bytes = 64u << 20;
  std::uint32_t bytes_in_flight = 256u << 20;  // of frames above 256 KiB, of all applications
  std::uint32_t gathered_bytes =
      1u << 20;  // multi-part input kept here before it goes to the HSM in parts
};

struct TimesConfig {
  std::chrono::milliseconds call{30'000};              // a C_ call, end to end
  std::chrono::milliseconds key_generation{120'000};   // C_GenerateKeyPair and C_GenerateKey
  std::chrono::milliseconds rpc{10'000};               // one try of one HSM request
  std::chrono::milliseconds iam{10'000};               // one token exchange
  std::chrono::milliseconds hedge{0};                  // a signature is asked for twice; 0: never
  std::chrono::milliseconds master_key{30'000};        // a call waits for an HSM whose master key
                                                       // is none, or not that of the key
  std::chrono::milliseconds drain{5'000};              // at stop: wait for calls in flight
  std::chrono::milliseconds application_grace{2'000};  // after the last connection closed
  std::chrono::milliseconds mechanisms{300'000};       // the HSM's mechanism list is taken for true
};

// Who may connect, or use a slot. Empty lists: whoever the socket's mode admits, or may connect.
struct PolicyConfig {
  std::vector<std::uint32_t> allowed_uids;
  std::vector<std::uint32_t> allowed_gids;
};

struct GatewayConfig {
  std::string socket = "/run/grep11d/grep11d.sock";
  std::string state_directory = "/var/lib/grep11d";
  std::string seal_key;                           // empty: SealKeyPath() says where
  std::string metrics_listen = "127.0.0.1:9611";  // empty: off
  std::string manufacturer = "IBM";  // CK_INFO and CK_TOKEN_INFO; applications match on it
  std::string model = "GREP11";
  std::string serial_number = "000/0000";
  LocalWorkConfig local;
  LimitsConfig limits;
  TimesConfig times;
  PolicyConfig policy;
  std::map<std::uint64_t, PolicyConfig> slot_policies;  // a slot without one is for all who connect
  // By the EP11CLIENT_CFG of an application: the slots it sees, as its slots 0, 1 and so on. Any
  // other application sees all of them under their own numbers.
  std::map<std::string, std::vector<std::uint32_t>> profile_slots;
};

// gateway.seal_key, or its default: beside the socket, which is where a reboot clears; in the state
// directory if the socket has no place in the file system.
std::string SealKeyPath(const GatewayConfig& config);

struct LoggingConfig {
  LogLevel level = LogLevel::kWarning;
  std::string path;  // empty: journald (standard error under systemd)
};

struct Config {
  std::string file;                 // where it was read from
  std::vector<TokenConfig> tokens;  // sorted by slot, at least one
  LoggingConfig logging;
  GatewayConfig gateway;
  std::vector<std::string> warnings;  // unknown keys, ignored settings
};
using ConfigPtr = std::shared_ptr<const Config>;

}  // namespace gw

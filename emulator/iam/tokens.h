// Room: emulator/iam. Access tokens: made for an identity, checked on every request.
// JWT in form (RFC 7519, HS256 of RFC 7518), under a key derived from the master key, so that every
// instance with the same master key accepts them.
#pragma once

#include <atomic>
#include <chrono>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/core/bytes.h"
#include "daemon/core/clock.h"
#include "emulator/iam/identities.h"

namespace gw::emulator {

struct Token {
  std::string text;
  std::chrono::seconds lifetime;
  std::chrono::system_clock::time_point expires;
};

enum class TokenVerdict : std::uint8_t {
  kGood,
  kMissing,
  kInvalid,
  kExpired,
  kRevoked,
  kUnknownIdentity
};

// What to tell the caller.
std::string_view TextOf(TokenVerdict verdict);

// Threads: any. A token that was verified once is found by its text afterwards: no decoding, no
// HMAC. Each thread knows the last one it saw without asking the others.
class Tokens {
 public:
  Tokens(ByteView key, const Identities& identities, std::chrono::seconds lifetime,
         const Clock& clock)
      : key_(CopyOf(key)), identities_(identities), clock_(clock), lifetime_s_(lifetime.count()) {}

  Token Mint(const Identity& identity) const;

  struct Checked {
    TokenVerdict verdict;
    const Identity* identity;  // not null if kGood; of the Identities that were given
  };
  // `authorization`: "Bearer <token>", or the bare token as some clients send it; empty if there
  // was none.
  Checked Check(std::string_view authorization);

  // Everything issued so far stops working, as revoked or as if its time were over. New tokens are
  // good.
  void RevokeAll();
  void ExpireAll();
  // Of tokens issued from here on.
  void SetLifetime(std::chrono::seconds lifetime);

 private:
  using WallTime = std::chrono::system_clock::time_point;
  struct Claims {
    IdentityPtr identity;
    WallTime issued;
    WallTime expires;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  static constexpr std::size_t kMaxCached = 10'000;

  struct LastSeen {
    std::uint64_t owner = 0;
    std::string text;
    Claims claims;
  };

  // Verifies, unless that was done before.
  TokenVerdict Read(std::string_view text, Claims& claims);
  TokenVerdict Decode(std::string_view text, Claims& claims) const;
  TokenVerdict Judge(const Claims& claims) const;
  bool Cached(std::string_view text, Claims& claims) const;
  void Remember(std::string_view text, const Claims& claims);

  static std::uint64_t NextNumber();

  const std::uint64_t number_ = NextNumber();  // no two have the same
  const Bytes key_;
  const Identities& identities_;
  const Clock& clock_;
  std::atomic<std::int64_t> lifetime_s_;
  std::atomic<std::int64_t> revoked_until_us_{0};
  std::atomic<std::int64_t> expired_until_us_{0};
  mutable std::shared_mutex mutex_;  // guards verified_
  std::unordered_map<std::string, Claims, TextHash, std::equal_to<>> verified_;
};

}  // namespace gw::emulator

// Room: emulator/iam.
#include "emulator/iam/tokens.h"

#include <array>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "emulator/crypto/hash.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kMaxTokenBytes = 8192;

// base64url without padding, RFC 4648 section 5.
std::string Encode64(ByteView bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j <= count; ++j) out.push_back(kAlphabet[group >> (18 - 6 * j) & 63]);
  }
  return out;
}

std::optional<Bytes> Decode64(std::string_view text) {
  Bytes out;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<Byte>(group >> bits));
  }
  return out;
}

std::int64_t Microseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

std::chrono::system_clock::time_point FromMicroseconds(std::int64_t us) {
  return std::chrono::system_clock::time_point(std::chrono::microseconds(us));
}

std::int64_t NumberClaim(const Json& claims, const char* name) {
  const auto at = claims.find(name);
  return at != claims.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

std::string TextClaim(const Json& claims, const char* name) {
  const auto at = claims.find(name);
  return at != claims.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string_view WithoutScheme(std::string_view authorization) {
  static constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size()) return authorization;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != kScheme[i]) return authorization;
  }
  return authorization.substr(kScheme.size());
}

}  // namespace

std::string_view TextOf(TokenVerdict verdict) {
  static constexpr std::string_view kTexts[] = {
      "token is good",        "no access token",      "access token is not one of this IAM",
      "access token expired", "access token revoked", "identity of the access token is unknown"};
  return kTexts[static_cast<std::size_t>(verdict)];
}

Token Tokens::Mint(const Identity& identity) const {
  const auto now = clock_.WallNow();
  const std::chrono::seconds lifetime(lifetime_s_.load(std::memory_order_relaxed));
  const auto expires = now + lifetime;
  const Json header = {{"kid", "grep11-emulator"}, {"alg", "HS256"}, {"typ", "JWT"}};
  const Json claims = {
      {"iam_id", identity.iam_id},
      {"id", identity.iam_id},
      {"sub", identity.iam_id},
      {"name", identity.name},
      {"jti", HexOf(RandomBytes(16))},
      {"iat", Microseconds(now) / 1'000'000},
      {"exp", Microseconds(expires) / 1'000'000},
      // Whole seconds are too coarse for short-lived tokens and for revocation.
      {"iat_us", Microseconds(now)},
      {"exp_us", Microseconds(expires)},
      {"iss", "https://grep11-emulator.invalid/identity"},
      {"grant_type", "urn:ibm:params:oauth:grant-type:apikey"},
      {"scope", "ibm openid"},
  };
  const std::string signed_part =
      Encode64(ViewOf(header.dump())) + "." + Encode64(ViewOf(claims.dump()));
  const Bytes mac = HmacOnce(HashId::kSha256, key_, ViewOf(signed_part));
  return {signed_part + "." + Encode64(mac), lifetime, expires};
}

TokenVerdict Tokens::Decode(std::string_view text, Claims& claims) const {
  const std::size_t last = text.rfind('.');
  const std::size_t first = text.find('.');
  if (text.size() > kMaxTokenBytes || first == std::string_view::npos || first == last) {
    return TokenVerdict::kInvalid;
  }
  const auto mac = Decode64(text.substr(last + 1));
  const Bytes expected = HmacOnce(HashId::kSha256, key_, ViewOf(text.substr(0, last)));
  if (!mac || !EqualConstantTime(*mac, expected)) return TokenVerdict::kInvalid;
  const auto payload = Decode64(text.substr(first + 1, last - first - 1));
  const Json json = payload ? Json::parse(*payload, nullptr, false) : Json();
  if (!json.is_object()) return TokenVerdict::kInvalid;
  claims.issued = FromMicroseconds(NumberClaim(json, "iat_us"));
  claims.expires = FromMicroseconds(NumberClaim(json, "exp_us"));
  claims.identity = identities_.FindById(TextClaim(json, "iam_id"));
  return claims.identity == nullptr ? TokenVerdict::kUnknownIdentity : TokenVerdict::kGood;
}

TokenVerdict Tokens::Judge(const Claims& claims) const {
  if (Microseconds(claims.issued) <= revoked_until_us_.load(std::memory_order_relaxed)) {
    return TokenVerdict::kRevoked;
  }
  if (Microseconds(claims.issued) <= expired_until_us_.load(std::memory_order_relaxed)) {
    return TokenVerdict::kExpired;
  }
  return clock_.WallNow() >= claims.expires ? TokenVerdict::kExpired : TokenVerdict::kGood;
}

bool Tokens::Cached(std::string_view text, Claims& claims) const {
  const std::shared_lock lock(mutex_);
  const auto at = verified_.find(text);
  if (at == verified_.end()) return false;
  claims = at->second;
  return true;
}

void Tokens::Remember(std::string_view text, const Claims& claims) {
  const std::unique_lock lock(mutex_);
  if (verified_.size() >= kMaxCached) verified_.clear();
  verified_.emplace(text, claims);
}

std::uint64_t Tokens::NextNumber() {
  static std::atomic<std::uint64_t> numbers{0};
  return ++numbers;
}

TokenVerdict Tokens::Read(std::string_view text, Claims& claims) {
  if (Cached(text, claims)) return TokenVerdict::kGood;
  const TokenVerdict decoded = Decode(text, claims);
  if (decoded == TokenVerdict::kGood) Remember(text, claims);
  return decoded;
}

Tokens::Checked Tokens::Check(std::string_view authorization) {
  thread_local LastSeen last;
  const std::string_view text = WithoutScheme(authorization);
  if (text.empty()) return {TokenVerdict::kMissing, nullptr};
  if (last.owner != number_ || last.text != text) {
    Claims claims;
    const TokenVerdict read = Read(text, claims);
    if (read != TokenVerdict::kGood) return {read, nullptr};
    last = {number_, std::string(text), std::move(claims)};
  }
  const TokenVerdict verdict = Judge(last.claims);
  return {verdict, verdict == TokenVerdict::kGood ? last.claims.identity.get() : nullptr};
}

void Tokens::RevokeAll() {
  revoked_until_us_.store(Microseconds(clock_.WallNow()), std::memory_order_relaxed);
}

void Tokens::ExpireAll() {
  expired_until_us_.store(Microseconds(clock_.WallNow()), std::memory_order_relaxed);
}

void Tokens::SetLifetime(std::chrono::seconds lifetime) {
  lifetime_s_.store(lifetime.count(), std::memory_order_relaxed);
}

}  // namespace gw::emulator

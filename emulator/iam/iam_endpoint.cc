// Room: emulator/iam.
#include "emulator/iam/iam_endpoint.h"

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kGrantType = "urn:ibm:params:oauth:grant-type:apikey";
constexpr std::string_view kPath = "/identity/token";

// As IAM writes it: 31.12.2026 23:59:59:123 UTC.
std::string TimeText(std::chrono::system_clock::time_point time) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%d.%m.%Y %H:%M:%S:", &parts);
  const std::string fraction = std::to_string(ms % 1000);
  return std::string(text, size) + std::string(3 - fraction.size(), '0') + fraction + " UTC";
}

HttpReply Refusal(unsigned status, const char* code, const char* message) {
  const std::string now = TimeText(std::chrono::system_clock::now());
  const Json context = {{"requestId", HexOf(RandomBytes(16))},
                        {"requestType", "incoming.Identity_Token"},
                        {"url", "https://grep11-emulator.invalid/identity/token"},
                        {"instanceId", "grep11-emulator"},
                        {"startTime", now},
                        {"endTime", now},
                        {"elapsedTime", "0"},
                        {"locale", "en_US"}};
  HttpReply reply;
  reply.status = status;
  reply.body = Json{{"errorCode", code}, {"errorMessage", message}, {"context", context}}.dump();
  return reply;
}

HttpReply Grant(const Token& token) {
  const auto expiration =
      std::chrono::duration_cast<std::chrono::seconds>(token.expires.time_since_epoch());
  const Json body = {{"access_token", token.text},       {"refresh_token", "not_supported"},
                     {"token_type", "Bearer"},           {"expires_in", token.lifetime.count()},
                     {"expiration", expiration.count()}, {"scope", "ibm openid"}};
  HttpReply reply;
  reply.body = body.dump();
  return reply;
}

std::string Parameter(const HttpRequest& request, const char* name) {
  const auto at = request.parameters.find(name);
  return at == request.parameters.end() ? std::string() : at->second;
}

}  // namespace

HttpReply IamEndpoint::Handle(const HttpRequest& request) {
  const IamFault fault = trouble_.TakeIam();
  HttpReply reply;
  if (fault.mode == IamMode::kDown) {
    reply.drop = true;
    return reply;
  }
  if (fault.mode == IamMode::kFailing) {
    return Refusal(fault.status, "BXNIM0001E", "Try again later.");
  }
  if (request.path != kPath) return Refusal(404, "BXNIM0112E", "There is nothing at this path.");
  if (request.method != "POST") return Refusal(405, "BXNIM0113E", "Only POST is understood.");
  reply = Exchange(request, fault.mode);
  counters_.CountTokenRequest(reply.status == 200);
  if (fault.mode == IamMode::kGarbage) reply.body = "<html>this is no token</html>";
  if (fault.mode == IamMode::kSlow) reply.delay = fault.delay;
  return reply;
}

HttpReply IamEndpoint::Exchange(const HttpRequest& request, IamMode mode) {
  const std::string grant_type = Parameter(request, "grant_type");
  const std::string api_key = Parameter(request, "apikey");
  if (grant_type.empty())
    return Refusal(400, "BXNIM0109E", "Property missing or empty: grant_type");
  if (grant_type != kGrantType) return Refusal(400, "BXNIM0110E", "Grant type is not supported.");
  if (api_key.empty()) return Refusal(400, "BXNIM0109E", "Property missing or empty: apikey");
  const bool refuse = mode == IamMode::kRefusing;
  const IdentityPtr identity = refuse ? nullptr : identities_.FindByApiKey(api_key);
  if (identity == nullptr) {
    return Refusal(400, "BXNIM0415E", "Provided API key could not be found.");
  }
  return Grant(tokens_.Mint(*identity));
}

}  // namespace gw::emulator

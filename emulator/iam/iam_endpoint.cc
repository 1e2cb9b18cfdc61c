// Room: emulator/iam.
#include "emulator/iam/iam_endpoint.h"

#include <nlohmann/json.hpp>

#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kGrantType = "urn:ibm:params:oauth:grant-type:apikey";
constexpr std::string_view kPath = "/identity/token";

HttpReply Refusal(unsigned status, const char* code, const char* message) {
  const Json body = {{"errorCode", code},
                     {"errorMessage", message},
                     {"context",
                      {{"requestId", HexOf(RandomBytes(16))},
                       {"requestType", "incoming.Identity_Token"},
                       {"url", "https://grep11-emulator.invalid/identity/token"},
                       {"locale", "en_US"}}}};
  HttpReply reply;
  reply.status = status;
  reply.body = body.dump();
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
  HttpReply reply;
  if (trouble_.iam() == IamMode::kDown) {
    reply.drop = true;
    return reply;
  }
  if (trouble_.iam() == IamMode::kFailing) {
    return Refusal(503, "BXNIM0001E", "Try again later.");
  }
  if (request.path != kPath) return Refusal(404, "BXNIM0112E", "There is nothing at this path.");
  if (request.method != "POST") return Refusal(405, "BXNIM0113E", "Only POST is understood.");
  reply = Exchange(request);
  counters_.CountTokenRequest(reply.status == 200);
  if (trouble_.iam() == IamMode::kSlow) reply.delay = trouble_.iam_delay();
  return reply;
}

HttpReply IamEndpoint::Exchange(const HttpRequest& request) {
  const std::string grant_type = Parameter(request, "grant_type");
  const std::string api_key = Parameter(request, "apikey");
  if (grant_type.empty())
    return Refusal(400, "BXNIM0109E", "Property missing or empty: grant_type");
  if (grant_type != kGrantType) return Refusal(400, "BXNIM0110E", "Grant type is not supported.");
  if (api_key.empty()) return Refusal(400, "BXNIM0109E", "Property missing or empty: apikey");
  const bool refuse = trouble_.iam() == IamMode::kRefusing;
  const IdentityPtr identity = refuse ? nullptr : identities_.FindByApiKey(api_key);
  if (identity == nullptr) {
    return Refusal(400, "BXNIM0415E", "Provided API key could not be found.");
  }
  return Grant(tokens_.Mint(*identity));
}

}  // namespace gw::emulator

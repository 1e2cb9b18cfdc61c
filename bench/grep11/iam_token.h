// Room: bench/grep11. A bearer token from IAM, the way a library that knows no daemon gets it:
// alone, each for itself. Touches the network.
#pragma once

#include <string>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw::bench {

// Exchanges an API key for an access token with one HTTPS request. Blocks for at most 10 s.
//   url      https://HOST[:PORT][/PATH]; the path defaults to /identity/token
//   ca_file  PEM certificates to trust; the name in the URL must match the server's certificate
//   returns  the token, without "Bearer"
//   errors   CKR_ARGUMENTS_BAD     the URL is no such URL, or the file holds no certificates
//            CKR_PIN_INCORRECT     IAM answered 400, 401 or 403
//            CKR_DEVICE_ERROR      IAM cannot be reached or answers otherwise
Result<std::string> FetchIamToken(const std::string& url, const std::string& ca_file,
                                  const SecretBytes& api_key);

// "a b+c" -> "a%20b%2Bc": all but letters, digits and -._~ become %XX. RFC 3986, section 2.1.
std::string PercentEncode(std::string_view text);

struct HttpsUrl {
  std::string host;
  std::string port;
  std::string path;
};
// errors  CKR_ARGUMENTS_BAD
Result<HttpsUrl> ParseHttpsUrl(const std::string& url);

}  // namespace gw::bench

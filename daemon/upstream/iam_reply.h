// Room: upstream. May include: core. What IAM's answers mean. Pure; the input is hostile.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw {

struct IamToken {
  SecretBytes access_token;
  std::chrono::seconds lifetime{0};
  std::string iam_id;  // from the token, not verified: for logs and display; may be empty
};

// `status` and `body` of the reply to a token request that came at `now`; `host` is for the texts.
//   errors  CKR_PIN_INCORRECT  400, 401, 403: IAM refuses the key
//           CKR_PIN_LOCKED     the same, and IAM says that the key is locked or disabled
//           CKR_DEVICE_ERROR   any other status, or a body that is no token (retryable: 429, 5xx)
//   source  wire sheet 8.3; behaviour R76
Result<IamToken> ParseIamReply(unsigned status, std::string_view body, std::string_view host,
                               std::chrono::system_clock::time_point now);

}  // namespace gw

// Room: upstream. May include: core, config. May touch: HTTPS to the configured IAM endpoint, the
// CA file. Exchanges API keys for bearer tokens.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "daemon/config/config.h"
#include "daemon/core/async.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/upstream/iam_reply.h"

namespace gw {

// Loop only. One connection per exchange: they are an hour apart. The name is looked up each time,
// and a CA file that has changed is read again. Exchanges under way may outlive it.
class IamClient {
 public:
  //   errors  CKR_ARGUMENTS_BAD  the endpoint is no https URL, or the CA file cannot be used
  static Result<std::unique_ptr<IamClient>> Make(boost::asio::any_io_executor executor,
                                                 const Clock& clock, const IamConfig& config);
  ~IamClient();

  // One POST. `api_key` is never logged and lives in wiped memory only. Every failure but a refused
  // key is logged here with host and reason.
  //   errors  as ParseIamReply(); CKR_DEVICE_ERROR also for name, network and TLS trouble and when
  //           `deadline` passes
  //   source  wire sheet 8.3; behaviour R76, R310, R313
  Awaitable<Result<IamToken>> Fetch(SecretBytes api_key, Deadline deadline);

 private:
  struct State;
  explicit IamClient(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

struct IamUrl {
  std::string host;    // without brackets
  std::string port;    // "443" unless given
  std::string target;  // path of the token request
};
// "https://host[:port][/path]" -> where to POST.
//   errors  CKR_ARGUMENTS_BAD
Result<IamUrl> ParseIamUrl(const std::string& endpoint);

}  // namespace gw

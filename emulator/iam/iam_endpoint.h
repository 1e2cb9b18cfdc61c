// Room: emulator/iam. POST /identity/token: an API key in, an access token out.
#pragma once

#include "emulator/control/counters.h"
#include "emulator/http/http_server.h"
#include "emulator/iam/tokens.h"
#include "emulator/trouble/trouble.h"

namespace gw::emulator {

// Answers as IAM does: 200 with the token; 400 BXNIM0415E for an API key it does not know, other
// 400s for bad requests; each refusal with errorCode, errorMessage and a context. Thread: the loop
// of the server it is given to.
class IamEndpoint {
 public:
  IamEndpoint(const Identities& identities, const Tokens& tokens, Trouble& trouble,
              Counters& counters)
      : identities_(identities), tokens_(tokens), trouble_(trouble), counters_(counters) {}

  HttpReply Handle(const HttpRequest& request);

 private:
  HttpReply Exchange(const HttpRequest& request, IamMode mode);

  const Identities& identities_;
  const Tokens& tokens_;
  Trouble& trouble_;
  Counters& counters_;
};

}  // namespace gw::emulator

// Room: emulator/service. What stands before the card: injected faults, the access token, the rate
// of the crypto unit.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <string_view>

#include "emulator/iam/tokens.h"
#include "emulator/service/rpc_table.h"
#include "emulator/trouble/trouble.h"

namespace gw::emulator {

// A request that goes no further, and the name its result is counted under.
struct Refusal {
  grpc::Status status;
  std::string counted_as;
};

// Threads: any.
class Admission {
 public:
  // `tokens` null: no authentication.
  Admission(Trouble& trouble, Tokens* tokens) : trouble_(trouble), tokens_(tokens) {}

  // Nothing: go on. `authorization` as the metadata had it, empty if there was none; `fault`: what
  // trouble has in mind for this request. `identity` becomes the number of the caller, if it is
  // known.
  std::optional<Refusal> Refuse(const RpcRow& rpc, std::string_view authorization,
                                const std::optional<RpcFault>& fault,
                                std::optional<std::size_t>& identity);

 private:
  std::optional<Refusal> RefuseCaller(const RpcRow& rpc, std::string_view authorization,
                                      std::optional<std::size_t>& identity);

  Trouble& trouble_;
  Tokens* const tokens_;
};

}  // namespace gw::emulator

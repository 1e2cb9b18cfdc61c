// Room: tests. A table with a valid request for every RPC of the service, and what its keys must
// be.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/emulator/support/calls.h"

namespace gw::emulator {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

// What requests are made with: one emulator and what an operator can do to it.
struct Bench {
  Client& client;
  std::string control;
};

// A blob that a key field must refuse, and how.
struct WrongKey {
  std::string field;
  std::function<std::string(Bench&)> make;
  CK_RV rv;
};

// One RPC with one kind of key. An RPC may have several.
struct ConformanceCase {
  std::string rpc;
  // A fresh request that the card answers with CKR_OK.
  std::function<MessagePtr(Bench&)> valid;
  // By the generated stub.
  std::function<CK_RV(Client&, const google::protobuf::Message&, MessagePtr* response)> call;
  std::vector<WrongKey> wrong_keys;
};

std::vector<ConformanceCase> ConformanceCasesOf(const std::string& rpc);
// The names of the RPCs that have a case.
std::vector<std::string> RpcsWithCases();

}  // namespace gw::emulator

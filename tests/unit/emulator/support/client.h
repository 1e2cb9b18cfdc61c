// Room: tests. A started emulator and a plain generated client for it.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"
#include "emulator/emulator.h"
#include "grep11.grpc.pb.h"
#include "grep11_errors.pb.h"

namespace gw::emulator {

// The Grep11Error of a status; Code 0 if it carries none.
grep11::Grep11Error DetailOf(const grpc::Status& status);
// OK: CKR_OK; with a detail: its code; without: CKR_GENERAL_ERROR, as the vendor's clients have it.
CK_RV RvOf(const grpc::Status& status);

inline std::string Str(ByteView bytes) { return std::string(TextOf(bytes)); }

// Calls RPCs with an access token. One channel; `Rv()` is the code of the last call.
class Client {
 public:
  Client(std::shared_ptr<grpc::Channel> channel, std::string token)
      : stub_(grep11::Crypto::NewStub(channel)), token_(std::move(token)) {}

  // The response; look at status() or Rv() for how it went.
  template <typename Request, typename Response>
  Response Call(grpc::Status (grep11::Crypto::Stub::*rpc)(grpc::ClientContext*, const Request&,
                                                          Response*),
                const Request& request) {
    grpc::ClientContext context;
    if (!token_.empty()) context.AddMetadata("authorization", token_);
    Response response;
    status_ = ((*stub_).*rpc)(&context, request, &response);
    return response;
  }

  const grpc::Status& status() const { return status_; }
  CK_RV Rv() const { return RvOf(status_); }
  void set_authorization(std::string value) { token_ = std::move(value); }

 private:
  std::unique_ptr<grep11::Crypto::Stub> stub_;
  std::string token_;
  grpc::Status status_;
};

// One emulator per test, on ports of its own, with TLS and IAM. Tests change options() before
// Start().
class EmulatorTest : public testing::Test {
 protected:
  Options& options() { return options_; }
  void Start();
  // A client that holds a token for the API key of this name in the ready file.
  Client ClientAs(const std::string& name);
  Client ClientWith(const std::string& authorization);
  std::shared_ptr<grpc::Channel> NewChannel();
  std::string TokenFor(const std::string& api_key);
  const ReadyInfo& ready() { return emulator_.ready(); }
  Emulator& emulator() { return emulator_; }

 private:
  Options options_;
  Emulator emulator_;
};

// Mechanisms as messages.
grep11::Mechanism Mech(CK_MECHANISM_TYPE type);
grep11::Mechanism MechIv(CK_MECHANISM_TYPE type, ByteView iv);
grep11::Mechanism MechPss(CK_MECHANISM_TYPE type, CK_MECHANISM_TYPE hash,
                          grep11::RSAPSSParm::Mask mgf, std::uint64_t salt_bytes);
grep11::Mechanism MechOaep(CK_MECHANISM_TYPE hash, grep11::RSAOAEPParm::Mask mgf);
grep11::KeyBlob BlobMessage(const std::string& octets);

// Templates.
using WireMap = google::protobuf::Map<google::protobuf::uint64, grep11::AttributeValue>;
void Put(WireMap* map, CK_ATTRIBUTE_TYPE type, bool value);
void Put(WireMap* map, CK_ATTRIBUTE_TYPE type, std::uint64_t value);
void Put(WireMap* map, CK_ATTRIBUTE_TYPE type, ByteView value);

// Key makers; a failure fails the test.
struct PairBlobs {
  std::string private_blob;
  std::string public_blob;
};
PairBlobs MakeEcPair(Client& client, std::string_view curve);
PairBlobs MakeRsaPair(Client& client, std::uint64_t bits);
std::string MakeAes(Client& client, std::uint64_t octets, bool extractable = true);
std::string MakeGeneric(Client& client, std::uint64_t octets);

}  // namespace gw::emulator

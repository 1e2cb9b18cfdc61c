// Room: bench/grep11. A GREP11 service as a library in each process would use it: one channel, one
// token, one key. Touches the network and credential files. The floors and grep11-load --direct
// share this, so that they are alike.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "bench/load/direct_options.h"
#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "grep11.grpc.pb.h"

namespace gw::bench {

// A key pair that the service has made.
struct Grep11KeyPair {
  grep11::KeyBlob private_key;
  Bytes spki;  // DER SubjectPublicKeyInfo of the public key, perhaps with octets behind it
};

// Connected means that GenerateKeyPair, the first call, succeeded: gRPC itself connects lazily.
// Thread: any, once made.
class Grep11Link {
 public:
  // Fetches a token if an IAM url is given, then prepares the channel.
  //   errors  CKR_ARGUMENTS_BAD  a file cannot be read; those of FetchIamToken()
  static Result<Grep11Link> Open(const DirectOptions& options);

  // A P-256 pair, in one request.
  //   errors  what the service answers
  Result<Grep11KeyPair> MakeEcKey() const;

  grep11::Crypto::Stub& stub() const { return *stub_; }
  // Puts the token and a deadline 10 s from now into a fresh context.
  void Prepare(grpc::ClientContext& context) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grep11::Crypto::Stub> stub_;
  std::string authorization_;  // "Bearer ..."; empty without IAM. The lifetime of the token bounds
                               // that of a run
};

// SignSingle of CKM_ECDSA over `digest`.
grep11::SignSingleRequest EcdsaRequest(const Grep11KeyPair& key, ByteView digest);

// The CK_RV in the error details, or CKR_DEVICE_ERROR for a failure that carries none (network,
// deadline, refusal).
CK_RV RvOf(const grpc::Status& status);

}  // namespace gw::bench

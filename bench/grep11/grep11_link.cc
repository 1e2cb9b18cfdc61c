// Room: bench/grep11. Channel, token and key.
#include "bench/grep11/grep11_link.h"

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>

#include "bench/grep11/iam_token.h"
#include "grep11_errors.pb.h"
#include "rpc_status.pb.h"

namespace gw::bench {
namespace {

constexpr auto kCallTimeout = std::chrono::seconds(10);
constexpr Byte kP256Oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

Result<std::string> TextOfFile(const std::string& path) {
  if (path.empty()) return std::string{};
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) return CallerError(CKR_ARGUMENTS_BAD, "cannot read " + path);
  return text;
}

Result<std::string> Authorization(const DirectOptions& options) {
  if (options.iam_url.empty()) return std::string{};
  GW_TRY(text, TextOfFile(options.api_key_file));
  const SecretBytes api_key(ViewOf(std::string_view(text).substr(0, text.find_first_of("\r\n"))));
  Wipe({reinterpret_cast<Byte*>(text.data()), text.size()});
  GW_TRY(token, FetchIamToken(options.iam_url, options.ca_file, api_key));
  return "Bearer " + token;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const DirectOptions& options) {
  GW_TRY(ca, TextOfFile(options.ca_file));
  GW_TRY(cert, TextOfFile(options.cert_file));
  GW_TRY(key, TextOfFile(options.key_file));
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca;
  tls.pem_cert_chain = cert;
  tls.pem_private_key = key;
  return grpc::SslCredentials(tls);
}

template <typename Map>
void SetFlag(Map& attributes, CK_ATTRIBUTE_TYPE type, bool value) {
  attributes[type].set_attributetf(value);
}

grep11::GenerateKeyPairRequest EcKeyRequest() {
  grep11::GenerateKeyPairRequest request;
  request.mutable_mech()->set_mechanism(CKM_EC_KEY_PAIR_GEN);
  auto& open = *request.mutable_pubkeytemplate();
  open[CKA_EC_PARAMS].set_attributeb(kP256Oid, sizeof kP256Oid);
  SetFlag(open, CKA_VERIFY, true);
  auto& secret = *request.mutable_privkeytemplate();
  SetFlag(secret, CKA_SIGN, true);
  SetFlag(secret, CKA_PRIVATE, true);
  SetFlag(secret, CKA_SENSITIVE, true);
  SetFlag(secret, CKA_EXTRACTABLE, false);
  return request;
}

}  // namespace

Result<Grep11Link> Grep11Link::Open(const DirectOptions& options) {
  GW_TRY(credentials, TlsCredentials(options));
  GW_TRY(authorization, Authorization(options));
  Grep11Link link;
  link.authorization_ = std::move(authorization);
  grpc::ChannelArguments arguments;
  // A connection of its own for each link, also where one process makes several.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  link.channel_ = grpc::CreateCustomChannel(options.address, credentials, arguments);
  link.stub_ = grep11::Crypto::NewStub(link.channel_);
  return link;
}

void Grep11Link::Prepare(grpc::ClientContext& context) const {
  if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
}

Result<Grep11KeyPair> Grep11Link::MakeEcKey() const {
  grpc::ClientContext context;
  Prepare(context);
  context.set_wait_for_ready(
      true);  // the first call waits for the connection; the deadline bounds that
  grep11::GenerateKeyPairResponse reply;
  const grpc::Status status = stub_->GenerateKeyPair(&context, EcKeyRequest(), &reply);
  if (!status.ok())
    return UpstreamError(RvOf(status), "GenerateKeyPair: " + status.error_message());
  Grep11KeyPair pair;
  pair.private_key = std::move(*reply.mutable_privkey());
  pair.spki = CopyOf(reply.pubkeybytes());
  return pair;
}

grep11::SignSingleRequest EcdsaRequest(const Grep11KeyPair& key, ByteView digest) {
  grep11::SignSingleRequest request;
  request.mutable_mech()->set_mechanism(CKM_ECDSA);
  request.set_data(digest.data(), digest.size());
  *request.mutable_privkey() = key.private_key;
  return request;
}

CK_RV RvOf(const grpc::Status& status) {
  if (status.ok()) return CKR_OK;
  rpc::Status detailed;
  grep11::Grep11Error error;
  if (!detailed.ParseFromString(status.error_details())) return CKR_DEVICE_ERROR;
  for (const auto& detail : detailed.details()) {
    if (detail.UnpackTo(&error) && error.code() != CKR_OK) return static_cast<CK_RV>(error.code());
  }
  return CKR_DEVICE_ERROR;
}

}  // namespace gw::bench

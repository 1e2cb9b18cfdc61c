// Room: tests/fuzz. Requests to the emulator as messages, through the decoders of mechanisms,
// templates and key fields to the card. The first octet chooses the RPC. A key blob or a state of
// one octet stands for a real one of that number, so that requests get past it.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <grpc/grpc.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <memory>

#include "emulator/engine/crypt.h"
#include "emulator/engine/digest.h"
#include "emulator/engine/sign.h"
#include "emulator/service/rpc_table.h"
#include "grep11.pb.h"
#include "tests/fuzz/emulator_keys.h"

namespace gw::emulator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Prime generation takes longer than an input may.
constexpr CK_MECHANISM_TYPE kSlow[] = {CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_X9_31_KEY_PAIR_GEN,
                                       CKM_DSA_PARAMETER_GEN, CKM_DH_PKCS_PARAMETER_GEN};

std::vector<Bytes> MakeStates() {
  Card card(FuzzUnit(), FuzzConnection);
  const Mechanism cbc{CKM_AES_CBC_PAD, Bytes(16)};
  const Mechanism hmac{CKM_SHA256_HMAC, {}};
  return {*DigestInit(card, {CKM_SHA256, {}}),
          *CryptInit(card, Operation::kEncrypt, cbc, FuzzBlobs()[0]),
          *CryptInit(card, Operation::kDecrypt, cbc, FuzzBlobs()[0]),
          *SignatureInit(card, Operation::kSign, hmac, FuzzBlobs()[1]),
          *SignatureInit(card, Operation::kVerify, hmac, FuzzBlobs()[1])};
}

std::string Real(const std::string& octets, const std::vector<Bytes>& reals) {
  if (octets.size() != 1) return octets;
  return std::string(TextOf(reals[static_cast<Byte>(octets[0]) % reals.size()]));
}

void PutRealOnes(Message& request) {
  static const std::vector<Bytes> states = MakeStates();
  const auto* reflection = request.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(request, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool octets = field->type() == FieldDescriptor::TYPE_BYTES && !field->is_repeated();
    if (octets && field->name() == "State") {
      reflection->SetString(&request, field, Real(reflection->GetString(request, field), states));
    } else if (octets && field->name() == "Object") {
      reflection->SetString(&request, field,
                            Real(reflection->GetString(request, field), FuzzBlobs()));
    } else if (field->message_type() == grep11::KeyBlob::descriptor() && !field->is_repeated()) {
      auto& key = static_cast<grep11::KeyBlob&>(*reflection->MutableMessage(&request, field));
      if (!key.keyblobs().empty()) key.set_keyblobs(0, Real(key.keyblobs(0), FuzzBlobs()));
    }
  }
}

bool TakesLong(const Message& request) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("Mech");
  if (field == nullptr || field->message_type() != grep11::Mechanism::descriptor()) return false;
  const auto& mechanism =
      static_cast<const grep11::Mechanism&>(request.GetReflection()->GetMessage(request, field));
  return std::ranges::find(kSlow, mechanism.mechanism()) != std::end(kSlow);
}

grpc::ByteBuffer BufferOf(const std::string& octets) {
  const grpc::Slice slice(octets.data(), octets.size());
  return {&slice, 1};
}

void Run(ByteView input) {
  if (input.empty()) return;
  const RpcRow& row = RpcTable()[input[0] % RpcTable().size()];
  Card card(FuzzUnit(), FuzzConnection);
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      "grep11." + std::string(row.name) + "Request");
  GW_CHECK(type != nullptr);
  const std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  const bool parses = request->ParseFromArray(input.data() + 1, static_cast<int>(input.size()) - 1);
  if (parses) PutRealOnes(*request);
  if (parses && TakesLong(*request)) return;
  grpc::ByteBuffer octets =
      BufferOf(parses ? request->SerializeAsString() : std::string(TextOf(input.subspan(1))));
  grpc::ByteBuffer response;
  RequestFacts facts;
  const Status done = row.handler(card, octets, response, facts);
  GW_CHECK(done.ok() || done.error().rv != CKR_OK);
  static_cast<void>(card.Logout());
}

}  // namespace
}  // namespace gw::emulator

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  grpc_init();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gw::emulator::Run({data, size});
  return 0;
}

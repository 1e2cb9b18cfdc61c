// Room: tests. Every RPC of the service definition, driven by a plain generated client: a valid
// request, states and keys that are missing, changed, cut off, foreign or of another kind, keys
// that must not be used so, both generations of the interface, and octets that are no request.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/impl/client_unary_call.h>

#include <map>

#include "tests/unit/emulator/service/conformance.h"

namespace gw::emulator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using grep11::Crypto;

std::vector<std::string> RpcsOfTheService() {
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("grep11.Crypto");
  std::vector<std::string> names;
  for (int i = 0; i < service->method_count(); ++i) names.push_back(service->method(i)->name());
  return names;
}

// The fields that carry a key, as octets or as a message.
std::vector<const FieldDescriptor*> KeyFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    const bool is_key =
        field->name() == "Object" || field->message_type() == grep11::KeyBlob::descriptor();
    if (is_key) fields.push_back(field);
  }
  return fields;
}

std::string KeyIn(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  if (field->type() == FieldDescriptor::TYPE_BYTES) return reflection->GetString(message, field);
  const auto& key = dynamic_cast<const grep11::KeyBlob&>(reflection->GetMessage(message, field));
  return key.keyblobs().empty() ? std::string() : key.keyblobs(0);
}

void SetKey(Message& message, const FieldDescriptor* field, const std::string& blob) {
  const auto* reflection = message.GetReflection();
  if (field->type() == FieldDescriptor::TYPE_BYTES) {
    reflection->SetString(&message, field, blob);
  } else {
    reflection->MutableMessage(&message, field)->CopyFrom(BlobMessage(blob));
  }
}

const FieldDescriptor* StateField(const Message& message) {
  return message.GetDescriptor()->FindFieldByName("State");
}

class ConformanceTest : public EmulatorTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    options().no_tls = options().no_auth = true;
    Start();
    client_ = std::make_unique<Client>(NewChannel(), "");
    bench_ = std::make_unique<Bench>(Bench{*client_, ready().control});
    cases_ = ConformanceCasesOf(GetParam());
    ASSERT_FALSE(cases_.empty()) << "write a conformance case for " << GetParam();
  }

  Client& client() { return *client_; }
  Bench& bench() { return *bench_; }
  const std::vector<ConformanceCase>& cases() { return cases_; }

  CK_RV Call(const ConformanceCase& row, const Message& request) {
    MessagePtr response;
    return row.call(client(), request, &response);
  }

  // Somebody else's: an emulator with another master key.
  MessagePtr ForeignRequest(const ConformanceCase& row) {
    if (!foreign_) {
      foreign_ = std::make_unique<Emulator>();
      EXPECT_EQ(foreign_->Start(options()), std::vector<std::string>());
    }
    Client there(grpc::CreateChannel(foreign_->ready().grep11, grpc::InsecureChannelCredentials()),
                 "");
    Bench bench{there, foreign_->ready().control};
    return row.valid(bench);
  }

 private:
  std::unique_ptr<Client> client_;
  std::unique_ptr<Bench> bench_;
  std::unique_ptr<Emulator> foreign_;
  std::vector<ConformanceCase> cases_;
};

// Both carriers of a key in a response: octets, and a KeyBlob with the attributes.
void ExpectBothCarriers(const Message& response) {
  for (const FieldDescriptor* field : KeyFields(response)) {
    if (field->type() == FieldDescriptor::TYPE_BYTES) continue;
    const auto* octets = response.GetDescriptor()->FindFieldByName(field->name() + "Bytes");
    ASSERT_NE(octets, nullptr) << field->name();
    const auto& key =
        dynamic_cast<const grep11::KeyBlob&>(response.GetReflection()->GetMessage(response, field));
    ASSERT_EQ(key.keyblobs_size(), 1) << field->name();
    EXPECT_FALSE(key.keyblobs(0).empty());
    EXPECT_EQ(response.GetReflection()->GetString(response, octets), key.keyblobs(0));
    EXPECT_EQ(key.keyblobid().size(), 16U);
    EXPECT_EQ(key.txid().size(), 16U);
    EXPECT_EQ(key.version(), 1);
    EXPECT_TRUE(key.attributes().contains(CKA_CLASS));
    EXPECT_TRUE(key.attributes().contains(CKA_GREP11_WKID));
  }
}

TEST_P(ConformanceTest, AValidRequestIsAnsweredAndMayBeRepeated) {
  for (const ConformanceCase& row : cases()) {
    const MessagePtr request = row.valid(bench());
    MessagePtr response;
    EXPECT_EQ(row.call(client(), *request, &response), CKR_OK) << client().status().error_message();
    ExpectBothCarriers(*response);
    if (GetParam() == "Logout") continue;  // it has ended what it needs
    EXPECT_EQ(Call(row, *request), CKR_OK);
  }
}

TEST_P(ConformanceTest, ItsStateIsChecked) {
  for (const ConformanceCase& row : cases()) {
    const MessagePtr request = row.valid(bench());
    const FieldDescriptor* field = StateField(*request);
    if (field == nullptr) continue;
    const auto* reflection = request->GetReflection();
    const std::string good = reflection->GetString(*request, field);
    const auto call_with = [&](const std::string& state) {
      reflection->SetString(request.get(), field, state);
      return Call(row, *request);
    };
    EXPECT_EQ(call_with(""), CKR_OPERATION_NOT_INITIALIZED);
    for (std::size_t at : {std::size_t{5}, std::size_t{50}, std::size_t{64}, std::size_t{70},
                           std::size_t{100}, good.size() - 1}) {
      std::string changed = good;
      changed[at] ^= 1;
      EXPECT_EQ(call_with(changed), CKR_ENCRYPTED_DATA_INVALID) << "octet " << at;
    }
    for (std::size_t size : {std::size_t{1}, std::size_t{66}, std::size_t{95}, good.size() - 1}) {
      EXPECT_EQ(call_with(good.substr(0, size)), CKR_ENCRYPTED_DATA_INVALID) << size;
    }
    std::string other_wkid = good;
    other_wkid[33] ^= 1;
    EXPECT_EQ(call_with(other_wkid), CKR_IBM_WKID_MISMATCH);
    const MessagePtr foreign = ForeignRequest(row);
    EXPECT_EQ(call_with(reflection->GetString(*foreign, field)), CKR_IBM_WKID_MISMATCH);
    EXPECT_EQ(call_with(MakeAes(client(), 16)), CKR_ENCRYPTED_DATA_INVALID);  // no state at all
    EXPECT_EQ(call_with(good), CKR_OK);
  }
}

// A fresh state of every operation; those of signing and verifying by a public key.
TEST_P(ConformanceTest, StatesOfOtherOperationsAreRefused) {
  for (const ConformanceCase& row : cases()) {
    const MessagePtr request = row.valid(bench());
    const FieldDescriptor* field = StateField(*request);
    if (field == nullptr) continue;
    for (const char* word : {"Digest", "Encrypt", "Decrypt", "Sign", "Verify"}) {
      if (GetParam().starts_with(word)) continue;
      const ConformanceCase other = ConformanceCasesOf(word).front();
      const MessagePtr donor = other.valid(bench());
      const auto* reflection = request->GetReflection();
      reflection->SetString(request.get(), field,
                            donor->GetReflection()->GetString(*donor, StateField(*donor)));
      EXPECT_EQ(Call(row, *request), CKR_OPERATION_NOT_INITIALIZED) << word;
    }
  }
}

CK_RV MissingCode(const std::string& rpc, const std::string& field) {
  if (field == "Object") return CKR_OBJECT_HANDLE_INVALID;
  if (field != "KeK") return CKR_KEY_HANDLE_INVALID;
  return rpc == "WrapKey" ? CKR_WRAPPING_KEY_HANDLE_INVALID : CKR_UNWRAPPING_KEY_HANDLE_INVALID;
}

// Offsets in an encrypted blob, or in the MAC trailer of a public key, counted from its end.
std::size_t PlaceOf(const std::string& blob, std::size_t in_header, std::size_t from_end) {
  return blob[0] == '\x30' ? blob.size() - from_end : in_header;
}

TEST_P(ConformanceTest, ItsKeysAreChecked) {
  for (const ConformanceCase& row : cases()) {
    const MessagePtr request = row.valid(bench());
    for (const FieldDescriptor* field : KeyFields(*request)) {
      const std::string good = KeyIn(*request, field);
      if (good.empty()) continue;  // a MacKey where none belongs
      const auto call_with = [&](const std::string& blob) {
        SetKey(*request, field, blob);
        return Call(row, *request);
      };
      EXPECT_EQ(call_with(""), MissingCode(GetParam(), field->name())) << field->name();
      for (std::size_t at : {PlaceOf(good, 5, 100), PlaceOf(good, 52, 40), PlaceOf(good, 90, 10)}) {
        std::string changed = good;
        changed[at] ^= 1;
        EXPECT_EQ(call_with(changed), CKR_ENCRYPTED_DATA_INVALID) << field->name() << " " << at;
      }
      EXPECT_EQ(call_with(good.substr(0, good.size() - 1)), CKR_ENCRYPTED_DATA_INVALID);
      EXPECT_EQ(call_with(KeyIn(*ForeignRequest(row), field)), CKR_IBM_WKID_MISMATCH)
          << field->name();
      const MessagePtr donor = ConformanceCasesOf("Digest").front().valid(bench());
      EXPECT_EQ(call_with(donor->GetReflection()->GetString(*donor, StateField(*donor))),
                CKR_ENCRYPTED_DATA_INVALID);
      EXPECT_EQ(call_with(good), CKR_OK) << field->name();
    }
  }
}

TEST_P(ConformanceTest, KeysThatMustNotBeUsedSoAreRefused) {
  for (const ConformanceCase& row : cases()) {
    for (const WrongKey& wrong : row.wrong_keys) {
      const MessagePtr request = row.valid(bench());
      const std::string blob = wrong.make(bench());
      ASSERT_FALSE(blob.empty());
      SetKey(*request, request->GetDescriptor()->FindFieldByName(wrong.field), blob);
      EXPECT_EQ(Call(row, *request), wrong.rv)
          << wrong.field << ": " << client().status().error_message();
    }
  }
}

// Key fields of the first generation, by message and today's name.
const std::map<std::string, int> kOlderNumbers = {{"DigestKeyRequest.Key", 2},
                                                  {"EncryptInitRequest.Key", 3},
                                                  {"DecryptInitRequest.Key", 3},
                                                  {"EncryptSingleRequest.Key", 1},
                                                  {"DecryptSingleRequest.Key", 1},
                                                  {"SignInitRequest.PrivKey", 3},
                                                  {"VerifyInitRequest.PubKey", 3},
                                                  {"SignSingleRequest.PrivKey", 1},
                                                  {"VerifySingleRequest.PubKey", 1},
                                                  {"ReencryptSingleRequest.DecKey", 1},
                                                  {"ReencryptSingleRequest.EncKey", 2},
                                                  {"WrapKeyRequest.Key", 1},
                                                  {"WrapKeyRequest.KeK", 2},
                                                  {"WrapKeyRequest.MacKey", 3},
                                                  {"UnwrapKeyRequest.KeK", 2},
                                                  {"UnwrapKeyRequest.MacKey", 3},
                                                  {"DeriveKeyRequest.BaseKey", 3},
                                                  {"RewrapKeyBlobRequest.WrappedKey", 1}};

TEST_P(ConformanceTest, KeyFieldsOfTheFirstGenerationMeanTheSame) {
  for (const ConformanceCase& row : cases()) {
    const MessagePtr request = row.valid(bench());
    const auto* reflection = request->GetReflection();
    for (const FieldDescriptor* field : KeyFields(*request)) {
      const std::string blob = KeyIn(*request, field);
      if (field->type() == FieldDescriptor::TYPE_BYTES || blob.empty()) continue;
      const std::string name = request->GetDescriptor()->name() + "." + field->name();
      ASSERT_TRUE(kOlderNumbers.contains(name)) << name;
      // What today's field has counts; the older one beside it is not looked at.
      auto* unknown = reflection->MutableUnknownFields(request.get());
      unknown->AddLengthDelimited(kOlderNumbers.at(name), "not this one");
      EXPECT_EQ(Call(row, *request), CKR_OK) << name;
      unknown->Clear();
      unknown->AddLengthDelimited(kOlderNumbers.at(name), blob);
      reflection->ClearField(request.get(), field);
      EXPECT_EQ(Call(row, *request), CKR_OK) << name;
      unknown->Clear();
      SetKey(*request, field, blob);
    }
  }
}

TEST_P(ConformanceTest, OctetsThatAreNoRequestAreNamed) {
  const grpc::Slice slice(std::string("\x0f\xff\xff\xff"));  // no field number, no wire type
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      NewChannel().get(),
      grpc::internal::RpcMethod(("/grep11.Crypto/" + GetParam()).c_str(),
                                grpc::internal::RpcMethod::NORMAL_RPC),
      &context, request, &response);
  EXPECT_EQ(RvOf(status), CKR_IBM_GREP11_CANNOT_UNMARSHAL);
}

INSTANTIATE_TEST_SUITE_P(EveryRpc, ConformanceTest, testing::ValuesIn(RpcsOfTheService()),
                         [](const auto& rpc) { return rpc.param; });

TEST(ConformanceTableTest, HasTheRpcsOfTheServiceAndNoOthers) {
  EXPECT_EQ(RpcsOfTheService().size(), 40U);
  EXPECT_THAT(RpcsWithCases(), testing::UnorderedElementsAreArray(RpcsOfTheService()));
}

}  // namespace
}  // namespace gw::emulator

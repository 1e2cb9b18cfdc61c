// Room: tests/unit/proto. Holds the generated descriptors against grep11_table.tsv, exactly and in
// both directions, and the encoder against bytes that an independent encoder made. May touch: the
// generated GREP11 code and the table.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "grep11.pb.h"
#include "grep11_errors.pb.h"
#include "rpc_status.pb.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::ServiceDescriptor;
using google::protobuf::TextFormat;

using Rows = std::multiset<std::string>;

constexpr std::string_view kPackage = "grep11.";

const FileDescriptor& File() { return *grep11::Mechanism::descriptor()->file(); }

// A name without the package, the way the table writes it: "RSAOAEPParm.Mask".
std::string Name(std::string_view full) {
  EXPECT_EQ(full.substr(0, kPackage.size()), kPackage) << full;
  return std::string(full.substr(kPackage.size()));
}

std::string ScalarOrName(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_MESSAGE:
      return Name(field.message_type()->full_name());
    case FieldDescriptor::TYPE_ENUM:
      return Name(field.enum_type()->full_name());
    default:
      return field.type_name();
  }
}

std::string TypeOf(const FieldDescriptor& field) {
  if (field.is_map()) {
    return "map<" + ScalarOrName(*field.message_type()->map_key()) + "," +
           ScalarOrName(*field.message_type()->map_value()) + ">";
  }
  return (field.is_repeated() ? "repeated " : "") + ScalarOrName(field);
}

void AddEnum(const EnumDescriptor& values, Rows& rows) {
  for (int i = 0; i < values.value_count(); ++i) {
    rows.insert("enum\t" + Name(values.full_name()) + "\t" + values.value(i)->name() + "\t" +
                std::to_string(values.value(i)->number()));
  }
}

void AddField(const Descriptor& message, const FieldDescriptor& field, Rows& rows) {
  const auto* choice = field.real_containing_oneof();
  rows.insert("field\t" + Name(message.full_name()) + "\t" + std::to_string(field.number()) + "\t" +
              field.name() + "\t" + TypeOf(field) + "\t" +
              (choice == nullptr ? "-" : choice->name()));
}

void AddMessage(const Descriptor& message, Rows& rows) {
  rows.insert("message\t" + Name(message.full_name()) + "\t" +
              std::to_string(message.field_count()));
  for (int i = 0; i < message.field_count(); ++i) AddField(message, *message.field(i), rows);
  for (int i = 0; i < message.enum_type_count(); ++i) AddEnum(*message.enum_type(i), rows);
  for (int i = 0; i < message.nested_type_count(); ++i) {
    if (!message.nested_type(i)->options().map_entry()) AddMessage(*message.nested_type(i), rows);
  }
}

void AddService(const ServiceDescriptor& service, Rows& rows) {
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& rpc = *service.method(i);
    EXPECT_FALSE(rpc.client_streaming() || rpc.server_streaming()) << rpc.full_name();
    rows.insert("rpc\t" + rpc.name() + "\t" + Name(rpc.input_type()->full_name()) + "\t" +
                Name(rpc.output_type()->full_name()));
  }
}

void AddFile(const FileDescriptor& file, Rows& rows) {
  for (int i = 0; i < file.service_count(); ++i) AddService(*file.service(i), rows);
  for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), rows);
  for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), rows);
}

Rows DescriptorRows() {
  Rows rows;
  AddFile(File(), rows);
  AddFile(*grep11::Grep11Error::descriptor()->file(), rows);
  return rows;
}

Rows TableRows() {
  std::ifstream table(GW_CONTRACT_TABLE);
  EXPECT_TRUE(table.is_open()) << GW_CONTRACT_TABLE;
  Rows rows;
  for (std::string line; std::getline(table, line);) {
    if (!line.empty() && line.front() != '#') rows.insert(line);
  }
  return rows;
}

std::vector<std::string> Without(const Rows& all, const Rows& known) {
  std::vector<std::string> rest;
  std::set_difference(all.begin(), all.end(), known.begin(), known.end(), std::back_inserter(rest));
  return rest;
}

std::size_t CountOf(const Rows& rows, std::string_view kind) {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [&](const std::string& row) { return row.starts_with(kind); }));
}

TEST(ContractTest, TheDescriptorsSayNoMoreThanTheTable) {
  EXPECT_THAT(Without(DescriptorRows(), TableRows()), testing::IsEmpty());
}

TEST(ContractTest, TheTableSaysNoMoreThanTheDescriptors) {
  EXPECT_THAT(Without(TableRows(), DescriptorRows()), testing::IsEmpty());
}

// Guards the two tests above: an empty table and an empty descriptor would agree.
TEST(ContractTest, TheTableIsWhole) {
  const Rows rows = TableRows();
  EXPECT_EQ(CountOf(rows, "rpc\t"), 40u);
  EXPECT_EQ(CountOf(rows, "message\t"), 93u);
  EXPECT_EQ(CountOf(rows, "field\t"), 186u);
  EXPECT_EQ(CountOf(rows, "enum\t"), 59u);
}

// The method path is "/grep11.Crypto/<rpc>": a different package or service name reaches nobody.
TEST(ContractTest, TheServiceIsGrep11Crypto) {
  ASSERT_EQ(File().service_count(), 1);
  EXPECT_EQ(File().service(0)->full_name(), "grep11.Crypto");
}

// Ours is a private copy of google.rpc.Status: only the numbers and types are the contract.
TEST(ContractTest, TheStatusTrailerHasTheNumbersOfGoogleRpcStatus) {
  const Descriptor& status = *gw::rpc::Status::descriptor();
  ASSERT_EQ(status.field_count(), 3);
  EXPECT_EQ(status.FindFieldByNumber(1)->type(), FieldDescriptor::TYPE_INT32);
  EXPECT_EQ(status.FindFieldByNumber(2)->type(), FieldDescriptor::TYPE_STRING);
  EXPECT_TRUE(status.FindFieldByNumber(3)->is_repeated());
  EXPECT_EQ(status.FindFieldByNumber(3)->message_type()->full_name(), "google.protobuf.Any");
}

struct Vector {
  const char* message;  // type name within the package
  const char* text;     // protobuf text form
  const char* hex;      // its encoding, map entries sorted by key
};

void PrintTo(const Vector& vector, std::ostream* out) { *out << vector.message; }

// Source: encodings made with protoc --encode from the published interface.
constexpr Vector kVectors[] = {
    {"GenerateRandomRequest", "Len: 16", "08 10"},
    {"GenerateKeyRequest",
     "Mech { Mechanism: 4224 } Template { key: 353 value { AttributeI: 32 } } "
     "Template { key: 260 value { AttributeTF: true } } "
     "Template { key: 354 value { AttributeTF: false } }",
     "0a 03 08 80 21 32 07 08 84 02 12 02 10 01 32 07 08 e1 02 12 02 18 20 "
     "32 07 08 e2 02 12 02 10 00"},
    {"EncryptInitRequest",
     "Mech { Mechanism: 4229 ParameterB: '0123456789abcdef' } Key { KeyBlobs: 'BLOB' }",
     "12 15 08 85 21 12 10 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 "
     "22 06 2a 04 42 4c 4f 42"},
    {"SignSingleRequest",
     "Mech { Mechanism: 2147549233 ECSGParameter { Type: CkEcsgIbmEcsdsaS256 } } Data: 'abc' "
     "PrivKey { KeyBlobs: 'BLOB' }",
     "12 0a 08 b1 80 84 80 08 3a 02 08 03 1a 03 61 62 63 2a 06 2a 04 42 4c 4f 42"},
    {"DeriveKeyRequest",
     "Mech { Mechanism: 2147942401 BTCDeriveParameter { Type: CkBIP0032PRV2PRV "
     "ChildKeyIndex: 2147483648 Version: 1 } }",
     "0a 12 08 81 80 9c 80 08 32 0a 08 01 10 80 80 80 80 08 20 01"},
    {"RSAOAEPParm", "HashMech: 2147549185 Mgf: CkgIbmMgf1Sha3_224",
     "08 81 80 84 80 08 10 81 80 80 04"},
    {"GetMechanismListResponse", "Mechs: 1 Mechs: 4225", "12 03 01 81 21"},
    {"GetAttributeValueRequest",
     "Object: 'BLOB' Attributes { key: 261 value { AttributeTF: false } }",
     "0a 04 42 4c 4f 42 1a 07 08 85 02 12 02 10 00"},
    {"LoginRequest", "Storeid: 'S' Pin: 'P'", "0a 01 53 12 01 50"},
};

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 3) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Map entries in key order: the order on the wire is otherwise free.
std::string Encode(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream sink(&bytes);
  google::protobuf::io::CodedOutputStream out(&sink);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

class VectorTest : public testing::TestWithParam<Vector> {
 protected:
  // An empty message of the vector's type; its prototype lives as long as the program.
  std::unique_ptr<Message> Empty() const {
    const Descriptor* type = File().FindMessageTypeByName(GetParam().message);
    EXPECT_NE(type, nullptr) << GetParam().message;
    return std::unique_ptr<Message>(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  }
  std::unique_ptr<Message> FromText() const {
    auto message = Empty();
    EXPECT_TRUE(TextFormat::ParseFromString(GetParam().text, message.get())) << GetParam().text;
    return message;
  }
};

TEST_P(VectorTest, EncodesToTheseBytes) { EXPECT_EQ(Encode(*FromText()), Unhex(GetParam().hex)); }

TEST_P(VectorTest, DecodesFromTheseBytes) {
  auto message = Empty();
  ASSERT_TRUE(message->ParseFromString(Unhex(GetParam().hex)));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*message, *FromText()));
}

INSTANTIATE_TEST_SUITE_P(Wire, VectorTest, testing::ValuesIn(kVectors),
                         [](const auto& vector) { return std::string(vector.param.message); });

// A member of a oneof has presence: FALSE is sent, and differs from no member at all.
TEST(EncodingTest, AFalseAttributeIsNotAnEmptyOne) {
  grep11::AttributeValue value;
  EXPECT_EQ(Encode(value), "");
  value.set_attributetf(false);
  EXPECT_EQ(Encode(value), std::string("\x10\x00", 2));
}

// Servers may send repeated numbers unpacked.
TEST(EncodingTest, AnUnpackedMechanismListDecodesToo) {
  grep11::GetMechanismListResponse list;
  ASSERT_TRUE(list.ParseFromString(std::string("\x10\x01\x10\x81\x21", 5)));
  EXPECT_THAT(list.mechs(), testing::ElementsAre(1u, 4225u));
}

}  // namespace

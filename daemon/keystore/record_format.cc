// Room: keystore.
#include "daemon/keystore/record_format.h"

#include "daemon/core/attribute_codec.h"

namespace gw {
namespace {

constexpr std::string_view kObjectDomain = "grep11d object row 1";
constexpr std::string_view kTwoBlobsDomain = "grep11d object row 2";
constexpr std::string_view kSettingDomain = "grep11d setting row 1";
constexpr std::string_view kRequestDomain = "grep11d request row 1";
constexpr std::size_t kNumberBytes = 8;

void AppendU64Be(Bytes& out, std::uint64_t value) {
  AppendU32Be(out, static_cast<std::uint32_t>(value >> 32));
  AppendU32Be(out, static_cast<std::uint32_t>(value));
}

// Appends what the row consists of; nothing can be moved from one column to the next without
// changing the octets.
class Writer {
 public:
  explicit Writer(std::size_t expected) { octets_.reserve(expected); }

  Writer& Number(std::uint64_t value) {
    AppendU64Be(octets_, value);
    return *this;
  }
  Writer& Octets(ByteView value) {
    AppendU32Be(octets_, static_cast<std::uint32_t>(value.size()));
    Append(octets_, value);
    return *this;
  }
  Writer& Text(std::string_view value) { return Octets(ViewOf(value)); }
  Writer& Maybe(const std::optional<ByteView>& value) {
    octets_.push_back(value ? 1 : 0);
    return value ? Octets(*value) : *this;
  }
  Writer& Maybe(const std::optional<std::uint64_t>& value) {
    octets_.push_back(value ? 1 : 0);
    return value ? Number(*value) : *this;
  }
  Bytes Take() { return std::move(octets_); }

 private:
  Bytes octets_;
};

std::optional<ByteView> ViewOfAttribute(const AttributeList& attributes, CK_ATTRIBUTE_TYPE type) {
  const Bytes* value = attributes.Find(type);
  return value == nullptr ? std::nullopt : std::optional<ByteView>(*value);
}

}  // namespace

ObjectRow RowOf(const Record& record, ByteView encoded_attributes) {
  ObjectRow row;
  row.number = record.number;
  row.keystore = record.keystore;
  row.object_class = record.attributes.GetUlong(CKA_CLASS).value_or(0);
  row.key_type = record.attributes.GetUlong(CKA_KEY_TYPE);
  row.label = ViewOfAttribute(record.attributes, CKA_LABEL);
  row.id = ViewOfAttribute(record.attributes, CKA_ID);
  row.unique_id = ViewOfAttribute(record.attributes, CKA_UNIQUE_ID);
  row.attributes = encoded_attributes;
  row.key_blob = record.key.view();
  row.other_blob = record.other.view();
  row.version = record.version;
  return row;
}

Result<Record> RecordOf(const ObjectRow& row) {
  GW_TRY(attributes, DecodeAttributes(row.attributes));
  Record record;
  record.number = row.number;
  record.keystore = std::string(row.keystore);
  record.attributes = std::move(attributes);
  record.key.octets = CopyOf(row.key_blob);
  record.other.octets = CopyOf(row.other_blob);
  record.version = row.version;
  return record;
}

Bytes CanonicalObject(const ObjectRow& row) {
  const bool two = !row.other_blob.empty();
  Writer writer(row.attributes.size() + row.key_blob.size() + row.other_blob.size() + 512);
  writer.Text(two ? kTwoBlobsDomain : kObjectDomain)
      .Number(row.number)
      .Text(row.keystore)
      .Number(row.object_class);
  writer.Maybe(row.key_type).Maybe(row.label).Maybe(row.id).Maybe(row.unique_id);
  writer.Octets(row.attributes).Octets(row.key_blob).Number(row.version);
  writer.Number(static_cast<std::uint64_t>(row.created_ms));
  writer.Number(static_cast<std::uint64_t>(row.modified_ms));
  if (two) writer.Octets(row.other_blob);
  return writer.Take();
}

Bytes CanonicalSetting(std::string_view name, ByteView value, std::int64_t modified_ms) {
  Writer writer(name.size() + value.size() + 64);
  writer.Text(kSettingDomain).Text(name).Octets(value);
  writer.Number(static_cast<std::uint64_t>(modified_ms));
  return writer.Take();
}

Bytes CanonicalRequest(const RequestRow& row) {
  Writer writer(row.application.size() + row.inserted.size() + 64);
  writer.Text(kRequestDomain).Octets(row.application).Number(row.number).Octets(row.inserted);
  writer.Number(row.whole).Number(static_cast<std::uint64_t>(row.done_ms));
  return writer.Take();
}

Bytes EncodeNumbers(const std::vector<std::uint64_t>& numbers) {
  Bytes octets;
  octets.reserve(numbers.size() * kNumberBytes);
  for (const std::uint64_t number : numbers) AppendU64Be(octets, number);
  return octets;
}

std::optional<std::vector<std::uint64_t>> DecodeNumbers(ByteView octets) {
  if (octets.size() % kNumberBytes != 0) return std::nullopt;
  std::vector<std::uint64_t> numbers;
  numbers.reserve(octets.size() / kNumberBytes);
  for (; !octets.empty(); octets = octets.subspan(kNumberBytes)) {
    std::uint64_t number = 0;
    for (const Byte octet : octets.first(kNumberBytes)) number = number << 8 | octet;
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace gw

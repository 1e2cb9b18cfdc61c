// Room: dispatch.
#include "daemon/dispatch/body.h"

#include <algorithm>

#include "daemon/core/attribute_codec.h"

namespace gw {
namespace {

constexpr std::size_t kLeastAttributeBytes = 8 + 1 + 4;  // type, form, empty value
constexpr std::size_t kWantedBytes = 8 + 8;

OaepParameter ReadOaep(wire::Reader& body) {
  OaepParameter parameter;
  parameter.hash = body.U64();
  parameter.mgf = body.U64();
  parameter.source = body.U64();
  parameter.source_data = CopyOf(ReadBytes(body));
  return parameter;
}

PssParameter ReadPss(wire::Reader& body) {
  PssParameter parameter;
  parameter.hash = body.U64();
  parameter.mgf = body.U64();
  parameter.salt_bytes = body.U64();
  return parameter;
}

Ecdh1Parameter ReadEcdh1(wire::Reader& body) {
  Ecdh1Parameter parameter;
  parameter.kdf = body.U64();
  parameter.shared_data = CopyOf(ReadBytes(body));
  parameter.public_data = CopyOf(ReadBytes(body));
  return parameter;
}

EddsaParameter ReadEddsa(wire::Reader& body) {
  EddsaParameter parameter;
  parameter.hash_first = ReadFlag(body);
  parameter.context = CopyOf(ReadBytes(body));
  return parameter;
}

BtcParameter ReadBtc(wire::Reader& body) {
  BtcParameter parameter;
  parameter.type = body.U64();
  parameter.child_index = body.U64();
  parameter.chain_code = CopyOf(ReadBytes(body));
  parameter.version = body.U64();
  return parameter;
}

KyberParameter ReadKyber(wire::Reader& body) {
  KyberParameter parameter;
  parameter.version = body.U64();
  parameter.mode = body.U64();
  parameter.kdf = body.U64();
  parameter.prepend = ReadFlag(body);
  parameter.ciphertext = CopyOf(ReadBytes(body));
  parameter.room = ReadCapacity(body);
  parameter.shared_data = CopyOf(ReadBytes(body));
  parameter.secret = ObjectHandle{body.U64()};
  parameter.blob = CopyOf(ReadBytes(body));
  return parameter;
}

MechanismParameter ReadParameter(wire::Reader& body) {
  switch (static_cast<wire::ParameterForm>(body.U8())) {
    case wire::ParameterForm::kNone:
      return std::monostate{};
    case wire::ParameterForm::kBytes:
      return CopyOf(ReadBytes(body));
    case wire::ParameterForm::kOaep:
      return ReadOaep(body);
    case wire::ParameterForm::kPss:
      return ReadPss(body);
    case wire::ParameterForm::kEcdh1:
      return ReadEcdh1(body);
    case wire::ParameterForm::kEcsg:
      return EcsgParameter{body.U64()};
    case wire::ParameterForm::kEddsa:
      return ReadEddsa(body);
    case wire::ParameterForm::kBtc:
      return ReadBtc(body);
    case wire::ParameterForm::kKyber:
      return ReadKyber(body);
  }
  body.Fail();
  return std::monostate{};
}

// Before it is set: `type` has another value already.
bool HasOther(const AttributeList& list, CK_ATTRIBUTE_TYPE type, ByteView value) {
  const Bytes* before = list.Find(type);
  return before != nullptr && !std::ranges::equal(*before, value);
}

// `budget` counts attributes over all levels of one template; `repeated` may be null.
AttributeList ReadList(wire::Reader& body, std::uint32_t& budget, std::uint32_t depth,
                       std::vector<CK_ATTRIBUTE_TYPE>* repeated) {
  AttributeList list;
  if (depth > wire::kMaxNesting) body.Fail();
  const std::uint32_t count = body.Count(budget, kLeastAttributeBytes);
  budget -= count;
  for (std::uint32_t i = 0; i < count && body.ok(); ++i) {
    const CK_ATTRIBUTE_TYPE type = body.U64();
    switch (static_cast<wire::ValueForm>(body.U8())) {
      case wire::ValueForm::kBytes: {
        const ByteView value = ReadBytes(body);
        if (repeated != nullptr && HasOther(list, type, value)) repeated->push_back(type);
        list.Set(type, CopyOf(value));
        continue;
      }
      case wire::ValueForm::kNested:
        list.Set(type, EncodeAttributes(ReadList(body, budget, depth + 1, nullptr)));
        continue;
    }
    body.Fail();
  }
  return list;
}

// An encoded list as its entries. Lists come in no deeper than they may leave.
void WriteList(ReplyWriter& reply, ByteView encoded, std::uint32_t depth) {
  const Result<AttributeList> list =
      encoded.empty() || depth > wire::kMaxNesting ? AttributeList() : DecodeAttributes(encoded);
  reply.U32(list ? static_cast<std::uint32_t>(list->size()) : 0);
  if (!list) return;
  for (const auto& [type, value] : *list) {
    const bool nested = IsTemplateAttribute(type);
    const auto form = nested ? wire::ValueForm::kNested : wire::ValueForm::kBytes;
    reply.U64(type);
    reply.U8(static_cast<std::uint8_t>(form));
    if (nested) {
      WriteList(reply, value, depth + 1);
    } else {
      reply.Bytes(value.data(), value.size());
    }
  }
}

}  // namespace

ByteView ReadBytes(wire::Reader& body) {
  const wire::Octets octets = body.Bytes();
  return {octets.data, octets.size};
}

ops::Capacity ReadCapacity(wire::Reader& body) {
  const std::uint64_t capacity = body.U64();
  if (capacity == wire::kNullBuffer) return std::nullopt;
  return capacity;
}

Mechanism ReadMechanism(wire::Reader& body) {
  Mechanism mechanism;
  mechanism.type = body.U64();
  mechanism.parameter = ReadParameter(body);
  return mechanism;
}

std::optional<Mechanism> ReadOptionalMechanism(wire::Reader& body) {
  if (!ReadFlag(body)) return std::nullopt;
  return ReadMechanism(body);
}

AttributeList ReadAttributes(wire::Reader& body, std::vector<CK_ATTRIBUTE_TYPE>* repeated) {
  std::uint32_t budget = wire::kMaxAttributes;
  return ReadList(body, budget, 1, repeated);
}

std::vector<ops::WantedValue> ReadWanted(wire::Reader& body) {
  const std::uint32_t count = body.Count(wire::kMaxAttributes, kWantedBytes);
  std::vector<ops::WantedValue> wanted;
  wanted.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const CK_ATTRIBUTE_TYPE type = body.U64();
    wanted.push_back({type, ReadCapacity(body)});
  }
  return wanted;
}

bool ReadFlag(wire::Reader& body) {
  const std::uint8_t flag = body.U8();
  if (flag > 1) body.Fail();
  return flag != 0;
}

InitBody ReadInit(wire::Reader& body) {
  InitBody init;
  init.mechanism = ReadOptionalMechanism(body);
  init.key = ObjectHandle{body.U64()};
  return init;
}

ops::Pin ReadSecret(wire::Reader& body) {
  if (!ReadFlag(body)) return std::nullopt;
  return SecretBytes(ReadBytes(body));
}

void WriteText(ReplyWriter& reply, std::string_view text) { reply.Bytes(text.data(), text.size()); }

void WriteOutput(ReplyWriter& reply, const ops::Output& output) {
  reply.U64(output.length);
  reply.Bytes(output.data.data(), output.data.size());
}

CK_RV WriteNumbers(ReplyWriter& reply, const std::vector<CK_ULONG>& numbers,
                   ops::Capacity capacity) {
  const bool fits = capacity && *capacity >= numbers.size();
  reply.U64(numbers.size());
  reply.U32(fits ? static_cast<std::uint32_t>(numbers.size()) : 0);
  if (fits) {
    for (CK_ULONG number : numbers) reply.U64(number);
  }
  return fits || !capacity ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

void WriteValues(ReplyWriter& reply, const ops::FoundValues& found) {
  reply.U32(static_cast<std::uint32_t>(found.values.size()));
  for (const ops::FoundValue& value : found.values) {
    if (!value.length) {
      reply.U8(static_cast<std::uint8_t>(wire::ValueState::kUnavailable));
    } else if (value.delivered && value.is_template) {
      reply.U8(static_cast<std::uint8_t>(wire::ValueState::kTemplate));
      WriteList(reply, value.value, 1);
    } else if (value.delivered) {
      reply.U8(static_cast<std::uint8_t>(wire::ValueState::kValue));
      reply.Bytes(value.value.data(), value.value.size());
    } else {
      reply.U8(static_cast<std::uint8_t>(wire::ValueState::kLength));
      reply.U64(*value.length);
    }
  }
}

}  // namespace gw

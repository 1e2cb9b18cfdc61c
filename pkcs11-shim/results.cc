// Room: pkcs11-shim. The endings of calls: results of a reply into application memory. Lengths and
// states are the daemon's; what contradicts the application's buffers is a broken protocol.
#include "pkcs11-shim/call.h"

namespace gw::shim {
namespace {

// One element of "values" in proto/wire/WIRE.md.
struct Value {
  wire::ValueState state;
  uint64_t length = 0;
  wire::Octets bytes;
  uint32_t entries = 0;             // of a template,
  wire::Reader nested{nullptr, 0};  // which begin here
};

struct Entry {
  CK_ATTRIBUTE_TYPE type;
  bool nested;
  wire::Octets bytes;
};

constexpr size_t kLeastEntryBytes = 8 + 1 + 4;

// Type and form; the value of one that is no list itself.
Entry ReadEntry(wire::Reader* reader) {
  Entry entry = {static_cast<CK_ATTRIBUTE_TYPE>(reader->U64()), false, {}};
  const uint8_t form = reader->U8();
  entry.nested = form == static_cast<uint8_t>(wire::ValueForm::kNested);
  if (form > static_cast<uint8_t>(wire::ValueForm::kNested)) reader->Fail();
  if (!entry.nested) entry.bytes = reader->Bytes();
  return entry;
}

// `depth` counts the lists around this one.
uint32_t BeginList(wire::Reader* reader, uint32_t depth) {
  if (depth == wire::kMaxNesting) reader->Fail();
  return reader->Count(wire::kMaxAttributes, kLeastEntryBytes);
}

void SkipEntries(wire::Reader* reader, uint32_t entries, uint32_t depth) {
  for (uint32_t i = 0; i < entries && reader->ok(); ++i) {
    if (!ReadEntry(reader).nested) continue;
    const uint32_t inner = BeginList(reader, depth + 1);
    SkipEntries(reader, inner, depth + 1);
  }
}

Value ReadValue(wire::Reader* reader) {
  Value value;
  value.state = static_cast<wire::ValueState>(reader->U8());
  if (value.state == wire::ValueState::kLength) value.length = reader->U64();
  if (value.state == wire::ValueState::kValue) value.bytes = reader->Bytes();
  if (value.state != wire::ValueState::kTemplate) return value;
  value.entries = BeginList(reader, 0);
  value.nested = *reader;
  SkipEntries(reader, value.entries, 0);
  return value;
}

// A value must fit where it goes. A template cannot come as bytes: the application would take them
// for pointers.
bool Fits(const Value& value, const CK_ATTRIBUTE& wanted) {
  const uint64_t capacity = CapacityOf(wanted);
  switch (value.state) {
    case wire::ValueState::kLength:
      return capacity == wire::kNullBuffer;
    case wire::ValueState::kValue:
      return capacity != wire::kNullBuffer && value.bytes.size <= capacity &&
             (value.bytes.size == 0 || !HoldsTemplate(wanted.type));
    case wire::ValueState::kTemplate:
      return capacity != wire::kNullBuffer && value.entries <= capacity &&
             HoldsTemplate(wanted.type);
    case wire::ValueState::kUnavailable:
    case wire::ValueState::kTooSmall:
      return true;
  }
  return false;
}

void StoreLength(uint8_t* attribute, CK_ULONG length) {
  StoreTo(attribute + offsetof(CK_ATTRIBUTE, ulValueLen), length);
}

// The entries of a template into the application's array, whose buffers are its own for each
// (PKCS #11 v2.40, 5.7 C_GetAttributeValue). False if one was too small.
bool StoreEntries(wire::Reader* reader, uint32_t entries, uint8_t* array) {
  bool all_fit = true;
  for (uint32_t i = 0; i < entries; ++i, array += sizeof(CK_ATTRIBUTE)) {
    const Entry entry = ReadEntry(reader);
    const uint32_t inner = entry.nested ? BeginList(reader, 0) : 0;
    const CK_ULONG size = entry.nested ? inner * sizeof(CK_ATTRIBUTE) : entry.bytes.size;
    const auto into = LoadFrom<CK_ATTRIBUTE>(array);
    const bool fits = into.pValue == nullptr || into.ulValueLen >= size;
    StoreTo(array + offsetof(CK_ATTRIBUTE, type), entry.type);
    StoreLength(array, fits ? size : CK_UNAVAILABLE_INFORMATION);
    all_fit &= fits;
    if (entry.nested && fits && into.pValue != nullptr) {
      all_fit &= StoreEntries(reader, inner, static_cast<uint8_t*>(into.pValue));
    } else if (entry.nested) {
      SkipEntries(reader, inner, 0);
    } else if (fits && into.pValue != nullptr && size != 0) {
      memcpy(into.pValue, entry.bytes.data, size);
    }
  }
  return all_fit;
}

bool StoreValue(Value value, const CK_ATTRIBUTE& wanted, uint8_t* attribute) {
  const CK_ULONG unit = HoldsTemplate(wanted.type) ? sizeof(CK_ATTRIBUTE) : 1;
  CK_ULONG length = CK_UNAVAILABLE_INFORMATION;
  if (value.state == wire::ValueState::kLength) length = static_cast<CK_ULONG>(value.length) * unit;
  if (value.state == wire::ValueState::kValue) length = value.bytes.size;
  if (value.state == wire::ValueState::kTemplate) length = value.entries * unit;
  if (value.bytes.size != 0) memcpy(wanted.pValue, value.bytes.data, value.bytes.size);
  StoreLength(attribute, length);
  return StoreEntries(&value.nested, value.entries, static_cast<uint8_t*>(wanted.pValue));
}

}  // namespace

CK_RV Call::ReturnNothing() {
  if (Exchange()) Accept(result_ == CKR_OK);
  return result_;
}

CK_RV Call::ReturnNumber(CK_ULONG_PTR number) {
  if (!Exchange()) return result_;
  const uint64_t value = reply_.U64();
  if (Accept(result_ == CKR_OK)) StoreTo(number, static_cast<CK_ULONG>(value));
  return result_;
}

// A key, and what goes back in the parameter of the mechanism that made it.
CK_RV Call::ReturnDerived(CK_ULONG_PTR key, CK_MECHANISM_PTR mechanism) {
  if (!Exchange()) return result_;
  const ParameterOutput into = OutputOf(LoadFrom<CK_MECHANISM>(mechanism));
  const uint64_t value = reply_.U64();
  const uint64_t length = into.comes ? reply_.U64() : 0;
  const wire::Octets bytes = into.comes ? reply_.Bytes() : wire::Octets{};
  const bool only_length = into.comes && result_ == CKR_BUFFER_TOO_SMALL;
  const bool whole = result_ == CKR_OK && bytes.size == length &&
                     (into.data == nullptr || length <= into.capacity);
  if (!Accept(only_length ? bytes.size == 0 : whole)) return result_;
  if (result_ == CKR_OK) StoreTo(key, static_cast<CK_ULONG>(value));
  if (into.size == nullptr || (into.data == nullptr && !only_length)) return result_;
  if (bytes.size != 0) memcpy(into.data, bytes.data, bytes.size);
  StoreTo(into.size, static_cast<CK_ULONG>(length));
  return result_;
}

CK_RV Call::ReturnTwoNumbers(CK_ULONG_PTR first, CK_ULONG_PTR second) {
  if (!Exchange()) return result_;
  const uint64_t values[] = {reply_.U64(), reply_.U64()};
  if (!Accept(result_ == CKR_OK)) return result_;
  StoreTo(first, static_cast<CK_ULONG>(values[0]));
  StoreTo(second, static_cast<CK_ULONG>(values[1]));
  return result_;
}

CK_RV Call::ReturnOutput(Output output) {
  length_query_ = output.data == nullptr;
  if (!Exchange()) return result_;
  const uint64_t capacity = CapacityOf(output.data, LoadFrom<CK_ULONG>(output.size));
  const uint64_t length = reply_.U64();
  const wire::Octets bytes = reply_.Bytes();
  const bool only_length = capacity == wire::kNullBuffer || result_ == CKR_BUFFER_TOO_SMALL;
  const bool sound = only_length ? bytes.size == 0 : bytes.size == length && length <= capacity;
  if (!Accept(sound)) return result_;
  if (bytes.size != 0) memcpy(output.data, bytes.data, bytes.size);
  StoreTo(output.size, static_cast<CK_ULONG>(length));
  return result_;
}

CK_RV Call::ReturnNumberList(NumberList list, uint64_t capacity) {
  if (!Exchange()) return result_;
  const uint64_t count = reply_.U64();
  const uint32_t present = reply_.Count(wire::kMaxBodyBytes, sizeof(uint64_t));
  const bool only_count = capacity == wire::kNullBuffer || result_ == CKR_BUFFER_TOO_SMALL;
  const bool sound = reply_.left() == present * sizeof(uint64_t) &&
                     (only_count ? present == 0 : present == count && count <= capacity);
  auto* to = reinterpret_cast<uint8_t*>(list.data);
  for (uint32_t i = 0; sound && i < present; ++i)
    StoreTo(to + i * sizeof(CK_ULONG), static_cast<CK_ULONG>(reply_.U64()));
  if (Accept(sound)) StoreTo(list.count, static_cast<CK_ULONG>(count));
  return result_;
}

// Looked through twice, so that nothing is written unless all of it is sound.
CK_RV Call::ReturnValues(CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  if (!Exchange()) return result_;
  auto* at = reinterpret_cast<uint8_t*>(attributes);
  bool sound = reply_.U32() == count;
  wire::Reader again = reply_;
  for (CK_ULONG i = 0; sound && i < count; ++i)
    sound = Fits(ReadValue(&reply_), LoadFrom<CK_ATTRIBUTE>(at + i * sizeof(CK_ATTRIBUTE)));
  if (!Accept(sound)) return result_;
  bool all_fit = true;
  for (CK_ULONG i = 0; i < count; ++i, at += sizeof(CK_ATTRIBUTE))
    all_fit &= StoreValue(ReadValue(&again), LoadFrom<CK_ATTRIBUTE>(at), at);
  // Whether the buffers inside a template are large enough is seen here alone.
  return all_fit || result_ != CKR_OK ? result_ : CKR_BUFFER_TOO_SMALL;
}

CK_RV Call::ReturnBytes(void* data, CK_ULONG size) {
  if (!Exchange()) return result_;
  const wire::Octets bytes = reply_.Bytes();
  if (Accept(result_ == CKR_OK && bytes.size == size) && size != 0) memcpy(data, bytes.data, size);
  return result_;
}

}  // namespace gw::shim

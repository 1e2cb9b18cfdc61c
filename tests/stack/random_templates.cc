// Room: tests/stack. Random templates; see random_values.h.
#include <algorithm>
#include <cstring>
#include <sstream>

#include "daemon/attributes/attribute_table.h"
#include "tests/stack/random_values.h"

namespace gw::stack {
namespace {

constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view kExponent("\x01\x00\x01", 3);
constexpr CK_ATTRIBUTE_TYPE kUnknownTypes[] = {CKA_VENDOR_DEFINED + 0x777, 0x7777, CKA_PROFILE_ID,
                                               CKF_ARRAY_ATTRIBUTE | 0x777,
                                               CK_UNAVAILABLE_INFORMATION};
constexpr CK_ULONG kRsaBits[] = {1024, 1024, 1024, 1024, 512, 1000, 8192, 0};
constexpr CK_ULONG kSecretBytes[] = {16, 24, 32, 32, 0, 15, 256, 257};
// Beyond what one call may have.
constexpr std::size_t kTooMany = 4097;

// A list in the making: an attribute with the memory of its value.
using List = std::vector<CK_ATTRIBUTE>;

Octets OfNumber(CK_ULONG number) {
  Octets octets(sizeof number);
  std::memcpy(octets.data(), &number, sizeof number);
  return octets;
}

void Add(List& list, Memory& memory, CK_ATTRIBUTE_TYPE type, Octets value) {
  const CK_ULONG bytes = value.size();
  value.resize(bytes + 16);  // lengths that are a little wrong stay within memory
  list.push_back({type, memory.Keep(std::move(value)), bytes});
}

CK_ULONG DrawNumber(Random& random, CK_ATTRIBUTE_TYPE type) {
  switch (type) {
    case CKA_MODULUS_BITS:
      return random.Pick(kRsaBits);
    case CKA_VALUE_LEN:
      return random.Pick(kSecretBytes);
    case CKA_KEY_TYPE:
      return random.Chance(900) ? random.Below(0x20) : random.Number();
    default:
      return random.Chance(900) ? random.Below(9) : random.Number();
  }
}

void AddOfRow(List& list, Random& random, Memory& memory, const AttributeRow& row, unsigned depth);

void AddNested(List& list, Random& random, Memory& memory, CK_ATTRIBUTE_TYPE type, unsigned depth) {
  List inner;
  const auto rows = AllAttributes();
  for (auto left = random.Below(4); left != 0; --left) {
    AddOfRow(inner, random, memory, rows[random.Below(rows.size())], depth + 1);
  }
  const auto* octets = reinterpret_cast<const CK_BYTE*>(inner.data());
  const CK_ULONG bytes = inner.size() * sizeof(CK_ATTRIBUTE);
  list.push_back({type, memory.Keep(Octets(octets, octets + bytes)), bytes});
}

// A value of the kind that the row says; templates in templates end somewhere, but not always
// where the product wants it.
void AddOfRow(List& list, Random& random, Memory& memory, const AttributeRow& row, unsigned depth) {
  switch (row.value) {
    case ValueKind::kBool:
      return Add(list, memory, row.type,
                 {static_cast<CK_BYTE>(random.Chance(900) ? random.Below(2) : 2)});
    case ValueKind::kUlong:
      return Add(list, memory, row.type, OfNumber(DrawNumber(random, row.type)));
    case ValueKind::kDate:
      return Add(list, memory, row.type, OctetsOf(random.Chance(800) ? "20260228" : "20261340"));
    case ValueKind::kText:
      return Add(list, memory, row.type, Octets(random.Below(32), 'x'));
    case ValueKind::kUlongArray: {
      Octets types;
      for (auto left = random.Below(4); left != 0; --left) {
        const Octets one = OfNumber(DrawMechanismType(random));
        types.insert(types.end(), one.begin(), one.end());
      }
      return Add(list, memory, row.type, std::move(types));
    }
    case ValueKind::kTemplate:
      if (depth > 6) return Add(list, memory, row.type, {});
      return AddNested(list, random, memory, row.type, depth);
    case ValueKind::kBigInteger:
    case ValueKind::kBytes:
      if (row.type == CKA_EC_PARAMS && random.Chance(700)) {
        return Add(list, memory, row.type, OctetsOf(kP256));
      }
      return Add(list, memory, row.type, random.Some(random.Chance(950) ? random.Below(48) : 5000));
  }
}

void AddAny(List& list, Random& random, Memory& memory) {
  const auto rows = AllAttributes();
  if (random.Chance(900)) {
    return AddOfRow(list, random, memory, rows[random.Below(rows.size())], 1);
  }
  Add(list, memory, random.Pick(kUnknownTypes), random.Some(random.Below(24)));
}

void Kind(List& list, Memory& memory, CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type) {
  Add(list, memory, CKA_CLASS, OfNumber(object_class));
  Add(list, memory, CKA_KEY_TYPE, OfNumber(key_type));
}

// What C_CreateObject takes.
List NewObject(Random& random, Memory& memory, const Subjects& subjects) {
  List list;
  switch (random.Below(7)) {
    case 0:
      Add(list, memory, CKA_CLASS, OfNumber(CKO_DATA));
      Add(list, memory, CKA_VALUE, random.Some(random.Below(64)));
      break;
    case 1:
      Add(list, memory, CKA_CLASS, OfNumber(CKO_CERTIFICATE));
      Add(list, memory, CKA_CERTIFICATE_TYPE, OfNumber(random.Below(3)));
      Add(list, memory, CKA_SUBJECT, random.Some(20));
      Add(list, memory, CKA_VALUE, random.Some(64));
      break;
    case 2:
      Kind(list, memory, CKO_SECRET_KEY, CKK_AES);
      Add(list, memory, CKA_VALUE, random.Some(8 * (1 + random.Below(5))));
      break;
    case 3:
      Kind(list, memory, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
      Add(list, memory, CKA_VALUE, random.Some(random.Below(260)));
      break;
    case 4:
      Kind(list, memory, CKO_PUBLIC_KEY, CKK_EC);
      Add(list, memory, CKA_EC_PARAMS, OctetsOf(kP256));
      Add(list, memory, CKA_EC_POINT, subjects.point);
      break;
    case 5:
      Kind(list, memory, CKO_PRIVATE_KEY, CKK_EC);
      Add(list, memory, CKA_EC_PARAMS, OctetsOf(kP256));
      Add(list, memory, CKA_VALUE, random.Some(32));
      break;
    default:
      Kind(list, memory, CKO_PUBLIC_KEY, CKK_RSA);
      Add(list, memory, CKA_MODULUS, subjects.modulus);
      Add(list, memory, CKA_PUBLIC_EXPONENT, OctetsOf(kExponent));
      break;
  }
  return list;
}

List Begin(Random& random, Memory& memory, const Subjects& subjects, TemplateUse use,
           unsigned kind) {
  List list;
  switch (use) {
    case TemplateUse::kCreate:
      return NewObject(random, memory, subjects);
    case TemplateUse::kSecretKey:
      if (random.Chance(800)) Kind(list, memory, CKO_SECRET_KEY, CKK_AES);
      if (random.Chance(600)) Add(list, memory, CKA_VALUE_LEN, OfNumber(random.Pick(kSecretBytes)));
      break;
    case TemplateUse::kPublicHalf:
      if (kind == CKK_EC) {
        Add(list, memory, CKA_EC_PARAMS, OctetsOf(kP256));
      } else {
        Add(list, memory, CKA_MODULUS_BITS, OfNumber(random.Pick(kRsaBits)));
        Add(list, memory, CKA_PUBLIC_EXPONENT, OctetsOf(kExponent));
      }
      break;
    case TemplateUse::kPrivateHalf:
      if (random.Chance(300)) Kind(list, memory, CKO_PRIVATE_KEY, kind);
      break;
    case TemplateUse::kChange:
      Add(list, memory, CKA_LABEL, Octets(random.Below(20), 'c'));
      break;
    case TemplateUse::kSearch:
      Add(list, memory, CKA_CLASS, OfNumber(random.Below(5)));
      break;
  }
  return list;
}

void SpoilOne(List& list, Random& random, Memory& memory) {
  if (list.empty()) return AddAny(list, random, memory);
  const auto at = static_cast<std::ptrdiff_t>(random.Below(list.size()));
  CK_ATTRIBUTE& one = list[static_cast<std::size_t>(at)];
  switch (random.Below(9)) {
    case 0:
      one.pValue = nullptr;
      break;
    case 1:
      one.ulValueLen = DrawHugeLength(random);
      break;
    case 2:
      one.ulValueLen += one.type & CKF_ARRAY_ATTRIBUTE ? 0 : random.Below(8);
      break;
    case 3:
      if (one.ulValueLen <= kTooMany) one.ulValueLen = random.Below(one.ulValueLen + 1);
      break;
    case 4:
      list.erase(list.begin() + at);
      break;
    case 5:
      list.push_back(CK_ATTRIBUTE(one));
      break;
    case 6:  // the value of another; what is read as a template has to be one
      if ((one.type & CKF_ARRAY_ATTRIBUTE) == 0) {
        one.type = AllAttributes()[random.Below(AllAttributes().size())].type;
        if ((one.type & CKF_ARRAY_ATTRIBUTE) != 0) one.ulValueLen = 1;
      }
      break;
    case 7:
      Add(list, memory, random.Pick(kUnknownTypes), {});
      break;
    default:
      if ((one.type & CKF_ARRAY_ATTRIBUTE) == 0) {
        std::ranges::fill(
            std::span(static_cast<CK_BYTE*>(one.pValue),
                      one.pValue == nullptr ? 0 : std::min<CK_ULONG>(one.ulValueLen, 8)),
            CK_BYTE{0xff});
      }
      break;
  }
}

Template Finished(const List& list, Memory& memory) {
  const auto* octets = reinterpret_cast<const CK_BYTE*>(list.data());
  CK_BYTE* kept = memory.Keep(Octets(octets, octets + list.size() * sizeof(CK_ATTRIBUTE)));
  return {reinterpret_cast<CK_ATTRIBUTE*>(kept), list.size()};
}

}  // namespace

Template DrawTemplate(Random& random, Memory& memory, const Subjects& subjects, TemplateUse use,
                      unsigned kind, bool spoil) {
  List list = Begin(random, memory, subjects, use, kind);
  if (!spoil) return Finished(list, memory);
  if (random.Chance(3)) return {nullptr, 1 + random.Below(9)};
  if (random.Chance(3)) return {Finished(list, memory).list, DrawHugeLength(random)};
  if (random.Chance(2)) {
    list.resize(kTooMany, {CKA_LABEL, nullptr, 0});
    return Finished(list, memory);
  }
  for (auto left = random.Below(4); left != 0; --left) AddAny(list, random, memory);
  for (auto left = random.Chance(500) ? 1 + random.Below(2) : 0; left != 0; --left) {
    SpoilOne(list, random, memory);
  }
  std::ranges::shuffle(list, std::mt19937_64(random.Number()));
  return Finished(list, memory);
}

Template DrawQuery(Random& random, Memory& memory) {
  if (random.Chance(3)) return {nullptr, 1 + random.Below(9)};
  List list;
  for (auto left = random.Below(6); left != 0; --left) {
    const auto rows = AllAttributes();
    CK_ATTRIBUTE one{rows[random.Below(rows.size())].type, nullptr, 0};
    if (random.Chance(80)) one.type = random.Pick(kUnknownTypes);
    if (random.Chance(700)) {
      // A template is read into entries, which say themselves what they have room for: none.
      const bool nested = (one.type & CKF_ARRAY_ATTRIBUTE) != 0;
      one.ulValueLen = nested ? sizeof(CK_ATTRIBUTE) * random.Below(3) : random.Below(300);
      one.pValue = memory.Room(one.ulValueLen);
      if (nested) std::memset(one.pValue, 0, one.ulValueLen);
    } else if (random.Chance(200)) {
      one.ulValueLen = DrawHugeLength(random);
    }
    list.push_back(one);
  }
  return Finished(list, memory);
}

std::string Describe(const Template& attributes) {
  if (attributes.list == nullptr) return "(NULL, " + std::to_string(attributes.count) + ")";
  if (attributes.count > kTooMany) return "(list, " + std::to_string(attributes.count) + ")";
  std::ostringstream text;
  text << "[" << attributes.count << ":";
  for (CK_ULONG i = 0; i < std::min<CK_ULONG>(attributes.count, 16); ++i) {
    const CK_ATTRIBUTE& one = attributes.list[i];
    const AttributeRow* row = FindAttribute(one.type);
    text << " " << (row == nullptr ? "0x" : row->name);
    if (row == nullptr) text << std::hex << one.type << std::dec;
    text << "=(" << (one.pValue == nullptr ? "NULL," : "") << one.ulValueLen << ")";
    if (one.pValue == nullptr || one.ulValueLen > 40) continue;
    const auto* octets = static_cast<const CK_BYTE*>(one.pValue);
    text << std::hex;
    for (CK_ULONG k = 0; k < one.ulValueLen; ++k) text << " " << static_cast<unsigned>(octets[k]);
    text << std::dec;
  }
  text << "]";
  return text.str();
}

}  // namespace gw::stack

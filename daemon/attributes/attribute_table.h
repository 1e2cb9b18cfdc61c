// Room: attributes. One row per CKA_: what its value looks like, which objects have it, who may
// give it, what it is when nobody does, who may see and change it, and whether the HSM knows it.
// Templates, reads, searches and changes are decided by these rows; a new attribute is a new row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "daemon/attributes/object_kind.h"
#include "daemon/core/ck.h"

namespace gw {

// For what a template was given.
enum class Purpose : std::uint8_t {
  kGenerate,  // C_GenerateKey, C_GenerateKeyPair
  kUnwrap,
  kDerive,
  kCreate,  // C_CreateObject
  kCopy,    // C_CopyObject
  kSet,     // C_SetAttributeValue
};

using PurposeSet = std::uint8_t;

template <typename... Purposes>
constexpr PurposeSet PurposesOf(Purposes... purposes) {
  return static_cast<PurposeSet>((0U | ... | (1U << static_cast<unsigned>(purposes))));
}
constexpr bool Contains(PurposeSet set, Purpose purpose) {
  return (set & PurposesOf(purpose)) != 0;
}

enum class ValueKind : std::uint8_t {
  kBool,        // one octet, 0 or 1
  kUlong,       // CK_ULONG in native order
  kBytes,       // anything
  kBigInteger,  // big-endian, unsigned
  kText,        // UTF-8 without terminator, not checked
  kDate,        // CK_DATE "YYYYMMDD", or empty
  kUlongArray,  // whole CK_ULONGs
  kTemplate,    // an attribute list, encoded as core/attribute_codec.h does
};

// The value of an attribute that nobody gave.
enum class Fallback : std::uint8_t {
  kNone,   // computed elsewhere, or the object has none
  kEmpty,  // zero octets
  kFalse,
  kTrue,
  kZero,
  kUsage,  // by algorithm: UsageOf()
  kSha1,   // CKM_SHA_1
};

enum class ChangeRule : std::uint8_t {
  kNever,
  kOnCopy,  // only while copying
  kFree,
  kToFalse,          // TRUE -> FALSE only
  kToTrue,           // FALSE -> TRUE only
  kToTrueByOfficer,  // TRUE only by the security officer, FALSE by everybody
};

enum class HsmPart : std::uint8_t {
  kNone,           // host only
  kNumber,         // sent when a key is made, fixed afterwards
  kPublicNumber,   // the same, in the public half of a pair
  kUsage,          // boolean of the key blob, where UsageOf() says kAsked or kGranted
  kBoolean,        // boolean of the key blob, always sent
  kBooleanIfTrue,  // boolean of the key blob that older firmware may not know: sent when TRUE
};

struct AttributeRow {
  CK_ATTRIBUTE_TYPE type;
  std::string_view name;
  ValueKind value;
  KindSet applies;   // objects that have the attribute
  PurposeSet given;  // templates that may hold it
  Fallback fallback;
  KindSet sensitive;  // objects whose value of it never leaves
  ChangeRule change;
  KindSet changeable;  // objects to which `change` refers; for others it is kNever
  HsmPart hsm;
  PurposeSet sent;  // templates to the HSM that hold it
};

// nullptr: not an attribute of ours. Rows live for ever, sorted by type.
const AttributeRow* FindAttribute(CK_ATTRIBUTE_TYPE type);
std::span<const AttributeRow> AllAttributes();

// True for the booleans that are part of the key blob of such an object, so that a change needs the
// HSM.
bool IsInBlob(const AttributeRow& row, ObjectKind kind);

// For logs and tools: "CKA_LABEL"; "unknown attribute" for a number without a row.
std::string_view NameOfAttribute(CK_ATTRIBUTE_TYPE type);

}  // namespace gw

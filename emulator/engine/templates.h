// Room: emulator/engine. Attribute templates: what they may say, and the attribute bits that come
// out of them.
#pragma once

#include <optional>

#include "daemon/core/result.h"
#include "emulator/blob/key.h"
#include "emulator/mechanism.h"

namespace gw::emulator {

// How a key comes into being decides what a silent template means.
enum class Origin : std::uint8_t { kGenerated, kUnwrapped, kDerived };

// Every value is of the type that its attribute has; attributes that only the HSM sets, and clear
// key values, are refused. Attributes nobody here knows are ignored, as the card does.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT
Status CheckTemplate(const AttributeMap& attributes);

// Values of a checked template.
std::optional<std::uint64_t> NumberIn(const AttributeMap& attributes, CK_ATTRIBUTE_TYPE type);
std::optional<Bytes> BytesIn(const AttributeMap& attributes, CK_ATTRIBUTE_TYPE type);
// CKA_PUBLIC_EXPONENT comes as an integer or as octets.
std::optional<Bytes> BigNumberIn(const AttributeMap& attributes, CK_ATTRIBUTE_TYPE type);

// CKA_CLASS and CKA_KEY_TYPE, where given, must be these.
//   errors  CKR_TEMPLATE_INCONSISTENT
Status RequireKind(const AttributeMap& attributes, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type);

// The curve that CKA_EC_PARAMS names; null if it is missing or names none.
const CurveRow* CurveIn(const AttributeMap& attributes);
// CKA_EC_PARAMS and CKA_IBM_PQC_PARAMS, where given, must be those of `pkey`.
//   errors  CKR_CURVE_NOT_SUPPORTED, CKR_TEMPLATE_INCONSISTENT
Status RequireParams(const AttributeMap& attributes, const PKey& pkey);

// The attribute bits of a new key.
//   curve   of an EC key, else null; null with CKK_EC counts as a Weierstrass curve
//   errors  CKR_TEMPLATE_INCONSISTENT  a right that keys of this class and type cannot have
Result<AttributeBits> BitsOf(const AttributeMap& attributes, CK_OBJECT_CLASS object_class,
                             CK_KEY_TYPE type, Origin origin, const CurveRow* curve = nullptr);

}  // namespace gw::emulator

// Room: attributes. Single values: are they well formed, and what is their canonical form.
#pragma once

#include "daemon/attributes/attribute_table.h"
#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw {

// Width and range of one value in a template.
//   depth   nesting of the template that holds it; 0 for the application's own
//   errors  CKR_ATTRIBUTE_VALUE_INVALID, and for nested templates CKR_ATTRIBUTE_TYPE_INVALID
Status CheckValue(const AttributeRow& row, ByteView value, int depth);

// Big-endian integers: the shortest form. Zero becomes no octets at all.
ByteView WithoutLeadingZeros(ByteView number);
// Bits of a big-endian integer.
std::size_t BitsOf(ByteView number);

// An encoded CKA_WRAP_TEMPLATE and the like; zero octets are an empty list.
Result<AttributeList> NestedList(ByteView value);

}  // namespace gw

// Room: core. An attribute list as bytes, for the keystore and for nested lists. Big-endian, so
// that a keystore can move between hosts: u32 count, then per attribute u64 type, u32 length,
// value; CK_ULONGs (and the array in CKA_ALLOWED_MECHANISMS) are stored as u64 big-endian whatever
// the host is.
#pragma once

#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"

namespace gw {

// True for attributes whose value is one CK_ULONG (CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE_LEN, ...).
bool IsUlongAttribute(CK_ATTRIBUTE_TYPE type);

// True for attributes whose value is an attribute list (CKA_WRAP_TEMPLATE and its like).
bool IsTemplateAttribute(CK_ATTRIBUTE_TYPE type);

Bytes EncodeAttributes(const AttributeList& list);

// errors  CKR_DEVICE_ERROR  truncated, left-over bytes, or more than 4096 attributes
Result<AttributeList> DecodeAttributes(ByteView bytes);

}  // namespace gw

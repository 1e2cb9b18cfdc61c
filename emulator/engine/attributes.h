// Room: emulator/engine. Attributes of a key in its blob: read, and changed by making another blob.
#pragma once

#include <vector>

#include "emulator/engine/card.h"

namespace gw::emulator {

// Everything that can be said about a key without a secret; what KeyBlob.Attributes carries.
AttributeMap DescribeKey(const Card& card, const Key& key);

//   errors  those of Card::Open(); CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID;
//           CKR_ARGUMENTS_BAD for CKA_IBM_NEVER_MODIFIABLE, as cards have been seen to answer
Result<AttributeMap> ReadAttributes(Card& card, ByteView blob,
                                    const std::vector<CK_ATTRIBUTE_TYPE>& wanted);

// The replacement blob. The old one stays what it was.
//   errors  those of Card::Open(); CKR_ACTION_PROHIBITED for a key that is not modifiable;
//   CKR_ATTRIBUTE_READ_ONLY,
//           CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT
Result<Bytes> ChangeAttributes(Card& card, ByteView blob, const AttributeMap& changes);

}  // namespace gw::emulator

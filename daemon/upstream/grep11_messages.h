// Room: upstream. May include: core, mechanism. Domain types to protobuf messages and back: the one
// place that knows both. Included by grep11_client.cc and tests alone.
#pragma once

#include <grep11.pb.h>

#include <string>

#include "daemon/core/attribute_list.h"
#include "daemon/core/bytes.h"
#include "daemon/core/key_blob.h"
#include "daemon/core/result.h"
#include "daemon/mechanism/mechanism.h"

namespace gw {

using AttributeMap = google::protobuf::Map<std::uint64_t, grep11::AttributeValue>;

// Writes into a message that may have been used before: what it does not set is cleared.
void FillMechanism(const Mechanism& from, grep11::Mechanism* to);
void FillKey(const KeyBlob& from, grep11::KeyBlob* to);

// The attributes that may travel in a template, typed as the service expects them (wire sheet 3.2).
// Those that only the HSM sets, and clear key values, are left out; unknown ones go as bytes.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  a boolean or number that is not of its width
Status FillTemplate(const AttributeList& from, AttributeMap* to);

// CKG_ and CKD_ numbers of IBM have bit 31 set, which no protobuf enum can carry: there it is bit
// 23 (wire sheet 2.3).
int ProtoEnumOf(CK_ULONG value);

inline void Assign(ByteView from, std::string* to) { *to = TextOf(from); }

// The blob of a new key: the raw field, or the KeyBlob message if a server fills only that one.
// Empty: neither.
KeyBlob TakeKey(const std::string& raw, const grep11::KeyBlob& message);
// TakeKey() would give a blob.
bool HoldsKey(const std::string& raw, const grep11::KeyBlob& message);

}  // namespace gw

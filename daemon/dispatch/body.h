// Room: dispatch. The building blocks of frame bodies (proto/wire/WIRE.md) as domain types, both
// ways. Reading never throws and never reads past the frame: a broken body leaves the Reader
// failed, and the caller asks AtEnd() when it has read everything.
#pragma once

#include <optional>
#include <vector>

#include "daemon/core/attribute_list.h"
#include "daemon/dispatch/reply_buffer.h"
#include "daemon/mechanism/mechanism.h"
#include "daemon/ops/objects.h"
#include "daemon/ops/output.h"
#include "daemon/ops/users.h"
#include "proto/wire/codec.h"

namespace gw {

// The view borrows the frame.
ByteView ReadBytes(wire::Reader& body);
ops::Capacity ReadCapacity(wire::Reader& body);
Mechanism ReadMechanism(wire::Reader& body);
// nullopt: the application passed a NULL mechanism, which cancels.
std::optional<Mechanism> ReadOptionalMechanism(wire::Reader& body);
// An attribute that is given twice counts once, the last one wins (behaviour A11). Nested lists
// become the encoding of core/attribute_codec.h.
// `repeated`, if it is not null, gets the types that were given with more than one value.
AttributeList ReadAttributes(wire::Reader& body,
                             std::vector<CK_ATTRIBUTE_TYPE>* repeated = nullptr);
std::vector<ops::WantedValue> ReadWanted(wire::Reader& body);
// u8, 0 or 1.
bool ReadFlag(wire::Reader& body);
// What the ...Init functions with a key share.
struct InitBody {
  std::optional<Mechanism> mechanism;
  ObjectHandle key{};
};
InitBody ReadInit(wire::Reader& body);
ops::Pin ReadSecret(wire::Reader& body);

void WriteText(ReplyWriter& reply, std::string_view text);
void WriteOutput(ReplyWriter& reply, const ops::Output& output);
// Writes all of `numbers` or, if they do not fit or were not asked for, only how many there are.
// Returns the CK_RV.
CK_RV WriteNumbers(ReplyWriter& reply, const std::vector<CK_ULONG>& numbers,
                   ops::Capacity capacity);
void WriteValues(ReplyWriter& reply, const ops::FoundValues& found);

}  // namespace gw

// Room: emulator/control. Master key rotation by hand: what an operator does with a key ceremony on
// the real thing.
#pragma once

#include "emulator/blob/master_keys.h"
#include "emulator/http/http_server.h"

namespace gw::emulator {

// All answer with the registers as they are then: {"current": WKID, "next": WKID or null,
// "committed": bool}; status 409 and a text if the step is not possible.
HttpReply ShowMasterKeys(MasterKeyRegisters& registers);
// `body`: 64 hex digits, or nothing for a random key. Status 400 for anything else.
HttpReply StageMasterKey(MasterKeyRegisters& registers, const std::string& body);
HttpReply CommitMasterKey(MasterKeyRegisters& registers);
HttpReply ActivateMasterKey(MasterKeyRegisters& registers);
HttpReply ClearMasterKey(MasterKeyRegisters& registers);

}  // namespace gw::emulator

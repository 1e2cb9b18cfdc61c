// Room: sealing. May include: core, localcrypto, token. Touches nothing. What the records of an
// application say, and their octets before they are sealed.
#pragma once

#include <variant>

#include "daemon/core/result.h"
#include "daemon/token/application.h"

namespace gw {

// Record 1: for whom the application was made.
struct OwnerRecord {
  Owner owner;
};

struct SessionRecord {
  SessionHandle handle{};
  SlotId slot{};
  bool read_write = false;
};

struct LoginRecord {
  SlotId slot{};
  UserState user = UserState::kAnonymous;
  std::uint32_t generation = 0;
  SecretBytes api_key;  // empty without IAM
};

// A session object; Object::number, version, slot, owner, attributes and key count.
struct ObjectRecord {
  Object object;
};

using ApplicationRecord = std::variant<OwnerRecord, SessionRecord, LoginRecord, ObjectRecord>;

// The content is secret as soon as it holds an API key.
SecretBytes EncodeRecord(const ApplicationRecord& record);

// Octets that were sealed here, so anything unsound is of another version of the daemon.
//   errors  CKR_ENCRYPTED_DATA_INVALID
Result<ApplicationRecord> DecodeRecord(ByteView octets);

}  // namespace gw

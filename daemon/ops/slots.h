// Room: ops. PKCS #11 v2.40 5.4 and 5.5: what the library, the slots and the tokens are.
#pragma once

#include <string>

#include "daemon/ops/call_scope.h"

namespace gw::ops {

struct Version {
  Byte major;
  Byte minor;
};

struct Info {
  Version cryptoki;
  std::string manufacturer;
  std::string description;
  Version library;
};
Info GetInfo(const Services& services);

// The slots that the application may use, ascending. Each has its token: an HSM that is away
// answers with errors, it does not vanish.
std::vector<CK_ULONG> GetSlotList(const Services& services, const ApplicationPtr& application);

struct SlotInfo {
  std::string description;
  std::string manufacturer;
  CK_FLAGS flags;
};
// errors  CKR_SLOT_ID_INVALID
Result<SlotInfo> GetSlotInfo(const Services& services, const ApplicationPtr& application,
                             SlotId slot);

// The next slot whose HSM does not answer any more, or does again, of which the application has not
// been told. While somebody asks, the HSM is asked too (token/hsm_watch.h), so that it is noticed.
// The flags of a slot stay the same: applications go on when the HSM is back.
//   errors  CKR_NO_EVENT
Awaitable<Result<SlotId>> NextSlotEvent(Services& services, const ApplicationPtr& application);

struct TokenInfo {
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string serial_number;
  CK_FLAGS flags;
  CK_ULONG max_sessions, sessions, max_read_write_sessions, read_write_sessions;
  CK_ULONG max_pin_bytes, min_pin_bytes;
};
// errors  CKR_SLOT_ID_INVALID
// source  behaviour R61, R70, R81; needs no login and asks no HSM
Result<TokenInfo> GetTokenInfo(const Services& services, const ApplicationPtr& application,
                               SlotId slot);

// What the HSM offers and we know, with what we compute here; asked once. While the HSM cannot be
// asked, all we know. errors  CKR_SLOT_ID_INVALID
Awaitable<Result<std::vector<CK_ULONG>>> GetMechanismList(Services& services,
                                                          const ApplicationPtr& application,
                                                          SlotId slot, Deadline deadline);

struct MechanismInfo {
  CK_ULONG min_key_size;
  CK_ULONG max_key_size;
  CK_FLAGS flags;
};
// errors  CKR_SLOT_ID_INVALID, CKR_MECHANISM_INVALID
Awaitable<Result<MechanismInfo>> GetMechanismInfo(Services& services,
                                                  const ApplicationPtr& application, SlotId slot,
                                                  CK_MECHANISM_TYPE type, Deadline deadline);

}  // namespace gw::ops

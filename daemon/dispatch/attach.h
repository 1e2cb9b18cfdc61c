// Room: dispatch. The Attach frame of proto/wire/WIRE.md.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/dispatch/reply_buffer.h"
#include "daemon/sealing/record_keeper.h"
#include "proto/wire/codec.h"

namespace gw {

// Borrows the frame.
struct AttachRequest {
  std::uint16_t version_min = 0;
  std::uint16_t version_max = 0;
  std::string_view shim_version;
  std::string_view profile;
  std::uint8_t ulong_bytes = 0;
  std::uint32_t features = 0;
  wire::Manner manner = wire::Manner::kBegin;
  ByteView application;
  std::vector<SealedRecord> records;

  ApplicationId id() const;
  bool VersionFits() const;
};

// False: the frame is not an Attach of the protocol.
bool ReadAttach(wire::Reader& body, AttachRequest& request);

// Says once for each value of EP11CLIENT_CFG that gateway.profiles does not name it.
class UnknownProfiles {
 public:
  void Tell(const GatewayConfig& gateway, const Application& application);

 private:
  std::set<std::string, std::less<>> told_;
};

// Updates at the end of a reply, and their length last.
void WriteUpdates(ReplyBuffer& reply, const std::vector<RecordUpdate>& updates);

}  // namespace gw

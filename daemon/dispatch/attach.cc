// Room: dispatch.
#include "daemon/dispatch/attach.h"

#include "daemon/core/log.h"
#include "daemon/dispatch/body.h"

namespace gw {
namespace {

constexpr std::size_t kLeastRecordBytes = 4 + 4;
constexpr std::size_t kMostToldOf = 64;  // values are the applications' to choose

// "version" or "version", zero, "profile".
bool ReadShim(std::string_view shim, AttachRequest& request) {
  const std::size_t end = shim.find('\0');
  request.shim_version = shim.substr(0, end);
  if (end != std::string_view::npos) request.profile = shim.substr(end + 1);
  return request.profile.size() <= wire::kMaxProfileBytes;
}

// Which of the two an Attach has, by its manner.
bool PartsFit(const AttachRequest& request) {
  const bool has_id = request.application.size() == wire::kApplicationIdBytes;
  const bool has_records = !request.records.empty();
  switch (request.manner) {
    case wire::Manner::kBegin:
      return request.application.empty() && !has_records;
    case wire::Manner::kJoin:
      return has_id && !has_records;
    case wire::Manner::kRestore:
    case wire::Manner::kClone:
      return has_id && has_records;
  }
  return false;
}

}  // namespace

ApplicationId AttachRequest::id() const {
  ApplicationId id{};
  if (application.size() == id.size()) std::ranges::copy(application, id.begin());
  return id;
}

bool AttachRequest::VersionFits() const {
  return version_min <= wire::kVersionMax && version_max >= wire::kVersionMin &&
         version_min <= version_max;
}

// What the shim accepts of record numbers is what the applications give.
static_assert(wire::kMaxRecords == kMaxRecord);

bool ReadAttach(wire::Reader& body, AttachRequest& request) {
  if (body.U32() != wire::kAttachMagic) return false;
  request.version_min = body.U16();
  request.version_max = body.U16();
  if (!ReadShim(TextOf(ReadBytes(body)), request)) return false;
  request.ulong_bytes = body.U8();
  request.features = body.U32();
  request.manner = wire::Manner{body.U8()};
  request.application = ReadBytes(body);
  const std::uint32_t count = body.Count(wire::kMaxRecords, kLeastRecordBytes);
  request.records.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t number = body.U32();
    request.records.push_back({number, ReadBytes(body)});
  }
  return body.AtEnd() && PartsFit(request);
}

void UnknownProfiles::Tell(const GatewayConfig& gateway, const Application& application) {
  const std::string& profile = application.profile;
  if (profile.empty() || gateway.profile_slots.contains(profile)) return;
  if (told_.size() >= kMostToldOf || !told_.insert(profile).second) return;
  log::Warn(
      "process {} (uid {}) has EP11CLIENT_CFG={}, which no gateway.profiles names, so it sees all "
      "slots; give it a profile with this ep11client_cfg and its slots, or unset the variable",
      application.peer().pid, application.peer().uid, profile);
}

void WriteUpdates(ReplyBuffer& reply, const std::vector<RecordUpdate>& updates) {
  const std::size_t before = reply.octets().size();
  ReplyWriter writer(reply);
  writer.U32(static_cast<std::uint32_t>(updates.size()));
  for (const RecordUpdate& update : updates) {
    writer.U32(update.number);
    writer.U64(update.version);
    writer.Bytes(update.octets.data(), update.octets.size());
  }
  writer.U32(static_cast<std::uint32_t>(reply.octets().size() - before));
}

}  // namespace gw

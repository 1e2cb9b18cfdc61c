// Room: emulator/control.
#include "emulator/control/control_endpoint.h"

#include <algorithm>
#include <array>

#include "emulator/control/master_key_page.h"

namespace gw::emulator {
namespace {

HttpReply Text(std::string body, unsigned status = 200) {
  HttpReply reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(body);
  return reply;
}

}  // namespace

std::span<const ControlEndpoint::RouteRow> ControlEndpoint::Routes() {
  static constexpr auto kRoutes = std::to_array<RouteRow>({
      {"GET", "/health", &ControlEndpoint::Health},
      {"GET", "/counters", &ControlEndpoint::CountersAsText},
      {"GET", "/counters.json", &ControlEndpoint::CountersAsJson},
      {"POST", "/counters/reset", &ControlEndpoint::ResetCounters},
      {"POST", "/faults", &ControlEndpoint::SetFaults},
      {"GET", "/master-key", &ControlEndpoint::MasterKeys},
      {"POST", "/master-key/stage", &ControlEndpoint::StageKey},
      {"POST", "/master-key/commit", &ControlEndpoint::CommitKey},
      {"POST", "/master-key/activate", &ControlEndpoint::ActivateKey},
      {"POST", "/master-key/clear", &ControlEndpoint::ClearKey},
  });
  return kRoutes;
}

HttpReply ControlEndpoint::Handle(const HttpRequest& request) {
  bool path_exists = false;
  for (const RouteRow& row : Routes()) {
    if (row.path != request.path) continue;
    if (row.method == request.method) return (this->*row.route)(request);
    path_exists = true;
  }
  if (path_exists) return Text("another method is needed here\n", 405);
  std::string listing = "there is:\n";
  for (const RouteRow& row : Routes()) {
    listing += std::string(row.method) + " " + std::string(row.path) + "\n";
  }
  return Text(listing, 404);
}

HttpReply ControlEndpoint::Health(const HttpRequest&) { return Text("ok\n"); }

HttpReply ControlEndpoint::CountersAsText(const HttpRequest&) {
  return Text(CountersText(counters_.Read()));
}

HttpReply ControlEndpoint::CountersAsJson(const HttpRequest&) {
  HttpReply reply;
  reply.body = CountersJson(counters_.Read());
  return reply;
}

HttpReply ControlEndpoint::ResetCounters(const HttpRequest&) {
  counters_.Reset();
  return Text("ok\n");
}

HttpReply ControlEndpoint::SetFaults(const HttpRequest& request) {
  const std::vector<std::string> complaints = ApplyFaults(request.body, targets_);
  if (complaints.empty()) return Text("ok\n");
  std::string body;
  for (const std::string& complaint : complaints) body += complaint + "\n";
  return Text(body, 400);
}

HttpReply ControlEndpoint::MasterKeys(const HttpRequest&) { return ShowMasterKeys(master_keys_); }
HttpReply ControlEndpoint::StageKey(const HttpRequest& request) {
  return StageMasterKey(master_keys_, request.body);
}
HttpReply ControlEndpoint::CommitKey(const HttpRequest&) { return CommitMasterKey(master_keys_); }
HttpReply ControlEndpoint::ActivateKey(const HttpRequest&) {
  return ActivateMasterKey(master_keys_);
}
HttpReply ControlEndpoint::ClearKey(const HttpRequest&) { return ClearMasterKey(master_keys_); }

}  // namespace gw::emulator

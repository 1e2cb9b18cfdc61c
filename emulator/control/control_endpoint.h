// Room: emulator/control. The page behind --control: counters to read, faults to set. Loopback
// only, no authentication.
#pragma once

#include "emulator/blob/master_keys.h"
#include "emulator/control/counters.h"
#include "emulator/control/faults.h"
#include "emulator/http/http_server.h"

namespace gw::emulator {

// GET /health, /counters, /counters.json, /master-key; POST /counters/reset, /faults,
// /master-key/{stage,commit,activate,clear}. docs/emulator.md has the
// formats. Thread: the loop of the server it is given to.
class ControlEndpoint {
 public:
  ControlEndpoint(Counters& counters, const FaultTargets& targets, MasterKeyRegisters& master_keys)
      : counters_(counters), targets_(targets), master_keys_(master_keys) {}

  HttpReply Handle(const HttpRequest& request);

 private:
  using Route = HttpReply (ControlEndpoint::*)(const HttpRequest&);
  struct RouteRow {
    std::string_view method;
    std::string_view path;
    Route route;
  };
  static std::span<const RouteRow> Routes();

  HttpReply Health(const HttpRequest& request);
  HttpReply CountersAsText(const HttpRequest& request);
  HttpReply CountersAsJson(const HttpRequest& request);
  HttpReply ResetCounters(const HttpRequest& request);
  HttpReply SetFaults(const HttpRequest& request);
  HttpReply MasterKeys(const HttpRequest& request);
  HttpReply StageKey(const HttpRequest& request);
  HttpReply CommitKey(const HttpRequest& request);
  HttpReply ActivateKey(const HttpRequest& request);
  HttpReply ClearKey(const HttpRequest& request);

  Counters& counters_;
  const FaultTargets targets_;
  MasterKeyRegisters& master_keys_;
};

}  // namespace gw::emulator

// Room: emulator. All parts, put together and started in order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/clock.h"
#include "emulator/options.h"

namespace gw::emulator {

// Where it can be reached, and what was made because nobody gave it.
struct ReadyInfo {
  std::string grep11;   // "127.0.0.1:9876"
  std::string iam;      // "https://127.0.0.1:9443"
  std::string control;  // "http://127.0.0.1:9870"
  std::string ca_pem;   // of the certificate made at start; empty if one was given
  bool canned_signatures = false;
  std::uint64_t seed = 0;                       // of the chances of faults
  std::map<std::string, std::string> api_keys;  // by name, if made at start
};

// Owned by main() or a test. Start() and Stop() from one thread.
class Emulator {
 public:
  explicit Emulator(const Clock& clock = RealClock());
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  // Checks the options and the files they name, then starts everything. Returns every complaint;
  // empty: it runs.
  std::vector<std::string> Start(const Options& options);
  // Ends running requests, then everything else; ready() still tells where it was. Safe to call
  // twice.
  void Stop();

  const ReadyInfo& ready() const { return ready_; }
  // The ready file's JSON, one line.
  std::string ReadyJson() const;

 private:
  class Parts;

  const Clock& clock_;
  ReadyInfo ready_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gw::emulator

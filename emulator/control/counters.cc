// Room: emulator/control.
#include "emulator/control/counters.h"

#include <nlohmann/json.hpp>

namespace gw::emulator {

Counters::Counters(std::vector<std::string> rpc_names)
    : rpc_names_(std::move(rpc_names)),
      ok_(std::make_unique<std::atomic<std::uint64_t>[]>(rpc_names_.size())) {}

void Counters::CountFailure(std::size_t rpc, std::string_view result) {
  const MutexLock lock(mutex_);
  ++failures_[{rpc, std::string(result)}];
}

void Counters::CountTokenRequest(bool granted) {
  (granted ? token_fetches_ : token_refusals_).fetch_add(1, std::memory_order_relaxed);
}

void Counters::Reset() {
  const MutexLock lock(mutex_);
  for (std::size_t rpc = 0; rpc < rpc_names_.size(); ++rpc) ok_[rpc].store(0);
  connections_.store(0);
  token_fetches_.store(0);
  token_refusals_.store(0);
  canned_signatures_.store(0);
  failures_.clear();
}

Counters::Snapshot Counters::Read() const {
  Snapshot snapshot;
  snapshot.connections = connections_.load();
  snapshot.token_fetches = token_fetches_.load();
  snapshot.token_refusals = token_refusals_.load();
  if (reports_canned_) snapshot.canned_signatures = canned_signatures_.load();
  for (std::size_t rpc = 0; rpc < rpc_names_.size(); ++rpc) {
    const std::uint64_t ok = ok_[rpc].load();
    if (ok != 0) snapshot.by_rpc[rpc_names_[rpc]]["OK"] = ok;
    snapshot.requests += ok;
  }
  const MutexLock lock(mutex_);
  for (const auto& [key, count] : failures_) {
    snapshot.by_rpc[rpc_names_[key.first]][key.second] = count;
    snapshot.requests += count;
  }
  return snapshot;
}

namespace {

std::uint64_t Sum(const std::map<std::string, std::uint64_t>& results) {
  std::uint64_t sum = 0;
  for (const auto& [result, count] : results) sum += count;
  return sum;
}

}  // namespace

std::string CountersText(const Counters::Snapshot& snapshot) {
  std::string text = "requests " + std::to_string(snapshot.requests) + "\n";
  text += "connections " + std::to_string(snapshot.connections) + "\n";
  text += "token_fetches " + std::to_string(snapshot.token_fetches) + "\n";
  text += "token_refusals " + std::to_string(snapshot.token_refusals) + "\n";
  if (snapshot.canned_signatures) {
    text += "canned_signatures " + std::to_string(*snapshot.canned_signatures) + "\n";
  }
  for (const auto& [rpc, results] : snapshot.by_rpc) {
    text += "rpc " + rpc + " " + std::to_string(Sum(results)) + "\n";
  }
  for (const auto& [rpc, results] : snapshot.by_rpc) {
    for (const auto& [result, count] : results) {
      text += "result " + rpc + " " + result + " " + std::to_string(count) + "\n";
    }
  }
  return text;
}

std::string CountersJson(const Counters::Snapshot& snapshot) {
  nlohmann::json json = {
      {"requests", snapshot.requests},           {"connections", snapshot.connections},
      {"token_fetches", snapshot.token_fetches}, {"token_refusals", snapshot.token_refusals},
      {"rpc", nlohmann::json::object()},         {"result", nlohmann::json::object()}};
  if (snapshot.canned_signatures) json["canned_signatures"] = *snapshot.canned_signatures;
  for (const auto& [rpc, results] : snapshot.by_rpc) {
    json["rpc"][rpc] = Sum(results);
    json["result"][rpc] = results;
  }
  return json.dump(1) + "\n";
}

}  // namespace gw::emulator

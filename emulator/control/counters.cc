// Room: emulator/control.
#include "emulator/control/counters.h"

#include <nlohmann/json.hpp>

namespace gw::emulator {

Tally::Tally(std::vector<std::string> names)
    : names_(std::move(names)),
      ok_(std::make_unique<std::atomic<std::uint64_t>[]>(names_.size())) {}

void Tally::CountFailure(std::size_t number, std::string_view result) {
  const MutexLock lock(mutex_);
  ++failures_[{number, std::string(result)}];
}

void Tally::Reset() {
  const MutexLock lock(mutex_);
  for (std::size_t number = 0; number < names_.size(); ++number) ok_[number].store(0);
  failures_.clear();
}

ResultCounts Tally::Read() const {
  ResultCounts counts;
  for (std::size_t number = 0; number < names_.size(); ++number) {
    const std::uint64_t ok = ok_[number].load();
    if (ok != 0) counts[names_[number]]["OK"] += ok;
  }
  const MutexLock lock(mutex_);
  for (const auto& [key, count] : failures_) counts[names_[key.first]][key.second] += count;
  return counts;
}

namespace {

std::uint64_t Sum(const std::map<std::string, std::uint64_t>& results) {
  std::uint64_t sum = 0;
  for (const auto& [result, count] : results) sum += count;
  return sum;
}

}  // namespace

Counters::Counters(std::vector<std::string> rpcs, std::vector<std::string> mechanisms,
                   std::vector<std::string> identities)
    : rpcs_(std::move(rpcs)),
      mechanisms_(std::move(mechanisms)),
      identities_(std::move(identities)) {}

void Counters::CountSuccess(const CountedCall& call) {
  rpcs_.CountSuccess(call.rpc);
  if (call.mechanism) mechanisms_.CountSuccess(*call.mechanism);
  if (call.identity) identities_.CountSuccess(*call.identity);
}

void Counters::CountFailure(const CountedCall& call, std::string_view result) {
  rpcs_.CountFailure(call.rpc, result);
  if (call.mechanism) mechanisms_.CountFailure(*call.mechanism, result);
  if (call.identity) identities_.CountFailure(*call.identity, result);
}

void Counters::CountTokenRequest(bool granted) {
  (granted ? token_fetches_ : token_refusals_).fetch_add(1, std::memory_order_relaxed);
}

void Counters::Reset() {
  for (Tally* tally : {&rpcs_, &mechanisms_, &identities_}) tally->Reset();
  connections_.store(0);
  token_fetches_.store(0);
  token_refusals_.store(0);
  canned_signatures_.store(0);
}

Counters::Snapshot Counters::Read() const {
  Snapshot snapshot;
  snapshot.connections = connections_.load();
  snapshot.token_fetches = token_fetches_.load();
  snapshot.token_refusals = token_refusals_.load();
  if (reports_canned_) snapshot.canned_signatures = canned_signatures_.load();
  snapshot.by_rpc = rpcs_.Read();
  snapshot.by_mechanism = mechanisms_.Read();
  snapshot.by_identity = identities_.Read();
  for (const auto& [rpc, results] : snapshot.by_rpc) snapshot.requests += Sum(results);
  return snapshot;
}

namespace {

void AppendLines(const char* kind, const ResultCounts& counts, std::string& text) {
  for (const auto& [name, results] : counts) {
    for (const auto& [result, count] : results) {
      text += std::string(kind) + " " + name + " " + result + " " + std::to_string(count) + "\n";
    }
  }
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
  AppendLines("result", snapshot.by_rpc, text);
  AppendLines("mechanism", snapshot.by_mechanism, text);
  AppendLines("identity", snapshot.by_identity, text);
  return text;
}

std::string CountersJson(const Counters::Snapshot& snapshot) {
  nlohmann::json json = {
      {"requests", snapshot.requests},           {"connections", snapshot.connections},
      {"token_fetches", snapshot.token_fetches}, {"token_refusals", snapshot.token_refusals},
      {"rpc", nlohmann::json::object()},         {"result", snapshot.by_rpc},
      {"mechanism", snapshot.by_mechanism},      {"identity", snapshot.by_identity}};
  if (snapshot.canned_signatures) json["canned_signatures"] = *snapshot.canned_signatures;
  for (const auto& [rpc, results] : snapshot.by_rpc) json["rpc"][rpc] = Sum(results);
  return json.dump(1) + "\n";
}

}  // namespace gw::emulator

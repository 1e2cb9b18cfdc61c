// Room: emulator/control.
#include "emulator/control/faults.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>

#include "emulator/control/rpc_fault.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;
using Complaints = std::vector<std::string>;
using Effect = std::function<void()>;

constexpr Nanoseconds kSlowIam = std::chrono::seconds(5);

// Everything a key may need to build its effect.
struct Context {
  const FaultTargets& to;
  Complaints& complaints;
};

Effect Complain(Context& c, std::string complaint) {
  c.complaints.push_back(std::move(complaint));
  return {};
}

std::string TextOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

// With "rpc" beside it: of that RPC alone.
Effect LatencyEffect(const Json& object, Context& c) {
  const std::string text = TextOf(object["latency"]);
  Trouble& trouble = c.to.trouble;
  const auto latency = Latency::Parse(text);
  const bool own = object.contains("rpc") && object["rpc"] != "*";
  if (!latency && !(own && text == "default")) {
    return Complain(c, "\"latency\": a text as for --latency is needed");
  }
  if (!own) return [&trouble, latency] { trouble.SetLatency(*latency); };
  const std::string rpc = ReadRpcName(object, c.complaints);
  return [&trouble, latency, rpc] { trouble.SetLatency(rpc, latency); };
}

Effect RateEffect(const Json& object, Context& c) {
  const Json& rate = object["rate"];
  if (!rate.is_number() || rate.get<double>() < 0) {
    return Complain(c, "\"rate\": requests per second, 0 for no limit");
  }
  const auto per_s = rate.get<double>();
  const Json burst = object.value("burst", Json(RateLimit::DefaultBurst(per_s)));
  if (!burst.is_number() || burst.get<double>() < 1) {
    return Complain(c, "\"burst\": requests at once, 1 or more");
  }
  return [&trouble = c.to.trouble, per_s, burst = burst.get<double>()] {
    trouble.rate().SetRate(per_s, burst);
  };
}

Effect BurstEffect(const Json& object, Context& c) {
  if (object.contains("rate")) return {};
  return Complain(c, "\"burst\": goes with \"rate\"");
}

Effect UnitsDownEffect(const Json& object, Context& c) {
  const Json& list = object["units_down"];
  RateLimit& units = c.to.trouble.rate();
  const bool good = list.is_array() && std::ranges::all_of(list, [&units](const Json& number) {
                      return number.is_number_unsigned() && number >= 1 && number <= units.units();
                    });
  if (!good) {
    return Complain(c, "\"units_down\": a list of numbers from 1 to " +
                           std::to_string(units.units()) + "; [] for none");
  }
  return [&units, numbers = list.get<std::vector<std::size_t>>()] { units.SetDown(numbers); };
}

struct IamRow {
  std::string_view text;
  IamMode mode;
};
constexpr IamRow kIamModes[] = {
    {"ok", IamMode::kOk},        {"down", IamMode::kDown},       {"refuse", IamMode::kRefusing},
    {"fail", IamMode::kFailing}, {"garbage", IamMode::kGarbage}, {"slow", IamMode::kSlow},
};

// "slow:2s" and "fail:500" carry a value. Nothing if the text is not understood.
std::optional<IamFault> ReadIamMode(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto row = std::ranges::find(kIamModes, text.substr(0, colon), &IamRow::text);
  if (row == std::end(kIamModes)) return std::nullopt;
  IamFault fault;
  fault.mode = row->mode;
  if (fault.mode == IamMode::kSlow) fault.delay = kSlowIam;
  if (colon == std::string_view::npos) return fault;
  const std::string_view value = text.substr(colon + 1);
  if (fault.mode == IamMode::kSlow) {
    const auto delay = ParseDuration(value);
    fault.delay = delay.value_or(Nanoseconds(0));
    return delay ? std::optional(fault) : std::nullopt;
  }
  const char* const end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, fault.status);
  const bool good = fault.mode == IamMode::kFailing && error == std::errc() && at == end &&
                    fault.status >= 400 && fault.status <= 599;
  return good ? std::optional(fault) : std::nullopt;
}

Effect IamEffect(const Json& object, Context& c) {
  auto fault = ReadIamMode(TextOf(object["iam"]));
  if (!fault) {
    return Complain(c,
                    "\"iam\": one of ok, down, refuse, fail, fail:STATUS, garbage, slow, "
                    "slow:DURATION");
  }
  fault->remaining = ReadCount(object, kUntilCleared, c.complaints);
  return [&trouble = c.to.trouble, fault = *fault] { trouble.SetIam(fault); };
}

Effect SeedEffect(const Json& object, Context& c) {
  if (!object["seed"].is_number_unsigned()) return Complain(c, "\"seed\": a number is needed");
  return
      [&trouble = c.to.trouble, seed = object["seed"].get<std::uint64_t>()] { trouble.Seed(seed); };
}

Effect LifetimeEffect(const Json& object, Context& c) {
  const auto lifetime = ParseDuration(TextOf(object["token_lifetime"]));
  if (!lifetime || *lifetime < std::chrono::seconds(1)) {
    return Complain(c, "\"token_lifetime\": a duration of 1s to 1h is needed");
  }
  return [&tokens = c.to.tokens, lifetime] {
    tokens.SetLifetime(std::chrono::duration_cast<std::chrono::seconds>(*lifetime));
  };
}

// Of the connections to come.
Effect CertificateEffect(const Json& value, const char* key, std::atomic<bool>& expired,
                         Context& c) {
  if (value != "expired" && value != "ok") {
    return Complain(c, "\"" + std::string(key) + "\": expired or ok");
  }
  if (value == "expired" && !c.to.has_expired_certificate) {
    return Complain(
        c, "\"" + std::string(key) + "\": there is no expired one; --tls-expired-cert names it");
  }
  return [&expired, wanted = value == "expired"] { expired.store(wanted); };
}

Effect Grep11CertificateEffect(const Json& object, Context& c) {
  return CertificateEffect(object["certificate"], "certificate",
                           c.to.trouble.grep11_certificate_expired(), c);
}

Effect IamCertificateEffect(const Json& object, Context& c) {
  return CertificateEffect(object["iam_certificate"], "iam_certificate",
                           c.to.trouble.iam_certificate_expired(), c);
}

struct KeyRow {
  std::string_view key;
  Effect (*build)(const Json& object, Context&);
};
constexpr KeyRow kKeys[] = {
    {"latency", LatencyEffect},
    {"rate", RateEffect},
    {"burst", BurstEffect},
    {"units_down", UnitsDownEffect},
    {"iam", IamEffect},
    {"token_lifetime", LifetimeEffect},
    {"certificate", Grep11CertificateEffect},
    {"iam_certificate", IamCertificateEffect},
    {"seed", SeedEffect},
};

// What is done if the value is true.
struct ActRow {
  std::string_view key;
  void (*act)(const FaultTargets&);
};
constexpr ActRow kActs[] = {
    {"clear", [](const FaultTargets& to) { to.trouble.ClearFaults(); }},
    {"revoke_tokens", [](const FaultTargets& to) { to.tokens.RevokeAll(); }},
    {"expire_tokens", [](const FaultTargets& to) { to.tokens.ExpireAll(); }},
    {"drop_connections", [](const FaultTargets& to) { to.connections.DropAll(); }},
    {"goaway", [](const FaultTargets& to) { to.connections.SendGoaway(); }},
};

Effect ActEffect(const ActRow& row, const Json& value, Context& c) {
  if (!value.is_boolean()) return Complain(c, "\"" + std::string(row.key) + "\": true or false");
  if (value == false) return {};
  return [&to = c.to, act = row.act] { act(to); };
}

// "rpc" and "count" also belong to keys that are no fault of an RPC.
bool MakesRpcFault(const Json& object, std::string_view key) {
  if (key == "rpc") return !object.contains("latency");
  if (key == "count") return false;
  return IsRpcFaultKey(key);
}

void ReadObject(const Json& object, Context& c, std::vector<Effect>& effects) {
  if (!object.is_object()) {
    c.complaints.push_back("an object, or a list of objects, is needed");
    return;
  }
  bool makes_fault = false;
  for (const auto& [key, value] : object.items()) {
    const auto row = std::ranges::find(kKeys, std::string_view(key), &KeyRow::key);
    const auto act = std::ranges::find(kActs, std::string_view(key), &ActRow::key);
    if (row != std::end(kKeys)) {
      effects.push_back(row->build(object, c));
    } else if (act != std::end(kActs)) {
      effects.push_back(ActEffect(*act, value, c));
    } else if (MakesRpcFault(object, key)) {
      makes_fault = true;
    } else if (key != "rpc" &&
               !(key == "count" && (object.contains("iam") || object.contains("rpc")))) {
      c.complaints.push_back("unknown key \"" + key + "\"");
    }
  }
  if (!makes_fault) return;
  const RpcFault fault = ReadRpcFault(object, c.complaints);
  effects.push_back([&trouble = c.to.trouble, fault] { trouble.AddFault(fault); });
}

}  // namespace

std::vector<std::string> ApplyFaults(std::string_view text, const FaultTargets& targets) {
  Complaints complaints;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false,
                                /*ignore_comments=*/true);
  if (json.is_discarded()) return {"this is not JSON"};
  Context context{targets, complaints};
  std::vector<Effect> effects;
  for (const Json& object : json.is_array() ? json : Json::array({json})) {
    ReadObject(object, context, effects);
  }
  if (!complaints.empty()) return complaints;
  for (const Effect& effect : effects) {
    if (effect) effect();
  }
  return {};
}

}  // namespace gw::emulator

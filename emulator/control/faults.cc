// Room: emulator/control.
#include "emulator/control/faults.h"

#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "emulator/service/names.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;
using Complaints = std::vector<std::string>;
using Effect = std::function<void()>;

constexpr Nanoseconds kSlowIam = std::chrono::seconds(5);

// Everything a key may need to build its effect.
struct Context {
  Trouble& trouble;
  Tokens& tokens;
  Complaints& complaints;
};

Effect LatencyEffect(const Json& value, Context& c) {
  const auto latency = value.is_string() ? Latency::Parse(value.get<std::string>()) : std::nullopt;
  if (!latency) {
    c.complaints.push_back("\"latency\": a text as for --latency is needed");
    return {};
  }
  return [&trouble = c.trouble, latency] { trouble.SetLatency(*latency); };
}

Effect RateEffect(const Json& value, Context& c) {
  if (!value.is_number() || value.get<double>() < 0) {
    c.complaints.push_back("\"rate\": requests per second, 0 for no limit");
    return {};
  }
  return [&trouble = c.trouble, rate = value.get<double>()] { trouble.rate().SetRate(rate); };
}

Effect IamEffect(const Json& value, Context& c) {
  const std::string text = value.is_string() ? value.get<std::string>() : std::string();
  const bool timed = text.starts_with("slow:");
  const auto delay = timed ? ParseDuration(std::string_view(text).substr(5)) : kSlowIam;
  if (text == "ok") return [&trouble = c.trouble] { trouble.SetIam(IamMode::kOk, Nanoseconds(0)); };
  if (text == "down") {
    return [&trouble = c.trouble] { trouble.SetIam(IamMode::kDown, Nanoseconds(0)); };
  }
  if ((text == "slow" || timed) && delay) {
    return [&trouble = c.trouble, delay] { trouble.SetIam(IamMode::kSlow, *delay); };
  }
  c.complaints.push_back("\"iam\": one of ok, down, slow, slow:DURATION");
  return {};
}

Effect RevokeEffect(const Json& value, Context& c) {
  if (!value.is_boolean()) c.complaints.push_back("\"revoke_tokens\": true or false");
  const bool wanted = value.is_boolean() && value.get<bool>();
  return [&tokens = c.tokens, wanted] {
    if (wanted) tokens.RevokeAll();
  };
}

Effect ClearEffect(const Json& value, Context& c) {
  if (!value.is_boolean()) c.complaints.push_back("\"clear\": true or false");
  const bool wanted = value.is_boolean() && value.get<bool>();
  return [&trouble = c.trouble, wanted] {
    if (wanted) trouble.ClearFaults();
  };
}

struct KeyRow {
  std::string_view key;
  Effect (*build)(const Json&, Context&);
};
constexpr KeyRow kKeys[] = {
    {"latency", LatencyEffect},      {"rate", RateEffect},   {"iam", IamEffect},
    {"revoke_tokens", RevokeEffect}, {"clear", ClearEffect},
};
// These belong together and make one RPC fault.
constexpr std::string_view kFaultKeys[] = {"rpc", "status", "count", "rv", "retry"};

bool IsFaultKey(std::string_view key) {
  return std::ranges::find(kFaultKeys, key) != std::end(kFaultKeys);
}

void ReadStatus(const Json& object, RpcFault& fault, Complaints& complaints) {
  const Json status = object.value("status", Json("UNKNOWN"));
  const auto code = status.is_string() ? GrpcCodeOf(status.get<std::string>()) : std::nullopt;
  if (!code || *code == 0)
    complaints.push_back("\"status\": the name of a gRPC error code is needed");
  fault.grpc_code = code.value_or(0);
}

void ReadRv(const Json& object, RpcFault& fault, Complaints& complaints) {
  const auto at = object.find("rv");
  if (at == object.end()) return;
  if (at->is_number_unsigned() && at->get<std::uint64_t>() != 0) {
    fault.rv = at->get<std::uint64_t>();
  } else if (const auto rv = at->is_string() ? RvOf(at->get<std::string>()) : std::nullopt) {
    fault.rv = *rv;
  } else {
    complaints.push_back("\"rv\": a CKR_ name or number is needed");
  }
}

Effect FaultEffect(const Json& object, Context& c) {
  RpcFault fault;
  const Json rpc = object.value("rpc", Json());
  const bool known = rpc.is_string() && (rpc == "*" || IsRpcName(rpc.get<std::string>()));
  if (!known) c.complaints.push_back("\"rpc\": the name of an RPC, or *");
  if (known) fault.rpc = rpc.get<std::string>();
  ReadStatus(object, fault, c.complaints);
  ReadRv(object, fault, c.complaints);
  const Json count = object.value("count", Json(1U));
  const Json retry = object.value("retry", Json(false));
  if (!count.is_number_unsigned() || count == 0) c.complaints.push_back("\"count\": 1 or more");
  if (!retry.is_boolean()) c.complaints.push_back("\"retry\": true or false");
  if (!c.complaints.empty()) return {};
  fault.remaining = count.get<std::uint64_t>();
  fault.retry = retry.get<bool>();
  return [&trouble = c.trouble, fault] { trouble.AddFault(fault); };
}

void ReadObject(const Json& object, Context& c, std::vector<Effect>& effects) {
  if (!object.is_object()) {
    c.complaints.push_back("an object, or a list of objects, is needed");
    return;
  }
  bool any_fault_key = false;
  for (const auto& [key, value] : object.items()) {
    const auto row = std::ranges::find(kKeys, std::string_view(key), &KeyRow::key);
    if (row != std::end(kKeys)) {
      effects.push_back(row->build(value, c));
    } else if (IsFaultKey(key)) {
      any_fault_key = true;
    } else {
      c.complaints.push_back("unknown key \"" + key + "\"");
    }
  }
  if (any_fault_key) effects.push_back(FaultEffect(object, c));
}

}  // namespace

std::vector<std::string> ApplyFaults(std::string_view text, Trouble& trouble, Tokens& tokens) {
  Complaints complaints;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return {"this is not JSON"};
  Context context{trouble, tokens, complaints};
  std::vector<Effect> effects;
  for (const Json& object : json.is_array() ? json : Json::array({json})) {
    ReadObject(object, context, effects);
  }
  if (!complaints.empty()) return complaints;
  for (const Effect& effect : effects) effect();
  return {};
}

}  // namespace gw::emulator

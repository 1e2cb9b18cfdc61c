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
  ConnectionTrouble& connections;
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

struct IamRow {
  std::string_view text;
  IamMode mode;
};
constexpr IamRow kIamModes[] = {
    {"ok", IamMode::kOk},
    {"down", IamMode::kDown},
    {"refuse", IamMode::kRefusing},
    {"fail", IamMode::kFailing},
};

Effect IamEffect(const Json& value, Context& c) {
  const std::string text = value.is_string() ? value.get<std::string>() : std::string();
  const bool timed = text.starts_with("slow:");
  const auto delay = timed ? ParseDuration(std::string_view(text).substr(5)) : kSlowIam;
  const auto row = std::ranges::find(kIamModes, std::string_view(text), &IamRow::text);
  if (row != std::end(kIamModes)) {
    return [&trouble = c.trouble, mode = row->mode] { trouble.SetIam(mode, Nanoseconds(0)); };
  }
  if ((text == "slow" || timed) && delay) {
    return [&trouble = c.trouble, delay] { trouble.SetIam(IamMode::kSlow, *delay); };
  }
  c.complaints.push_back("\"iam\": one of ok, down, refuse, fail, slow, slow:DURATION");
  return {};
}

// Something that is done if the value is true.
template <void (*kAct)(Context&)>
Effect ActEffect(const Json& value, Context& c) {
  if (!value.is_boolean()) {
    c.complaints.push_back(
        "\"clear\", \"revoke_tokens\", \"goaway\", \"drop_connections\": "
        "true or false");
    return {};
  }
  const bool wanted = value.get<bool>();
  return [context = c, wanted]() mutable {
    if (wanted) kAct(context);
  };
}

void Clear(Context& c) { c.trouble.ClearFaults(); }
void Revoke(Context& c) { c.tokens.RevokeAll(); }
void Drop(Context& c) { c.connections.DropAll(); }
void Goaway(Context& c) { c.connections.SendGoaway(); }

Effect SeedEffect(const Json& value, Context& c) {
  if (!value.is_number_unsigned()) {
    c.complaints.push_back("\"seed\": a number is needed");
    return {};
  }
  return [&trouble = c.trouble, seed = value.get<std::uint64_t>()] { trouble.Seed(seed); };
}

struct KeyRow {
  std::string_view key;
  Effect (*build)(const Json&, Context&);
};
constexpr KeyRow kKeys[] = {
    {"latency", LatencyEffect},
    {"rate", RateEffect},
    {"iam", IamEffect},
    {"seed", SeedEffect},
    {"clear", ActEffect<Clear>},
    {"revoke_tokens", ActEffect<Revoke>},
    {"drop_connections", ActEffect<Drop>},
    {"goaway", ActEffect<Goaway>},
};
// These belong together and make one RPC fault.
constexpr std::string_view kFaultKeys[] = {"rpc",   "status", "count", "rv",
                                           "retry", "reply",  "chance"};

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

struct ReplyRow {
  std::string_view text;
  RpcFault::Kind kind;
};
constexpr ReplyRow kReplies[] = {
    {"drop", RpcFault::Kind::kDropped},
    {"garbage", RpcFault::Kind::kGarbage},
    {"empty", RpcFault::Kind::kEmpty},
    {"huge", RpcFault::Kind::kHuge},
};

// What becomes of an answer that the card has given.
void ReadReply(const Json& reply, RpcFault& fault, Complaints& complaints) {
  const std::string text = reply.is_string() ? reply.get<std::string>() : std::string();
  const auto row = std::ranges::find(kReplies, std::string_view(text), &ReplyRow::text);
  const auto delay =
      text.starts_with("late:") ? ParseDuration(std::string_view(text).substr(5)) : std::nullopt;
  if (row != std::end(kReplies)) {
    fault.kind = row->kind;
  } else if (delay) {
    fault.kind = RpcFault::Kind::kLate;
    fault.delay = *delay;
  } else {
    complaints.push_back("\"reply\": one of drop, garbage, empty, huge, late:DURATION");
  }
}

// A fault with a chance and without a count lasts until it is cleared.
void ReadHowOften(const Json& object, RpcFault& fault, Complaints& complaints) {
  const bool by_chance = object.contains("chance");
  const Json chance = object.value("chance", Json(1.0));
  if (!chance.is_number() || !(chance.get<double>() > 0) || chance.get<double>() > 1) {
    complaints.push_back("\"chance\": more than 0, at most 1");
  } else {
    fault.chance = chance.get<double>();
  }
  const Json count =
      object.value("count", Json(by_chance ? RpcFault::kUntilCleared : std::uint64_t{1}));
  if (!count.is_number_unsigned() || count == 0) {
    complaints.push_back("\"count\": 1 or more");
  } else {
    fault.remaining = count.get<std::uint64_t>();
  }
}

Effect FaultEffect(const Json& object, Context& c) {
  RpcFault fault;
  const Json rpc = object.value("rpc", Json());
  const bool known = rpc.is_string() && (rpc == "*" || IsRpcName(rpc.get<std::string>()));
  if (!known) c.complaints.push_back("\"rpc\": the name of an RPC, or *");
  if (known) fault.rpc = rpc.get<std::string>();
  if (object.contains("reply")) {
    ReadReply(object["reply"], fault, c.complaints);
  } else {
    ReadStatus(object, fault, c.complaints);
    ReadRv(object, fault, c.complaints);
  }
  ReadHowOften(object, fault, c.complaints);
  const Json retry = object.value("retry", Json(false));
  if (!retry.is_boolean()) c.complaints.push_back("\"retry\": true or false");
  if (!c.complaints.empty()) return {};
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

std::vector<std::string> ApplyFaults(std::string_view text, Trouble& trouble, Tokens& tokens,
                                     ConnectionTrouble& connections) {
  Complaints complaints;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return {"this is not JSON"};
  Context context{trouble, tokens, connections, complaints};
  std::vector<Effect> effects;
  for (const Json& object : json.is_array() ? json : Json::array({json})) {
    ReadObject(object, context, effects);
  }
  if (!complaints.empty()) return complaints;
  for (const Effect& effect : effects) effect();
  return {};
}

}  // namespace gw::emulator

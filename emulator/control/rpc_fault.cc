// Room: emulator/control.
#include "emulator/control/rpc_fault.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/service/names.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;
using Complaints = std::vector<std::string>;

constexpr std::string_view kKeys[] = {"rpc", "status", "count", "rv", "retry", "reply", "chance"};

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
    {"drop", RpcFault::Kind::kDropped},  {"garbage", RpcFault::Kind::kGarbage},
    {"empty", RpcFault::Kind::kEmpty},   {"huge", RpcFault::Kind::kHuge},
    {"goaway", RpcFault::Kind::kGoaway}, {"pass", RpcFault::Kind::kPass},
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
    complaints.push_back(
        "\"reply\": one of drop, garbage, empty, huge, goaway, pass, late:DURATION");
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
  fault.remaining = ReadCount(object, by_chance ? kUntilCleared : 1, complaints);
}

}  // namespace

bool IsRpcFaultKey(std::string_view key) {
  return std::ranges::find(kKeys, key) != std::end(kKeys);
}

std::string ReadRpcName(const Json& object, Complaints& complaints) {
  const Json rpc = object.value("rpc", Json());
  const bool known = rpc.is_string() && (rpc == "*" || IsRpcName(rpc.get<std::string>()));
  if (!known) complaints.push_back("\"rpc\": the name of an RPC, or *");
  return known ? rpc.get<std::string>() : std::string();
}

std::uint64_t ReadCount(const Json& object, std::uint64_t otherwise, Complaints& complaints) {
  const Json count = object.value("count", Json(otherwise));
  if (count.is_number_unsigned() && count != 0) return count.get<std::uint64_t>();
  complaints.push_back("\"count\": 1 or more");
  return otherwise;
}

RpcFault ReadRpcFault(const Json& object, Complaints& complaints) {
  RpcFault fault;
  fault.rpc = ReadRpcName(object, complaints);
  if (object.contains("reply")) {
    ReadReply(object["reply"], fault, complaints);
  } else {
    ReadStatus(object, fault, complaints);
    ReadRv(object, fault, complaints);
  }
  for (const char* key : {"status", "rv", "retry"}) {
    if (object.contains("reply") && object.contains(key)) {
      complaints.push_back("\"reply\" and \"" + std::string(key) + "\": a fault is one or other");
    }
  }
  ReadHowOften(object, fault, complaints);
  const Json retry = object.value("retry", Json(false));
  if (!retry.is_boolean()) complaints.push_back("\"retry\": true or false");
  fault.retry = retry == true;
  return fault;
}

}  // namespace gw::emulator

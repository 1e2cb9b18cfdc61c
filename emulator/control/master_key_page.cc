// Room: emulator/control.
#include "emulator/control/master_key_page.h"

#include <nlohmann/json.hpp>

namespace gw::emulator {
namespace {

HttpReply Refusal(unsigned status, const std::string& why) {
  HttpReply reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = why + "\n";
  return reply;
}

HttpReply After(const Status& step, MasterKeyRegisters& registers) {
  return step.ok() ? ShowMasterKeys(registers) : Refusal(409, step.error().detail);
}

}  // namespace

HttpReply ShowMasterKeys(MasterKeyRegisters& registers) {
  const MasterKeysPtr keys = registers.Read();
  nlohmann::json json = {
      {"current", HexOf(keys->current.wkid())}, {"next", nullptr}, {"committed", keys->committed}};
  if (keys->next) json["next"] = HexOf(keys->next->wkid());
  HttpReply reply;
  reply.body = json.dump() + "\n";
  return reply;
}

HttpReply StageMasterKey(MasterKeyRegisters& registers, const std::string& body) {
  if (body.empty()) return After(registers.Stage(MasterKey::Random()), registers);
  auto key = MasterKey::FromText(body);
  if (!key) return Refusal(400, "64 hex digits are needed, or nothing for a random key");
  return After(registers.Stage(*std::move(key)), registers);
}

HttpReply CommitMasterKey(MasterKeyRegisters& registers) {
  return After(registers.Commit(), registers);
}

HttpReply ActivateMasterKey(MasterKeyRegisters& registers) {
  return After(registers.Activate(), registers);
}

HttpReply ClearMasterKey(MasterKeyRegisters& registers) {
  registers.Clear();
  return ShowMasterKeys(registers);
}

}  // namespace gw::emulator

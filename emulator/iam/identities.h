// Room: emulator/iam. Who holds which API key, and what they may do. May touch: the API key file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/iam/actions.h"

namespace gw::emulator {

struct Identity {
  std::string iam_id;
  std::string name;
  ActionSet allowed;
  std::size_t number = 0;  // its place in Identities::Ids()
};
using IdentityPtr = std::shared_ptr<const Identity>;

// Constant after loading. Threads: any.
class Identities {
 public:
  // The JSON text of an API key file: an array of {"apikey", "iam_id", "name", "roles": [...],
  // "actions": [...]}. Everything that is wrong is appended to `complaints`; what is right is
  // loaded.
  static Identities Parse(std::string_view json, std::vector<std::string>& complaints);
  static Identities Load(const std::string& path, std::vector<std::string>& complaints);
  // Three random keys, "so", "normal" and "anonymous", with every right.
  static Identities Random();

  // The iam_id of each, once.
  const std::vector<std::string>& Ids() const { return ids_; }
  // Null if there is none.
  IdentityPtr FindByApiKey(const std::string& api_key) const;
  IdentityPtr FindById(const std::string& iam_id) const;

  // By name; for the ready file when the keys were made at start.
  std::map<std::string, std::string> ApiKeysByName() const;

 private:
  void Add(const std::string& api_key, Identity identity);

  std::map<std::string, IdentityPtr> by_api_key_;
  std::map<std::string, IdentityPtr> by_id_;
  std::vector<std::string> ids_;
};

}  // namespace gw::emulator

// Room: emulator/iam.
#include "emulator/iam/identities.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

using Json = nlohmann::json;

// The entry under examination, so that every complaint says where.
class EntryReader {
 public:
  EntryReader(const Json& entry, std::size_t index, std::vector<std::string>& complaints)
      : entry_(entry), where_("entry " + std::to_string(index)), complaints_(complaints) {}

  void Complain(const std::string& what) {
    complaints_.push_back(where_ + ": " + what);
    good_ = false;
  }

  std::string Text(const char* key, bool required) {
    const auto at = entry_.find(key);
    if (at != entry_.end() && at->is_string() && !at->get_ref<const std::string&>().empty()) {
      return at->get<std::string>();
    }
    if (required || at != entry_.end()) {
      Complain(std::string("\"") + key + "\" must be a text that is not empty");
    }
    return {};
  }

  std::vector<std::string> List(const char* key) {
    const auto at = entry_.find(key);
    if (at == entry_.end()) return {};
    std::vector<std::string> out;
    if (!at->is_array()) Complain(std::string("\"") + key + "\" must be a list");
    for (const Json& item : at->is_array() ? *at : Json::array()) {
      if (item.is_string()) {
        out.push_back(item.get<std::string>());
      } else {
        Complain(std::string("\"") + key + "\" must hold texts");
      }
    }
    return out;
  }

  void RejectUnknownKeys() {
    for (const auto& [key, value] : entry_.items()) {
      static constexpr std::string_view kKnown[] = {"apikey", "iam_id", "name", "roles", "actions"};
      if (std::ranges::find(kKnown, key) == std::end(kKnown))
        Complain("unknown key \"" + key + "\"");
    }
  }

  bool good() const { return good_; }

 private:
  const Json& entry_;
  const std::string where_;
  std::vector<std::string>& complaints_;
  bool good_ = true;
};

ActionSet RightsOf(EntryReader& reader) {
  ActionSet rights;
  for (const std::string& name : reader.List("roles")) {
    if (const RoleRow* role = FindRole(name)) {
      rights = rights | role->actions;
    } else {
      reader.Complain("unknown role \"" + name + "\"");
    }
  }
  for (const std::string& name : reader.List("actions")) {
    if (const ActionRow* action = FindAction(name)) {
      rights = rights | action->action;
    } else if (!IsForeignAction(name)) {
      reader.Complain("unknown action \"" + name + "\"");
    }
  }
  return rights;
}

}  // namespace

Identities Identities::Parse(std::string_view text, std::vector<std::string>& complaints) {
  Identities identities;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array() || json.empty()) {
    complaints.push_back("a JSON list with at least one API key is needed");
    return identities;
  }
  std::size_t index = 0;
  for (const Json& entry : json) {
    EntryReader reader(entry, ++index, complaints);
    if (!entry.is_object()) {
      reader.Complain("must be an object");
      continue;
    }
    const std::string api_key = reader.Text("apikey", true);
    Identity identity{reader.Text("iam_id", true), reader.Text("name", false), RightsOf(reader), 0};
    reader.RejectUnknownKeys();
    if (identities.by_api_key_.contains(api_key))
      reader.Complain("this \"apikey\" was given before");
    if (reader.good()) identities.Add(api_key, std::move(identity));
  }
  return identities;
}

Identities Identities::Load(const std::string& path, std::vector<std::string>& complaints) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    complaints.push_back("cannot be read");
    return {};
  }
  return Parse(text.str(), complaints);
}

Identities Identities::Random() {
  Identities identities;
  for (const char* name : {"so", "normal", "anonymous"}) {
    identities.Add(HexOf(RandomBytes(22)),
                   {std::string("iam-ServiceId-") + name, name, FindRole("manager")->actions, 0});
  }
  return identities;
}

void Identities::Add(const std::string& api_key, Identity identity) {
  // Several keys of one identity: the rights of the newest hold for its tokens.
  const auto known = by_id_.find(identity.iam_id);
  identity.number = known == by_id_.end() ? ids_.size() : known->second->number;
  if (known == by_id_.end()) ids_.push_back(identity.iam_id);
  auto shared = std::make_shared<const Identity>(std::move(identity));
  by_id_[shared->iam_id] = shared;
  by_api_key_[api_key] = shared;
}

IdentityPtr Identities::FindByApiKey(const std::string& api_key) const {
  const auto at = by_api_key_.find(api_key);
  return at == by_api_key_.end() ? nullptr : at->second;
}

IdentityPtr Identities::FindById(const std::string& iam_id) const {
  const auto at = by_id_.find(iam_id);
  return at == by_id_.end() ? nullptr : at->second;
}

std::map<std::string, std::string> Identities::ApiKeysByName() const {
  std::map<std::string, std::string> out;
  for (const auto& [api_key, identity] : by_api_key_) out[identity->name] = api_key;
  return out;
}

}  // namespace gw::emulator

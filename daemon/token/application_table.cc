// Room: token.
#include "daemon/token/application_table.h"

#include "daemon/core/log.h"

namespace gw {

void TokenTable::Add(std::unique_ptr<Token> token) {
  const std::uint64_t slot = ToNumber(token->slot());
  tokens_.emplace(slot, std::move(token));
}

Token* TokenTable::Find(SlotId slot) const {
  const auto at = tokens_.find(ToNumber(slot));
  return at == tokens_.end() ? nullptr : at->second.get();
}

Result<ApplicationPtr> ApplicationTable::Create(ApplicationId id, Peer peer,
                                                std::uint64_t first_session) {
  if (applications_.size() >= limit_) {
    return StateError(CKR_HOST_MEMORY, "as many applications as gateway.limits.connections allows");
  }
  auto application =
      std::make_shared<Application>(id, next_number_++, std::move(peer), first_session);
  applications_.emplace(id, application);
  return application;
}

Result<ApplicationPtr> ApplicationTable::Find(const ApplicationId& id, const Peer& peer) const {
  const auto at = applications_.find(id);
  if (at == applications_.end()) {
    return StateError(CKR_SESSION_HANDLE_INVALID,
                      "application id is not known; the daemon was restarted");
  }
  const Peer& owner = at->second->peer();
  if (owner.uid != peer.uid || owner.pid != peer.pid) {
    log::Warn("process {} (uid {}) presented the application id of process {} (uid {}); refused",
              peer.pid, peer.uid, owner.pid, owner.uid);
    return CallerError(CKR_SESSION_HANDLE_INVALID, "application id belongs to another process");
  }
  return at->second;
}

void ApplicationTable::Remove(Application& application) {
  for (const auto& [slot, token] : tokens_.all()) application.CloseAllSessions(*token);
  applications_.erase(application.id());
}

}  // namespace gw

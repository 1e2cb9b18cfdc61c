// Room: token.
#include "daemon/token/application_table.h"

#include "daemon/core/log.h"

namespace gw {

void TokenTable::Add(std::unique_ptr<Token> token) {
  const std::uint64_t slot = ToNumber(token->slot());
  token->CountIn(epoch_);
  tokens_.emplace(slot, std::move(token));
}

Token* TokenTable::Find(SlotId slot) const {
  const auto at = tokens_.find(ToNumber(slot));
  return at == tokens_.end() ? nullptr : at->second.get();
}

const FirstAnswer* TokenTable::AnswerTo(const RequestId& request) const {
  return tokens_.empty() ? nullptr : tokens_.begin()->second->AnswerTo(request);
}

Result<ApplicationPtr> ApplicationTable::Create(ApplicationId id, Peer peer, Owner owner,
                                                FirstNumbers first) {
  if (full()) {
    return StateError(CKR_HOST_MEMORY, "as many applications as gateway.limits.connections allows");
  }
  auto application =
      std::make_shared<Application>(id, next_number_++, std::move(peer), std::move(owner), first);
  for (const auto& [slot, token] : tokens_.all()) {
    if (!token->watch().answers()) application->told_away.insert(token->slot());
  }
  applications_.emplace(id, application);
  return application;
}

ApplicationPtr ApplicationTable::Find(const ApplicationId& id) const {
  const auto at = applications_.find(id);
  return at == applications_.end() ? nullptr : at->second;
}

std::vector<ApplicationPtr> ApplicationTable::All() const {
  std::vector<ApplicationPtr> all;
  for (const auto& [id, application] : applications_) all.push_back(application);
  return all;
}

Result<ApplicationPtr> ApplicationTable::Join(const ApplicationId& id, const Peer& peer) const {
  ApplicationPtr application = Find(id);
  if (application == nullptr) {
    return StateError(CKR_SESSION_HANDLE_INVALID,
                      "application id is not known; the daemon was restarted");
  }
  const pid_t pid = application->peer().pid;
  const uid_t uid = application->owner().uid;
  if (pid == peer.pid && (uid == peer.uid || uid == 0)) return application;
  log::Warn("process {} (uid {}) presented the application id of process {} (uid {}); refused",
            peer.pid, peer.uid, pid, uid);
  return CallerError(CKR_SESSION_HANDLE_INVALID, "application id belongs to another process");
}

void ApplicationTable::Remove(Application& application) {
  for (const auto& [slot, token] : tokens_.all()) {
    application.CloseAllSessions(*token);
    application.LogOut(*token);  // of records that came back without a session
  }
  application.TakeChanges();  // nobody is there to keep records of them
  // Its id may have come back with records after it was finalised.
  if (Has(application)) applications_.erase(application.id());
}

}  // namespace gw

// Room: token. All applications of the daemon.
#pragma once

#include <map>

#include "daemon/core/result.h"
#include "daemon/token/application.h"

namespace gw {

// Tokens by slot, in ascending order. Filled at start.
class TokenTable {
 public:
  void Add(std::unique_ptr<Token> token);
  // nullptr: no such slot.
  Token* Find(SlotId slot) const;
  const std::map<std::uint64_t, std::unique_ptr<Token>>& all() const { return tokens_; }

 private:
  std::map<std::uint64_t, std::unique_ptr<Token>> tokens_;
};

// Thread: one silo.
class ApplicationTable {
 public:
  ApplicationTable(TokenTable& tokens, std::size_t limit) : tokens_(tokens), limit_(limit) {}

  // A new application for a process that attached without an id. `id` and `first_session` are
  // random.
  //   errors  CKR_HOST_MEMORY  as many applications as allowed
  Result<ApplicationPtr> Create(ApplicationId id, Peer peer, std::uint64_t first_session);

  // The application that `peer` names: it must be the same process of the same user.
  //   errors  CKR_SESSION_HANDLE_INVALID  not known, or another process's
  Result<ApplicationPtr> Find(const ApplicationId& id, const Peer& peer) const;

  // Its last connection closed, or it called C_Finalize: sessions, session objects and logins are
  // gone.
  void Remove(Application& application);

  std::size_t size() const { return applications_.size(); }

 private:
  TokenTable& tokens_;
  const std::size_t limit_;
  std::uint64_t next_number_ = 1;
  std::map<ApplicationId, ApplicationPtr> applications_;
};

}  // namespace gw

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
  // Of all tokens together.
  Epoch& epoch() { return epoch_; }
  // As Keystore::AnswerTo: all tokens have one keystore.
  const FirstAnswer* AnswerTo(const RequestId& request) const;
  const std::map<std::uint64_t, std::unique_ptr<Token>>& all() const { return tokens_; }

 private:
  Epoch epoch_;
  std::map<std::uint64_t, std::unique_ptr<Token>> tokens_;
};

// Thread: one silo.
class ApplicationTable {
 public:
  ApplicationTable(TokenTable& tokens, std::size_t limit) : tokens_(tokens), limit_(limit) {}

  // A new application for a process that attached without records, or brought those of another one.
  // `id` and `first` are random.
  //   errors  CKR_HOST_MEMORY  as many applications as allowed
  Result<ApplicationPtr> Create(ApplicationId id, Peer peer, Owner owner, FirstNumbers first);

  // nullptr: not known.
  ApplicationPtr Find(const ApplicationId& id) const;

  // The application that `peer` names: it must be the same process, and the user it was made for,
  // or whatever user a process that root started has become.
  //   errors  CKR_SESSION_HANDLE_INVALID  not known, or another's
  Result<ApplicationPtr> Join(const ApplicationId& id, const Peer& peer) const;

  // Its last connection closed, or it called C_Finalize: sessions, session objects and logins are
  // gone.
  void Remove(Application& application);

  // False once it was removed: it called C_Finalize before its last connection closed.
  bool Has(const Application& application) const {
    return Find(application.id()).get() == &application;
  }

  std::size_t size() const { return applications_.size(); }
  std::vector<ApplicationPtr> All() const;
  bool full() const { return applications_.size() >= limit_; }

 private:
  TokenTable& tokens_;
  const std::size_t limit_;
  std::uint64_t next_number_ = 1;
  std::map<ApplicationId, ApplicationPtr> applications_;
};

}  // namespace gw

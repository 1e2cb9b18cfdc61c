// Room: upstream. The part of the sender that knows of login sessions.
#include <string>
#include <utility>

#include "daemon/core/log.h"
#include "daemon/runtime/spawn.h"
#include "daemon/upstream/sender.h"

namespace gw {

// The HSM keeps nothing of the keys it makes, so one that came out of a connection that is another
// by now, and perhaps bound to nothing, is forgotten and made anew.
Awaitable<Attempt> Sender::BoundTry(const HsmCall& call, Sendable& sendable,
                                    std::string_view correlation, Admission::Permit permit,
                                    BearerPtr bearer) {
  const std::size_t endpoint = permit.endpoint();
  Attempt attempt;
  attempt.failure =
      co_await logins_.Open(endpoint, *call.binds, SteadyTime::min(), call.deadline, bearer);
  if (attempt.failure) permit.Report(VerdictOf(attempt.failure->what));
  if (attempt.failure || sendable.rpc().id == RpcId::kLogin) co_return attempt;
  const ChannelPtr channel = pool_.ApartFor(endpoint, *call.binds, clock_.Now());
  attempt = co_await Try(call.deadline, sendable, correlation, std::move(permit), bearer, channel);
  if (attempt.ok() && logins_.offered() && !HsmLogins::IsLoggedIn(*channel)) {
    attempt.failure = Failure{
        UpstreamError(CKR_DEVICE_ERROR, "the connection was lost while a key was made", true),
        FailureClass::kUnreachable};
  }
  co_return attempt;
}

Awaitable<bool> Sender::Mend(const HsmCall& call, std::size_t endpoint, SteadyTime since,
                             Failure& failure, BearerPtr bearer) {
  bool opened = false;
  bool given_up = false;
  for (HsmLogin* login : call.logins) {
    if (login == nullptr || !logins_.offered()) continue;
    given_up = given_up || login->users == 0;
    if (login->users == 0) continue;
    auto trouble = co_await logins_.Open(endpoint, *login, since, call.deadline, bearer);
    if (trouble) {
      failure = std::move(*trouble);
      co_return false;
    }
    opened = true;
  }
  if (given_up) failure.error = StateError(CKR_USER_NOT_LOGGED_IN, "the user logged out meanwhile");
  co_return opened && !given_up;
}

void Sender::LogOut(IdentityPtr identity, HsmLogin& login) {
  if (closing_.is_set()) return;
  Spawn(silo_.loop().get_executor(), CloseLogin(std::move(identity), login, alive_),
        "closing a login session");
}

Awaitable<void> Sender::CloseLogin(IdentityPtr identity, HsmLogin& login,
                                   std::weak_ptr<void> alive) {
  HsmCall call;
  call.identity = std::move(identity);
  call.deadline.at = clock_.Now() + times_.call;
  BearerPtr bearer;
  if (call.identity != nullptr) {
    auto fetched = co_await IdentityOf(call).Get(call.deadline);
    if (alive.expired()) co_return;
    if (!fetched) {
      log::Warn("a login session of the HSM stays open: {}", Describe(fetched.error()));
      co_return;
    }
    bearer = std::move(*fetched);
  }
  co_await logins_.Close(login, std::move(bearer));
}

}  // namespace gw

// Room: pkcs11-shim. Touches the sockets' descriptors, never their bytes.
#include "pkcs11-shim/pool.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gw::shim {
namespace {

constinit Connection connections[kMaxConnections] = {};

// The order matters to a fork in between: a child may inherit a descriptor that nobody knows (it is
// closed on exec, and shut down by its owner), but must never close one that is not ours.
int ForgetSocketLocked(Connection* connection) {
  const int fd = connection->fd;
  __atomic_store_n(&connection->fd, -1, __ATOMIC_SEQ_CST);
  return fd;
}

void EndSocket(int fd) {
  if (fd < 0) return;
  shutdown(fd, SHUT_RDWR);
  close(fd);
}

bool IsStillOurs(const Connection& connection) {
  struct stat status;
  return fstat(connection.fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
         status.st_dev == connection.device && status.st_ino == connection.inode;
}

}  // namespace

Connection* TakeIdleLocked() {
  State& state = GetState();
  Connection* found = nullptr;
  for (Connection& connection : connections) {
    if (connection.taken) continue;
    if (found == nullptr || (connection.fd >= 0 && found->fd < 0)) found = &connection;
    if (found->fd >= 0) break;
  }
  if (found == nullptr) return nullptr;
  const Heritage& heritage = GetHeritage();
  found->taken = true;
  found->awaits = false;
  found->attached = found->fd >= 0 && found->incarnation == heritage.incarnation;
  found->life = state.life;
  found->request = ++state.last_request;
  found->body_limit = heritage.body_limit;
  found->attribute_limit = heritage.attribute_limit;
  return found;
}

CK_RV TakeConnection(Connection** connection) {
  State& state = GetState();
  const Lock lock;
  if (state.phase != Phase::kUp) return CKR_CRYPTOKI_NOT_INITIALIZED;
  *connection = TakeIdleLocked();
  if (*connection != nullptr) return CKR_OK;
  const Deadline until = Deadline::InMs(GetSettings().call_timeout_ms);
  ++state.waiting;
  while (*connection == nullptr && state.phase == Phase::kUp &&
         WaitLocked(&state.returned, until)) {
    *connection = TakeIdleLocked();
  }
  --state.waiting;
  if (*connection != nullptr) return CKR_OK;
  return state.phase == Phase::kUp ? CKR_DEVICE_ERROR : CKR_CRYPTOKI_NOT_INITIALIZED;
}

void GiveBack(Connection* connection) {
  State& state = GetState();
  connection->buffer.Clear();
  const Lock lock;
  const bool stale = !MayTalkLocked() || connection->incarnation != GetHeritage().incarnation;
  if (stale) EndSocket(ForgetSocketLocked(connection));
  connection->taken = false;
  connection->attached = false;
  if (state.waiting != 0) pthread_cond_signal(&state.returned);
  if (state.phase == Phase::kStopping || state.draining != 0)
    pthread_cond_broadcast(&state.changed);
}

bool AdoptSocket(Connection* connection, int fd) {
  struct stat status;
  const bool known = fstat(fd, &status) == 0;
  {
    const Lock lock;
    if (known && MayTalkLocked()) {
      connection->device = status.st_dev;
      connection->inode = status.st_ino;
      __atomic_store_n(&connection->fd, fd, __ATOMIC_SEQ_CST);
      return true;
    }
  }
  close(fd);
  return false;
}

void CloseSocket(Connection* connection) {
  const Lock lock;
  connection->attached = false;
  EndSocket(ForgetSocketLocked(connection));
  if (GetState().draining != 0) pthread_cond_broadcast(&GetState().changed);
}

void InterruptTakenLocked() {
  for (Connection& connection : connections)
    if (connection.taken && connection.fd >= 0) shutdown(connection.fd, SHUT_RDWR);
}

// A call that stored `awaits` too late to be seen here sends on a socket that is shut down already.
// Those that have not sent anything are not waited for: what becomes of them is up to their
// threads.
bool DrainLocked(const Connection* except, Deadline until) {
  State& state = GetState();
  ++state.draining;
  bool busy = true;
  while (busy && MayTalkLocked()) {
    busy = false;
    for (Connection& connection : connections) {
      if (&connection == except || !connection.taken || !connection.attached) continue;
      if (connection.incarnation != GetHeritage().incarnation) continue;
      shutdown(connection.fd, SHUT_RDWR);
      busy |= __atomic_load_n(&connection.awaits, __ATOMIC_SEQ_CST);
    }
    if (busy && !WaitLocked(&state.changed, until)) break;
  }
  --state.draining;
  return !busy;
}

int CountTakenLocked() {
  int count = 0;
  for (const Connection& connection : connections) count += connection.taken;
  return count;
}

void CloseIdleLocked() {
  for (Connection& connection : connections) {
    if (connection.taken) continue;
    EndSocket(ForgetSocketLocked(&connection));
    connection.buffer.Free();
  }
}

void ForgetConnections() {
  for (Connection& connection : connections) {
    if (connection.fd >= 0 && IsStillOurs(connection)) close(connection.fd);
    connection.fd = -1;
    connection.incarnation = 0;
    connection.attached = false;
    if (connection.taken) {
      connection.buffer.Forget();
    } else {
      connection.buffer.Restart();
    }
    connection.taken = false;
  }
}

}  // namespace gw::shim

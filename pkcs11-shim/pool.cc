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
  found->taken = true;
  found->attached = found->fd >= 0 && found->epoch == state.epoch;
  found->request = ++state.last_request;
  found->body_limit = state.body_limit;
  found->attribute_limit = state.attribute_limit;
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
  const bool stale = !MayTalkLocked() || connection->epoch != state.epoch;
  if (stale) EndSocket(ForgetSocketLocked(connection));
  connection->taken = false;
  if (state.waiting != 0) pthread_cond_signal(&state.returned);
  if (state.phase == Phase::kStopping) pthread_cond_broadcast(&state.changed);
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
  connection->attached = false;
  const Lock lock;
  EndSocket(ForgetSocketLocked(connection));
}

void InterruptTakenLocked() {
  for (Connection& connection : connections)
    if (connection.taken && connection.fd >= 0) shutdown(connection.fd, SHUT_RDWR);
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
    connection.epoch = 0;
    if (connection.taken) {
      connection.buffer.Forget();
    } else {
      connection.buffer.Restart();
    }
    connection.taken = false;
  }
}

}  // namespace gw::shim

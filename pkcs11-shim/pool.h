// Room: pkcs11-shim. The connections of this process. A call takes one, has it to itself, and gives
// it back; so threads never wait for each other up to kMaxConnections calls at once.
#pragma once

#include <sys/types.h>

#include "pkcs11-shim/buffer.h"
#include "pkcs11-shim/state.h"

namespace gw::shim {

inline constexpr int kMaxConnections = 32;

// The holder uses it without a lock, except `fd`: it is stored and closed under the lock, so that
// C_Finalize can shut a socket down that another thread waits on.
struct Connection {
  int fd = -1;
  dev_t device = 0;  // device and inode tell in a forked child whether `fd` is still this socket:
  ino_t inode = 0;   // programs that daemonise close all descriptors and open others
  uint32_t incarnation = 0;  // of the daemon that `fd` was attached to
  bool taken = false;
  bool attached = false;  // taken, and `fd` was attached to the incarnation that was current then

  // A reply may come. Stored without the lock: before the request is sent, and after its reply was
  // applied.
  bool awaits = false;

  // For the call that takes it.
  uint32_t life = 0;     // State::life when it was taken
  uint64_t request = 0;  // number of the call's request
  uint32_t body_limit = 0;
  uint32_t attribute_limit = 0;
  Buffer buffer;
};

// Takes a connection for a call; waits for one at most call_timeout_ms.
//   errors  CKR_CRYPTOKI_NOT_INITIALIZED  also while the library starts or stops
//           CKR_DEVICE_ERROR              all were busy all the time
CK_RV TakeConnection(Connection** connection);

// The same with the lock held, in any phase and without waiting; nullptr if all are taken.
Connection* TakeIdleLocked();

// Empties the buffer and hands the connection to the next caller.
void GiveBack(Connection* connection);

// Makes `fd` the connection's socket. False, and `fd` closed, when C_Finalize has begun.
bool AdoptSocket(Connection* connection, int fd);

// Ends the connection for both sides. A child's inherited copy does not keep it alive.
void CloseSocket(Connection* connection);

// With the lock held: wakes the threads that wait for the daemon.
void InterruptTakenLocked();

// With the lock held: waits until no call but that of `except` has a reply of the current
// incarnation of the daemon to come, which is gone. What has arrived is still read. False when
// `until` has passed, or C_Finalize has begun.
bool DrainLocked(const Connection* except, Deadline until);

// With the lock held.
int CountTakenLocked();

// With the lock held: closes the sockets and frees the buffers that no call holds.
void CloseIdleLocked();

// In a forked child, before the state is its own: closes the copies of the parent's sockets without
// a word on them, and leaves the memory of the parent's threads alone.
void ForgetConnections();

}  // namespace gw::shim

// No room: puts the rooms together, in the order in which they start and stop.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <vector>

#include "daemon/admin/admin_server.h"
#include "daemon/front/listener.h"
#include "daemon/keystore/keystore.h"
#include "daemon/runtime/silo.h"
#include "daemon/sealing/record_keeper.h"
#include "daemon/token/rotation.h"
#include "daemon/upstream/upstream.h"

namespace gw {

// Thread: Start, Stop by the owner; Reload and DrainConnections on the loop.
class Gateway {
 public:
  explicit Gateway(ConfigPtr config);
  ~Gateway();

  // Opens the keystore, the ways to the HSM, the socket and the admin port; then calls are
  // answered.
  //   errors  CKR_DEVICE_ERROR  one of them cannot be opened; the detail says what to do
  Status Start();

  // Puts another configuration in force, as far as that goes without a restart; says in the log
  // what does not.
  void Reload(ConfigPtr config);

  // The administrator has committed the next master key of the HSM: keys are re-wrapped for it.
  void StartRotation();
  // Nobody will go back to the one before.
  void ForgetRotation();

  // Stops taking frames, and completes when no call is in flight or the drain time is over.
  Awaitable<void> DrainConnections();
  // After DrainConnections(), or alone: the rest of the stop order (README.md). May be called once.
  void Stop();

  boost::asio::io_context& loop() { return silo_.loop(); }
  // "" when metrics are off.
  std::string metrics_address() const;

 private:
  Status OpenRecords();
  Status OpenKeystore();
  Status OpenTokens(KeystoreContents& contents);
  // What /health says beside version and uptime.
  std::string HealthJson() const;

  // In the order of construction; destroyed in reverse.
  Silo silo_;
  boost::asio::thread_pool blocking_{1};
  TokenTable tokens_;
  std::unique_ptr<ApplicationTable> applications_;
  ops::Services services_;
  std::unique_ptr<Keystore> keystore_;
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::vector<std::shared_ptr<Rotation>> rotations_;
  std::unique_ptr<RecordKeeper> records_;
  std::unique_ptr<Dispatcher> dispatcher_;
  Gate gate_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<AdminServer> admin_;
};

}  // namespace gw

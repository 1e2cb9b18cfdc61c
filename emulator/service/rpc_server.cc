// Room: emulator/service.
#include "emulator/service/rpc_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <list>
#include <utility>

#include "daemon/core/async.h"
#include "daemon/core/log.h"
#include "emulator/control/counters.h"
#include "emulator/service/serving.h"

namespace gw::emulator {

using Tcp = boost::asio::ip::tcp;

class RpcServer::Impl {
 public:
  explicit Impl(const RpcEnvironment& environment) : shared_(environment) {}
  ~Impl() { Stop(); }

  Result<std::uint16_t> Start(boost::asio::io_context& loop, const std::string& address,
                              std::uint16_t port, const TlsChoice& tls) {
    acceptor_ = std::make_unique<Tcp::acceptor>(loop);
    boost::system::error_code error;
    const Tcp::endpoint endpoint(boost::asio::ip::make_address(address, error), port);
    if (!error) acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) {
      return CallerError(CKR_ARGUMENTS_BAD, "cannot listen on " + address + ":" +
                                                std::to_string(port) + ": " + error.message());
    }
    tls_ = tls;
    shared_.send_goaway = [this, &loop] { boost::asio::post(loop, [this] { SendGoaway(); }); };
    current_ = std::make_unique<Serving>(shared_, tls_);
    boost::asio::co_spawn(loop, Accept(), boost::asio::detached);
    return acceptor_->local_endpoint().port();
  }

  // A new server takes the connections to come, and the old one ends: that is how gRPC sends
  // GOAWAY. Calls of the old one take the time they need.
  void SendGoaway() {
    std::erase_if(retiring_, [](const Retiring& each) { return each.EndsBy(SteadyClock::now()); });
    Retiring& leaving = retiring_.emplace_back();
    leaving.serving = std::exchange(current_, std::make_unique<Serving>(shared_, tls_));
    leaving.end = std::async(std::launch::async, [serving = leaving.serving.get()] {
      serving->Leave(kStopGrace);
      serving->End();
    });
  }
  void DropAll() { shared_.connections.DropAll(); }

  // The order matters: no new calls, then those that wait for their latency end at once, then the
  // others with their queues and threads.
  void Stop() {
    if (current_ == nullptr) return;
    current_->StopTaking(std::chrono::system_clock::now() + kStopGrace);
    shared_.delay_line.Stop();
    current_->End();
    const auto until = SteadyClock::now() + kStopGrace;
    for (const Retiring& each : retiring_) {
      if (!each.EndsBy(until)) each.serving->CancelCalls();
    }
    retiring_.clear();
    shared_.heavy.join();
    current_.reset();
  }

 private:
  using SteadyClock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kStopGrace{2};

  // A server whose clients were sent away. Going, it waits for its end.
  struct Retiring {
    std::unique_ptr<Serving> serving;
    std::future<void> end;

    bool EndsBy(SteadyClock::time_point time) const {
      return end.wait_until(time) == std::future_status::ready;
    }
  };

  Awaitable<void> Accept() {
    while (true) {
      auto [error, socket] = co_await acceptor_->async_accept(kAwait);
      if (error == boost::asio::error::operation_aborted) co_return;
      if (error) {
        log::Warn("accept: {}", error.message());
        boost::asio::steady_timer pause(acceptor_->get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(kAwait);  // out of descriptors: do not spin
        continue;
      }
      Hand(std::move(socket));
    }
  }

  void Hand(Tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    socket.native_non_blocking(true, ignored);
    shared_.environment.counters.CountConnection();
    current_->Take(std::move(socket), acceptor_->native_handle());
  }

  ServingShared shared_;
  TlsChoice tls_;
  std::unique_ptr<Serving> current_;
  std::list<Retiring> retiring_;
  std::unique_ptr<Tcp::acceptor> acceptor_;
};

RpcServer::RpcServer(const RpcEnvironment& environment)
    : impl_(std::make_unique<Impl>(environment)) {}
RpcServer::~RpcServer() = default;

Result<std::uint16_t> RpcServer::Start(boost::asio::io_context& loop, const std::string& address,
                                       std::uint16_t port, const TlsChoice& tls) {
  return impl_->Start(loop, address, port, tls);
}

void RpcServer::Stop() { impl_->Stop(); }
void RpcServer::DropAll() { impl_->DropAll(); }
void RpcServer::SendGoaway() { impl_->SendGoaway(); }

}  // namespace gw::emulator

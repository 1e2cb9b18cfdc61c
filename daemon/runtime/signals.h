// Room: runtime. May include: core. May touch: process signals.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace gw {

// SIGTERM and SIGINT call `on_stop`, SIGHUP calls `on_reload`, SIGUSR1 and SIGUSR2 call `on_user`,
// each time the signal comes, on the loop. One object per process, owned by main.cc; when it dies
// the signals have their default action again. It must die, or Cancel() must run on the loop,
// before the loop can run out of work.
class Signals {
 public:
  Signals(boost::asio::io_context& loop, std::function<void(int signal)> on_stop,
          std::function<void()> on_reload, std::function<void(int signal)> on_user);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  void Cancel();

 private:
  void Listen();
  void Handle(int signal);

  std::function<void(int)> on_stop_;
  std::function<void()> on_reload_;
  std::function<void(int)> on_user_;
  boost::asio::signal_set set_;
};

}  // namespace gw

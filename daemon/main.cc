// No room: flags, configuration, gateway, exit code. The only place that ends the process.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>

#include "daemon/config/load.h"
#include "daemon/config/logging.h"
#include "daemon/core/log.h"
#include "daemon/core/version.h"
#include "daemon/gateway.h"
#include "daemon/runtime/notify.h"
#include "daemon/runtime/signals.h"
#include "daemon/runtime/spawn.h"
#include "daemon/self_check.h"

namespace {

using gw::Config;
using gw::ConfigPtr;

// sysexits.h: the configuration is wrong; systemd does not restart for it
// (RestartPreventExitStatus).
constexpr int kExitConfig = 78;

struct Flags {
  std::string config;
  std::string socket;
  std::string state_directory;
  std::optional<std::string> metrics_listen;
  std::string ready_file;
  bool check_config = false;
  bool check = false;
};

constexpr std::string_view kFooter = R"(
EXAMPLES
  grep11d --check-config --config /etc/grep11d/gateway.conf
      says what is wrong with a configuration, every line of it, and exits
  sudo -u grep11d grep11d --check
      tries every part of it: keystores, TLS files, HSM addresses, IAM, and one request to the HSM
  grep11d --config ./grep11client.yaml --socket ./grep11d.sock --state-dir ./state --metrics 127.0.0.1:0
      runs in the foreground with everything below the working directory

SIGNALS
  SIGTERM, SIGINT  finish the calls in flight (gateway.times.drain), then exit
  SIGHUP           load the configuration again; one with errors changes nothing
  SIGUSR1          the HSM's next master key is committed: re-wrap every key for it (docs/keystore.md)
  SIGUSR2          the master key before is gone for good: delete the key blobs under it

EXIT STATUS
  0   stopped by a signal, or --check-config or --check found no error
  1   could not start: keystore, socket or metrics port; the log says what to do. --check: a part failed
  78  the configuration has errors

FILES
  --config, or else $EP11CLIENT_CFG, names the configuration. Without them the first of these is read:
  /etc/grep11d/gateway.conf, /etc/ep11client/grep11client.yaml, ./grep11client.yaml

SEE ALSO
  docs/configuration.md, daemon/README.md)";

void DefineFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "grep11d " + std::string(gw::kVersion));
  app.add_option("--config", flags.config,
                 "Configuration file: the vendor's grep11client.yaml, with or without gateway:");
  app.add_flag("--check-config", flags.check_config,
               "Report every error and warning of the configuration, then exit");
  app.add_flag("--check", flags.check,
               "Try each part of the configuration, one line each with what to do about it, then "
               "exit; changes nothing, a daemon may be running");
  app.add_option("--socket", flags.socket,
                 "Unix socket of the applications; overrides gateway.socket");
  app.add_option("--state-dir", flags.state_directory,
                 "Keystore directory; overrides gateway.state_directory");
  app.add_option(
      "--metrics", flags.metrics_listen,
      "HOST:PORT of metrics and health on loopback, port 0 = any, empty = off; overrides "
      "gateway.metrics_listen");
  app.add_option("--ready-file", flags.ready_file,
                 "Written when calls are answered: JSON with pid, socket, metrics");
  app.footer(std::string(kFooter));
}

ConfigPtr WithFlags(const ConfigPtr& config, const Flags& flags) {
  auto changed = std::make_shared<Config>(*config);
  if (!flags.socket.empty()) changed->gateway.socket = flags.socket;
  if (!flags.state_directory.empty()) changed->gateway.state_directory = flags.state_directory;
  if (flags.metrics_listen) changed->gateway.metrics_listen = *flags.metrics_listen;
  return changed;
}

gw::LoadedConfig Load(const Flags& flags) {
  return gw::LoadFirstConfig(
      gw::ConfigSearchPath(flags.config.empty() ? nullptr : flags.config.c_str()));
}

void PrintProblems(const gw::LoadedConfig& loaded) {
  for (const auto& error : loaded.errors)
    std::fprintf(stderr, "error: %s\n", gw::Describe(error).c_str());
  for (const auto& warning : loaded.warnings)
    std::fprintf(stderr, "warning: %s\n", gw::Describe(warning).c_str());
}

// The log is off: what there is to say is in the findings.
int CheckAndTell(const Config& config) {
  gw::SetUpLogging({gw::LogLevel::kFatal, ""});
  std::printf("ok       configuration %s: %zu slots\n", config.file.c_str(), config.tokens.size());
  const bool well = gw::CheckParts(config, [](const gw::Finding& finding) {
    std::printf("%s\n", gw::Describe(finding).c_str());
    std::fflush(stdout);
  });
  return well ? 0 : 1;
}

// Keys pass through this process: no core dump, no ptrace by others of the same user, no files for
// others.
void Harden() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  umask(0077);
}

// Written whole or not at all: a reader that sees the file can use it.
bool WriteReadyFile(const std::string& path, const Config& config, const gw::Gateway& gateway) {
  const nlohmann::json ready{
      {"pid", getpid()}, {"socket", config.gateway.socket}, {"metrics", gateway.metrics_address()}};
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary);
  file << ready.dump() << '\n';
  file.close();
  return !file.fail() && std::rename(temporary.c_str(), path.c_str()) == 0;
}

void Reload(gw::Gateway& gateway, const Flags& flags) {
  gw::notify::Reloading();
  gw::ReopenLog();
  const gw::LoadedConfig loaded = Load(flags);
  for (const auto& warning : loaded.warnings)
    gw::log::Warn("configuration: {}", gw::Describe(warning));
  for (const auto& error : loaded.errors) gw::log::Error("configuration: {}", gw::Describe(error));
  if (loaded.config == nullptr) {
    gw::log::Error("the configuration is not changed; mend the errors above and send SIGHUP again");
  } else {
    const ConfigPtr config = WithFlags(loaded.config, flags);
    gw::SetUpLogging(config->logging);
    gateway.Reload(config);
  }
  gw::notify::Ready();
}

gw::Awaitable<void> StopServing(gw::Gateway& gateway, std::promise<void>& stopped) {
  gw::notify::Stopping();
  co_await gateway.DrainConnections();
  stopped.set_value();
}

int Serve(const ConfigPtr& config, const Flags& flags) {
  gw::Gateway gateway(config);
  std::promise<void> stopped;
  bool stopping = false;
  gw::Signals signals(
      gateway.loop(),
      [&](int signal) {
        if (std::exchange(stopping, true)) return;
        gw::log::Info("signal {}: stopping", signal);
        gw::Spawn(gateway.loop().get_executor(), StopServing(gateway, stopped), "stop");
      },
      [&] { Reload(gateway, flags); },
      [&](int signal) {
        if (signal == SIGUSR1) {
          gateway.StartRotation();
        } else {
          gateway.ForgetRotation();
        }
      });
  if (auto started = gateway.Start(); !started) {
    gw::log::Critical("cannot start: {}", started.error().detail);
    return 1;
  }
  if (!flags.ready_file.empty() && !WriteReadyFile(flags.ready_file, *config, gateway)) {
    gw::log::Error("cannot write {}", flags.ready_file);
  }
  gw::log::Info("grep11d {} answers on {}", gw::kVersion, config->gateway.socket);
  gw::notify::Ready();
  stopped.get_future().wait();
  boost::asio::post(gateway.loop(), [&] { signals.Cancel(); });
  gateway.Stop();
  gw::log::Info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app(
      "grep11d - keeps keys in an EP11 HSM usable for every PKCS #11 application of this host");
  DefineFlags(app, flags);
  CLI11_PARSE(app, argc, argv);
  Harden();
  const gw::LoadedConfig loaded = Load(flags);
  PrintProblems(loaded);
  if (loaded.config == nullptr) return kExitConfig;
  if (flags.check_config) {
    std::printf("%s: no errors\n", loaded.config->file.c_str());
    return 0;
  }
  const ConfigPtr config = WithFlags(loaded.config, flags);
  if (flags.check) return CheckAndTell(*config);
  gw::SetUpLogging(config->logging);
  const int status = Serve(config, flags);
  gw::log::Flush();
  return status;
}

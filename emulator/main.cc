// Room: emulator. Flags -> emulator -> wait for a signal -> exit code.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "daemon/core/log.h"
#include "emulator/emulator.h"
#include "emulator/tls_material.h"

namespace {

using gw::emulator::Emulator;
using gw::emulator::Options;

// Blocked before the first thread starts, so that every thread inherits it and sigwait() gets the
// signal.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int MakeCerts(const std::string& folder) {
  const gw::Status written =
      gw::emulator::WriteCertificates(gw::emulator::MakeCertificates(), folder);
  if (written.ok()) return 0;
  std::cerr << "grep11-emulator: " << written.error().detail << "\n";
  return gw::emulator::kExitBadConfig;
}

// Whole or not at all; readers never see a part of it. 0600: it may hold API keys.
bool WriteReadyFile(const std::string& path, const std::string& text) {
  std::string temporary = path + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  if (written && rename(temporary.c_str(), path.c_str()) == 0) return true;
  unlink(temporary.c_str());
  return false;
}

void Announce(const Emulator& emulator, const Options& options) {
  const auto& ready = emulator.ready();
  std::cerr << "grep11-emulator is NO HSM AND PROTECTS NOTHING; it is for developing and testing "
               "only.\n";
  std::cout << (options.canned_signatures
                    ? "CANNED SIGNATURES: each is made once and given again, and does not verify.\n"
                    : "")
            << "GREP11  " << ready.grep11 << (options.no_tls ? " (plaintext)" : " (TLS)")
            << (options.client_ca.empty() ? "" : " with client certificates")
            << (options.no_auth ? ", no access token needed" : "") << "\n"
            << "IAM     " << ready.iam << "\n"
            << "control " << ready.control << "\n"
            << "seed    " << ready.seed << " (chances of faults; --seed repeats them)\n";
  for (const auto& [name, api_key] : ready.api_keys) {
    std::cout << "API key of \"" << name << "\": " << api_key << "\n";
  }
  std::cout << std::flush;
}

int Run(const Options& options) {
  const sigset_t signals = BlockStopSignals();
  Emulator emulator;
  const auto complaints = emulator.Start(options);
  for (const std::string& complaint : complaints)
    std::cerr << "grep11-emulator: " << complaint << "\n";
  if (!complaints.empty()) return gw::emulator::kExitBadConfig;
  if (!options.ready_file.empty() && !WriteReadyFile(options.ready_file, emulator.ReadyJson())) {
    std::cerr << "grep11-emulator: cannot write " << options.ready_file << "\n";
    return gw::emulator::kExitBadConfig;
  }
  Announce(emulator, options);
  int received = 0;
  sigwait(&signals, &received);
  emulator.Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const auto parsed = gw::emulator::ParseCommandLine(argc, argv, options);
  if (parsed.outcome == gw::emulator::ParseOutcome::kExit) return parsed.exit_code;
  if (options.verbose) spdlog::set_level(spdlog::level::debug);
  if (!options.make_certs.empty()) return MakeCerts(options.make_certs);
  return Run(options);
}

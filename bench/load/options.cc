// Room: bench/load. The command line of grep11-load and its help. Touches the PIN file and the
// environment.
#include "bench/load/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>

#include "bench/load/workload.h"
#include "bench/measure/build_info.h"
#include "bench/measure/help_format.h"

namespace gw::bench {
namespace {

constexpr std::size_t kMaxSizeBytes = std::size_t{64} << 20;

// Values as they are typed; turned into Options when everything has been parsed.
struct Typed {
  std::uint64_t slot = 0;
  std::string pin;
  std::string pin_file;
  std::size_t size_bytes = 0;
  double duration_s = 10;
  double warmup_s = 0;
  double grace_s = 60;
};

constexpr const char* kDescription =
    "grep11-load - drives a PKCS #11 module, or a GREP11 service directly, and measures it\n\n"
    "Starts PROCESSES x THREADS workers, each with a session of its own, that repeat one "
    "operation\n"
    "for a time or a number of operations, then reports throughput, latency and errors.\n"
    "Processes are forked before C_Initialize, so each is an application of its own.";

constexpr const char* kFooter =
    "LOOPS\n"
    "  Closed (default): a worker starts its next operation when the last one has ended. Finds the "
    "highest\n"
    "  throughput; a stall of the target also stops the load and so hides itself.\n"
    "  Open (--rate): operation n is due at start + n/R and any free worker takes it. Latency "
    "counts from the\n"
    "  moment it was due, so waiting for a worker is part of it. Give it workers enough.\n\n"
    "REPORT\n"
    "  grep11-load report FILE... --output report.html   draws what --json has written; see its "
    "--help\n\n"
    "EXIT STATUS\n"
    "  0   every operation succeeded (or --allow-errors)\n"
    "  1   an operation failed, gave a wrong result, or a process broke down\n"
    "  2   the run could not start: module, slot, login, key or service\n"
    "  64  the command line is wrong\n\n"
    "ENVIRONMENT\n"
    "  GREP11_PIN   the user PIN, unless --pin or --pin-file is given\n"
    "  Whatever the module itself reads, such as GREP11_SOCKET or SOFTHSM2_CONF.\n\n"
    "EXAMPLES\n"
    "  One client, ten seconds of ECDSA P-256 signatures with a key made for the run:\n"
    "    grep11-load --module /usr/lib/pkcs11/pkcs11-grep11.so --pin-file pin --op ecdsa\n"
    "  Eight processes with four threads each, an existing RSA key, first five seconds dropped:\n"
    "    grep11-load --module MODULE --pin-file pin --op rsa --key-label www --processes 8 "
    "--threads 4 --warmup 5\n"
    "  Latency at 400 signatures per second, as JSON:\n"
    "    grep11-load --module MODULE --pin-file pin --op ecdsa --rate 400 --threads 64 --json "
    "result.json\n"
    "  Exactly 1000 operations, for counting requests at the HSM:\n"
    "    grep11-load --module MODULE --pin-file pin --op hmac --count 1000\n"
    "  The same service without any module, as a library in each process would use it:\n"
    "    grep11-load --direct --grep11 localhost:9876 --ca ca.pem --iam https://localhost:9443 \\\n"
    "                --apikey-file key --processes 16\n";

std::string OperationsHelp() {
  std::string text = "What to repeat:";
  for (const Workload& row : Workloads()) {
    text += "\n  " + std::string(row.name);
    text += std::string(14 - row.name.size(), ' ') + std::string(row.help);
  }
  return text;
}

std::string CheckOperation(const std::string& name) {
  return FindWorkload(name) != nullptr ? std::string{}
                                       : "there is no operation '" + name + "'; see --help";
}

void AddModuleOptions(CLI::App& app, Options& options, Typed& typed) {
  const char* group = "Target: a PKCS #11 module";
  app.add_option("--module", options.module, "The module, as dlopen takes it")
      ->type_name("PATH")
      ->group(group);
  app.add_option("--slot", typed.slot,
                 "Slot number; default: the first slot with an initialised token")
      ->type_name("ID")
      ->group(group);
  auto* pin =
      app.add_option(
             "--pin", typed.pin,
             "User PIN; other users of the host can see it, so prefer --pin-file. Without a PIN "
             "nobody logs in")
          ->type_name("PIN")
          ->group(group);
  app.add_option("--pin-file", typed.pin_file, "File whose first line is the user PIN")
      ->type_name("FILE")
      ->excludes(pin)
      ->group(group);
}

void AddDirectOptions(CLI::App& app, Options& options) {
  const char* group = "Target: a GREP11 service, without a module";
  auto* direct =
      app.add_flag("--direct", options.direct,
                   "Call SignSingle (ECDSA P-256) over gRPC, one TLS channel for each process")
          ->group(group);
  for (CLI::Option* option : AddGrep11Options(app, options.grep11, group)) option->needs(direct);
}

void AddWorkOptions(CLI::App& app, Options& options, Typed& typed) {
  const char* group = "Operation";
  app.add_option("--op", options.op, OperationsHelp())
      ->type_name("NAME")
      ->check(CLI::Validator(CheckOperation, "", "operation"))
      ->capture_default_str()
      ->group(group);
  app.add_option("--key-label", options.key_label,
                 "Work with the key of this CKA_LABEL; default: each process makes a session key "
                 "for the run and "
                 "destroys it at the end")
      ->type_name("LABEL")
      ->group(group);
  app.add_option("--size", typed.size_bytes,
                 "Bytes of input, or of output for random, up to 64 MiB; default: by operation")
      ->type_name("BYTES")
      ->check(CLI::Range(std::size_t{1}, kMaxSizeBytes, "1 to 64 MiB"))
      ->group(group);
  app.add_option("--verify-every", options.verify_every,
                 "Have every N-th result of each worker confirmed by the module with C_Verify, "
                 "untimed; 0: never")
      ->type_name("N")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--canned-signatures", options.canned_signatures,
               "The HSM is an emulator with --canned-signatures: verify none, and say so in the "
               "report")
      ->group(group);
}

void AddLoadOptions(CLI::App& app, Options& options, Typed& typed) {
  const char* group = "Load";
  const auto workers = CLI::Range(1, 4096);
  app.add_option("--processes", options.processes, "Processes")
      ->type_name("N")
      ->check(workers)
      ->capture_default_str()
      ->group(group);
  app.add_option("--threads", options.threads, "Threads in each process")
      ->type_name("N")
      ->check(workers)
      ->capture_default_str()
      ->group(group);
  auto* duration = app.add_option("--duration", typed.duration_s, "Seconds to measure")
                       ->type_name("S")
                       ->check(CLI::Range(0.001, 1e6))
                       ->capture_default_str()
                       ->group(group);
  app.add_option("--count", options.count,
                 "Do exactly N operations in total, however long that takes")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 50, "a positive number"))
      ->excludes(duration)
      ->group(group);
  app.add_option("--warmup", typed.warmup_s, "Seconds of the same load before measuring; dropped")
      ->type_name("S")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str()
      ->group(group);
  app.add_option("--rate", options.rate_per_s,
                 "Open loop: operations per second, all workers together")
      ->type_name("R")
      ->check(CLI::Range(0.001, 1e8))
      ->group(group);
  app.add_option("--grace", typed.grace_s,
                 "Seconds that starting, and ending after the last operation was due, may take "
                 "before processes "
                 "that hang are killed")
      ->type_name("S")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str()
      ->group(group);
}

void AddReportOptions(CLI::App& app, Options& options) {
  const char* group = "Report";
  app.add_option("--json", options.json_path,
                 "Write the report as JSON as well; '-': to standard output, instead of text")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--watch-pid", options.watched,
                 "Report the CPU time that this process, a daemon for example, uses while the load "
                 "is measured; may be "
                 "repeated")
      ->type_name("PID")
      ->check(CLI::PositiveNumber)
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--quiet", options.quiet, "No progress line and no text report")->group(group);
  app.add_flag("--allow-errors", options.allow_errors,
               "Failed operations do not change the exit status")
      ->group(group);
  app.set_version_flag("--version",
                       std::string("grep11-load ") + kBuildVersion + " (" + kBuildCommit + ")")
      ->group(group);
  app.set_help_flag("-h,--help", "This text")->group(group);
}

std::chrono::nanoseconds Nanoseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

SecretBytes FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty()) {
    throw CLI::ValidationError("--pin-file", "cannot read a PIN from the first line of " + path);
  }
  SecretBytes secret(ViewOf(line));
  Wipe({reinterpret_cast<Byte*>(line.data()), line.size()});
  return secret;
}

void TakePin(const CLI::App& app, Options& options, Typed& typed) {
  if (app.count("--pin") != 0) {
    options.pin.emplace(ViewOf(typed.pin));
  } else if (app.count("--pin-file") != 0) {
    options.pin.emplace(FirstLineOf(typed.pin_file));
  } else if (const char* pin = std::getenv("GREP11_PIN"); pin != nullptr) {
    options.pin.emplace(ViewOf(pin));
  }
  Wipe({reinterpret_cast<Byte*>(typed.pin.data()), typed.pin.size()});
}

void CheckTarget(const Options& options) {
  if (options.direct != options.module.empty()) {
    throw CLI::ValidationError("give either --module PATH or --direct");
  }
  if (!options.direct) return;
  if (options.op != "ecdsa") throw CLI::ValidationError("--direct", "can only do --op ecdsa");
  if (!options.key_label.empty())
    throw CLI::ValidationError("--direct", "makes its own key; leave out --key-label");
  if (options.grep11.address.empty())
    throw CLI::ValidationError("--direct", "needs --grep11 ADDRESS");
  if (options.grep11.ca_file.empty()) throw CLI::ValidationError("--direct", "needs --ca FILE");
}

void CheckOperationNeeds(const Options& options) {
  const Workload& row = *FindWorkload(options.op);
  if (options.direct) return;
  if (row.needs_pin && !options.pin)
    throw CLI::ValidationError("--op " + options.op, "needs a PIN");
  if (row.one_thread && options.threads > 1) {
    throw CLI::ValidationError("--op " + options.op,
                               "concerns the whole process: use --processes, not --threads");
  }
}

void Complete(const CLI::App& app, Options& options, Typed& typed) {
  TakePin(app, options, typed);
  if (options.canned_signatures) options.verify_every = 0;
  if (app.count("--slot") != 0) options.slot = typed.slot;
  if (app.count("--size") != 0) options.size_bytes = typed.size_bytes;
  if (options.count == 0) options.duration = Nanoseconds(typed.duration_s);
  options.warmup = Nanoseconds(typed.warmup_s);
  options.grace = Nanoseconds(typed.grace_s);
  if (options.Workers() > 4096)
    throw CLI::ValidationError("--threads", "at most 4096 workers in all");
  CheckTarget(options);
  CheckOperationNeeds(options);
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  CLI::App app(kDescription, "grep11-load");
  app.footer(kFooter);
  app.formatter(ManualFormatter());
  Options options;
  Typed typed;
  AddModuleOptions(app, options, typed);
  AddDirectOptions(app, options);
  AddWorkOptions(app, options, typed);
  AddLoadOptions(app, options, typed);
  AddReportOptions(app, options);
  try {
    app.parse(argc, argv);
    Complete(app, options, typed);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : kExitUsage};
  }
  return {std::move(options), 0};
}

}  // namespace gw::bench

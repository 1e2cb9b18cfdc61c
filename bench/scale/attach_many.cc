// Room: bench/scale. attach_many: what a daemon holds for thousands of attached applications.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "bench/load/run.h"
#include "bench/load/target.h"
#include "bench/measure/help_format.h"
#include "bench/measure/recorder.h"
#include "bench/measure/report_json.h"
#include "bench/measure/usage.h"
#include "bench/scale/raw_application.h"

namespace gw::bench {
namespace {

constexpr rlim_t kOwnDescriptors = 64;  // besides the connections

struct ManyOptions {
  std::string socket;
  std::size_t applications = 10000;
  std::size_t sessions = 0;
  std::uint64_t slot = 0;
  pid_t daemon = 0;
  bool hold = false;
  std::string json_path;
};

struct Findings {
  std::optional<std::uint64_t> before_kib;
  std::optional<std::uint64_t> attached_kib;
  Histogram attach_time;
  std::chrono::duration<double> took{};
};

SteadyTime Now() { return std::chrono::steady_clock::now(); }

Status AllowDescriptors(std::size_t connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = connections + kOwnDescriptors;
  if (limit.rlim_cur >= wanted) return Ok();
  limit.rlim_cur = wanted;
  limit.rlim_max = std::max(limit.rlim_max, wanted);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return Ok();
  return CallerError(CKR_HOST_MEMORY, "this process may not have " + std::to_string(wanted) +
                                          " descriptors; raise the hard limit (ulimit -Hn)");
}

Result<RawApplication> AttachOne(const ManyOptions& options) {
  GW_TRY(application, RawApplication::Attach(options.socket));
  for (std::size_t i = 0; i < options.sessions; ++i) {
    GW_TRY(session, application.OpenSession(options.slot));
    GW_TRY_VOID(application.Ping(session));
  }
  return std::move(application);
}

Status AttachAll(const ManyOptions& options, std::vector<RawApplication>& all, Findings& findings) {
  GW_TRY_VOID(AllowDescriptors(options.applications));
  all.reserve(options.applications);
  if (options.daemon != 0) findings.before_kib = ResidentKibOf(options.daemon);
  const SteadyTime start = Now();
  for (std::size_t i = 0; i < options.applications; ++i) {
    const SteadyTime begun = Now();
    auto application = AttachOne(options);
    if (!application) {
      Error error = application.error();
      error.detail = "application " + std::to_string(i + 1) + ": " + error.detail;
      return error;
    }
    findings.attach_time.Record(Now() - begun);
    all.push_back(*std::move(application));
  }
  findings.took = Now() - start;
  if (options.daemon != 0) findings.attached_kib = ResidentKibOf(options.daemon);
  return Ok();
}

nlohmann::json ReportOf(const ManyOptions& options, const Findings& findings) {
  nlohmann::json daemon = nullptr;
  if (findings.before_kib && findings.attached_kib) {
    const auto added =
        static_cast<double>(*findings.attached_kib) - static_cast<double>(*findings.before_kib);
    daemon = {{"pid", options.daemon},
              {"before_kib", *findings.before_kib},
              {"attached_kib", *findings.attached_kib},
              {"kib_per_application", added / static_cast<double>(options.applications)}};
  }
  return {{"tool", "attach_many"},
          {"started_at", NowText()},
          {"build", BuildJson()},
          {"machine", MachineJson()},
          {"options",
           {{"socket", options.socket},
            {"applications", options.applications},
            {"sessions", options.sessions}}},
          {"result",
           {{"seconds", findings.took.count()},
            {"attached_per_s",
             static_cast<double>(options.applications) / std::max(findings.took.count(), 1e-9)},
            {"latency_us", LatencyJson(findings.attach_time)}}},
          {"histogram", BucketsJson(findings.attach_time)},
          {"daemon", daemon}};
}

void PrintText(const nlohmann::json& report) {
  const auto& result = report["result"];
  std::printf("%s applications attached in %.2f s: %.0f /s\n",
              report["options"]["applications"].dump().c_str(), result["seconds"].get<double>(),
              result["attached_per_s"].get<double>());
  const auto& daemon = report["daemon"];
  if (!daemon.is_object()) return;
  std::printf("  daemon  %s KiB before, %s KiB with them: %.2f KiB each\n",
              daemon["before_kib"].dump().c_str(), daemon["attached_kib"].dump().c_str(),
              daemon["kib_per_application"].get<double>());
}

void WaitForEndOfInput() {
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
}

void Describe(CLI::App& app, ManyOptions& options) {
  app.formatter(ManualFormatter());
  app.set_help_flag("-h,--help", "This text");
  const char* socket = std::getenv("GREP11_SOCKET");
  options.socket = socket != nullptr ? socket : "/run/grep11d/grep11d.sock";
  app.add_option("--socket", options.socket,
                 "The daemon's socket; a leading @ means an abstract name. Default: GREP11_SOCKET")
      ->type_name("PATH");
  app.add_option("--applications", options.applications, "Applications, each with a connection")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--sessions", options.sessions, "Sessions that each of them opens")
      ->type_name("N")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--slot", options.slot, "Slot of the sessions")
      ->type_name("ID")
      ->capture_default_str();
  app.add_option("--watch-pid", options.daemon,
                 "Report what this process, the daemon, has in memory before and after")
      ->type_name("PID")
      ->check(CLI::PositiveNumber);
  app.add_flag("--hold", options.hold, "Stay attached after the report until standard input ends");
  app.add_option("--json", options.json_path,
                 "Write the report as JSON; '-': to standard output, instead of text")
      ->type_name("FILE");
  app.footer(
      "\nThe daemon has to admit that many: gateway.limits.connections, and LimitNOFILE of its "
      "unit.\n\nEXAMPLE\n  attach_many --applications 10000 --watch-pid $(pidof grep11d) --hold");
}

int Main(int argc, char** argv) {
  CLI::App app(
      "attach_many - what a daemon holds for thousands of attached applications\n\n"
      "Attaches them one after the other from this one process, which speaks the local protocol "
      "itself, and\nreports the time of each and the daemon's memory.",
      "attach_many");
  ManyOptions options;
  Describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  std::vector<RawApplication> all;
  const auto findings = std::make_unique<Findings>();
  if (const Status attached = AttachAll(options, all, *findings); !attached) {
    std::cerr << "attach_many: " << Explain(attached.error()) << '\n';
    return kExitCannotStart;
  }
  const auto report = ReportOf(options, *findings);
  if (options.json_path != "-") PrintText(report);
  if (!options.json_path.empty() && !WriteJson(report, options.json_path)) return kExitErrors;
  std::cout.flush();
  if (options.hold) WaitForEndOfInput();
  return 0;
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) { return gw::bench::Main(argc, argv); }

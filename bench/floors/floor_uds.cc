// Room: bench/floors. floor_uds: N client threads against one bare server over Unix sockets.
// Touches sockets, processes.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "bench/floors/floor_options.h"
#include "bench/floors/uds_round_trip.h"
#include "bench/load/options.h"
#include "bench/measure/usage.h"

namespace gw::bench {
namespace {

SteadyTime Now() { return std::chrono::steady_clock::now(); }

struct UdsOptions {
  FloorOptions floor;
  UdsShape shape;
  unsigned threads = 1;
  std::string server = "threads";
};

// One client thread: its connection, until the schedule ends or the count is used up.
void RunClient(int fd, const UdsOptions& options, const FloorSchedule& schedule,
               std::atomic<std::uint64_t>& tickets, Recorder& recorder) {
  const std::uint64_t limit = options.floor.count;
  for (;;) {
    if (limit != 0 && tickets.fetch_add(1, std::memory_order_relaxed) >= limit) break;
    const SteadyTime begun = Now();
    if (begun >= schedule.end) break;
    const bool answered = UdsRoundTrip(fd, options.shape);
    if (begun < schedule.measure_start) continue;
    const Sample sample{begun, begun, Now()};
    answered ? recorder.Success(sample) : recorder.Failure(sample, CKR_DEVICE_ERROR);
    if (!answered) break;
  }
  close(fd);
}

double CpuUsPerOperation(std::chrono::nanoseconds used, std::uint64_t operations) {
  return operations == 0
             ? 0
             : static_cast<double>(used.count()) / 1000 / static_cast<double>(operations);
}

std::unique_ptr<FloorResult> Measure(const UdsOptions& options, const UdsServer& server) {
  std::vector<Recorder> recorders(options.threads);
  std::atomic<std::uint64_t> tickets{0};
  const FloorSchedule schedule(options.floor);
  std::vector<std::thread> threads;
  for (Recorder& recorder : recorders) {
    threads.emplace_back(
        [&, fd = server.Connect()] { RunClient(fd, options, schedule, tickets, recorder); });
  }
  std::this_thread::sleep_until(schedule.measure_start);
  const auto server_before = CpuTimeOf(server.pid());
  const auto client_before = CpuTimeOf(0);
  for (std::thread& thread : threads) thread.join();
  const auto server_after = CpuTimeOf(server.pid());
  const auto client_after = CpuTimeOf(0);

  auto result = std::make_unique<FloorResult>();
  for (const Recorder& recorder : recorders) result->totals.Add(recorder);
  const SteadyTime last{std::chrono::nanoseconds(result->totals.last_done_ns)};
  result->seconds = std::chrono::duration<double>(last - schedule.measure_start).count();
  const std::uint64_t operations = result->totals.Operations();
  if (client_before && client_after)
    result->client_cpu_us = CpuUsPerOperation(*client_after - *client_before, operations);
  if (server_before && server_after)
    result->server_cpu_us = CpuUsPerOperation(*server_after - *server_before, operations);
  return result;
}

void Describe(CLI::App& app, UdsOptions& options) {
  app.add_option("--threads", options.threads,
                 "Client threads, each with a connection and one request in flight")
      ->type_name("N")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--request", options.shape.request_bytes,
                 "Octets of a request behind its 24-octet header")
      ->type_name("BYTES")
      ->check(CLI::Range(0, 60000))
      ->capture_default_str();
  app.add_option("--reply", options.shape.reply_bytes,
                 "Octets of a reply behind its 24-octet header")
      ->type_name("BYTES")
      ->check(CLI::Range(0, 60000))
      ->capture_default_str();
  app.add_option("--server", options.server,
                 "threads: one blocking thread for each connection; epoll: one thread for all")
      ->type_name("KIND")
      ->check(CLI::IsMember({"threads", "epoll"}))
      ->capture_default_str();
  AddFloorOptions(app, options.floor);
  app.footer("\nEXAMPLE\n  floor_uds --threads 64 --duration 3 --json -");
}

int Main(int argc, char** argv) {
  CLI::App app(
      "floor_uds - what a bare blocking round trip over a Unix stream socket costs\n\n"
      "A server process answers client threads and does nothing else. No call through a daemon on "
      "this host can\n"
      "be faster, so this is what such a call is measured against.",
      "floor_uds");
  UdsOptions options;
  Describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const auto kind = options.server == "epoll" ? UdsServerKind::kEpoll : UdsServerKind::kThreads;
  const UdsServer server(kind, options.shape);
  const auto result = Measure(options, server);
  const nlohmann::json extra = {{"options",
                                 {{"threads", options.threads},
                                  {"server", options.server},
                                  {"request_bytes", options.shape.request_bytes},
                                  {"reply_bytes", options.shape.reply_bytes}}}};
  return TellFloor(options.floor, "floor_uds", *result, extra);
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) { return gw::bench::Main(argc, argv); }

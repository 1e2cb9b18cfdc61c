// Room: bench/floors. floor_grpc: a bare completion-queue client that keeps N SignSingle calls in
// flight. Touches gRPC.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench/floors/floor_options.h"
#include "bench/grep11/ecdsa_check.h"
#include "bench/grep11/grep11_link.h"
#include "bench/load/run.h"
#include "bench/load/workload_functions.h"
#include "bench/measure/usage.h"

namespace gw::bench {
namespace {

SteadyTime Now() { return std::chrono::steady_clock::now(); }

struct GrpcOptions {
  FloorOptions floor;
  DirectOptions grep11;
  unsigned in_flight = 1;
  bool canned_signatures = false;
};

constexpr std::size_t kDigestBytes = 32;

// One call in flight; its address is the tag. Lives until its last tag has come back.
struct Slot {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grep11::SignSingleResponse>> reader;
  grep11::SignSingleResponse reply;
  grpc::Status status;
  SteadyTime begun;
};

// Thread: one, which also drains the queue.
class CallLoop {
 public:
  CallLoop(const Grep11Link& link, const Grep11KeyPair& key, const GrpcOptions& options)
      : link_(link),
        key_(key),
        options_(options),
        digest_(TestOctets(kDigestBytes)),
        request_(EcdsaRequest(key, digest_)),
        slots_(options.in_flight) {}

  std::unique_ptr<FloorResult> Run() {
    const FloorSchedule schedule(options_.floor);
    auto cpu_before = CpuTimeOf(0);
    bool measuring = options_.floor.count != 0;
    for (Slot& slot : slots_) Start(slot, schedule);
    void* tag = nullptr;
    bool ok = false;
    while (in_flight_ > 0 && queue_.Next(&tag, &ok)) {
      Slot& slot = *static_cast<Slot*>(tag);
      --in_flight_;
      const SteadyTime done = Now();
      if (!measuring && done >= schedule.measure_start) {
        measuring = true;
        cpu_before = CpuTimeOf(0);
      }
      if (measuring) Record(slot, done);
      Start(slot, schedule);
    }
    return Summarise(schedule, cpu_before);
  }

 private:
  void Start(Slot& slot, const FloorSchedule& schedule) {
    const std::uint64_t limit = options_.floor.count;
    if (limit != 0 && started_ >= limit) return;
    slot.begun = Now();
    if (slot.begun >= schedule.end) return;
    slot.context = std::make_unique<grpc::ClientContext>();
    link_.Prepare(*slot.context);
    slot.reader = link_.stub().PrepareAsyncSignSingle(slot.context.get(), request_, &queue_);
    slot.reader->StartCall();
    slot.reader->Finish(&slot.reply, &slot.status, &slot);
    ++started_;
    ++in_flight_;
  }

  void Record(const Slot& slot, SteadyTime done) {
    const Sample sample{slot.begun, slot.begun, done};
    if (!slot.status.ok()) return recorder_.Failure(sample, RvOf(slot.status));
    recorder_.Success(sample);
    // The first signature is proved, the others are measured for length: proving would count as
    // client CPU.
    const ByteView signature = ViewOf(slot.reply.signature());
    const bool first = recorder_.latency.count() == 1;
    const bool prove = first && !options_.canned_signatures;
    const bool right =
        signature.size() == 64 && (!prove || EcdsaSignatureHolds(key_.spki, digest_, signature));
    if (!right) ++recorder_.bad_results;
  }

  std::unique_ptr<FloorResult> Summarise(const FloorSchedule& schedule,
                                         std::optional<std::chrono::nanoseconds> cpu_before) const {
    auto result = std::make_unique<FloorResult>();
    result->totals.Add(recorder_);
    result->server_cpu_us = -1;
    const SteadyTime last{std::chrono::nanoseconds(result->totals.last_done_ns)};
    result->seconds =
        std::max(0.0, std::chrono::duration<double>(last - schedule.measure_start).count());
    const auto cpu_after = CpuTimeOf(0);
    const std::uint64_t operations = result->totals.Operations();
    if (cpu_before && cpu_after && operations != 0) {
      const auto used = *cpu_after - *cpu_before;
      result->client_cpu_us =
          static_cast<double>(used.count()) / 1000 / static_cast<double>(operations);
    }
    return result;
  }

  const Grep11Link& link_;
  const Grep11KeyPair& key_;
  const GrpcOptions& options_;
  Bytes digest_;
  grep11::SignSingleRequest request_;
  grpc::CompletionQueue queue_;
  std::vector<Slot> slots_;
  std::uint64_t started_ = 0;
  std::size_t in_flight_ = 0;
  Recorder recorder_;
};

void DescribeOptions(CLI::App& app, GrpcOptions& options) {
  const auto added = AddGrep11Options(app, options.grep11, "Service");
  added[0]->required();
  added[1]->required();
  app.add_option("--in-flight", options.in_flight, "Calls in flight, over one channel")
      ->type_name("N")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_flag("--canned-signatures", options.canned_signatures,
               "The HSM is an emulator with --canned-signatures: verify none");
  AddFloorOptions(app, options.floor);
  app.footer(
      "\nEXAMPLE\n  floor_grpc --grep11 localhost:9876 --ca ca.pem --iam https://localhost:9443 "
      "--apikey-file key "
      "--in-flight 64");
}

int CannotStart(const Error& error) {
  std::cerr << "floor_grpc: " << Explain(error) << '\n';
  return kExitCannotStart;
}

int Measure(const GrpcOptions& options) {
  auto link = Grep11Link::Open(options.grep11);
  if (!link) return CannotStart(link.error());
  auto key = link->MakeEcKey();
  if (!key) return CannotStart(key.error());
  const auto loop = std::make_unique<CallLoop>(*link, *key, options);
  const auto result = loop->Run();
  const nlohmann::json extra = {{"options",
                                 {{"in_flight", options.in_flight},
                                  {"signatures", options.canned_signatures ? "canned" : "made"},
                                  {"address", options.grep11.address}}},
                                {"memory", MemoryOfThisProcess()}};
  return TellFloor(options.floor, "floor_grpc", *result, extra);
}

int Main(int argc, char** argv) {
  CLI::App app(
      "floor_grpc - what a bare gRPC client needs for one HSM signature\n\n"
      "Makes a P-256 key with GenerateKeyPair, then keeps N SignSingle calls in flight over one "
      "TLS channel from\n"
      "one thread with one completion queue. Nothing that signs through GREP11 can do with less.",
      "floor_grpc");
  GrpcOptions options;
  DescribeOptions(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return Measure(options);
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) { return gw::bench::Main(argc, argv); }

// JSON for tests of the report, in the shape that the tools write.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/load/report/report_data.h"
#include "bench/load/report/report_reader.h"

namespace gw::bench {

inline nlohmann::json LatencySample() {
  return {{"count", 4},   {"min", 100.0}, {"mean", 200.0},  {"p50", 150.0},
          {"p90", 300.0}, {"p99", 400.0}, {"p99.9", 400.0}, {"max", 400.0}};
}

inline nlohmann::json BuildSample() {
  return {{"commit", "0123456789ab"}, {"build_type", "RelWithDebInfo"}, {"compiler", "GNU 12.2.0"}};
}

inline nlohmann::json MachineSample() {
  return {{"cores", 2}, {"cpu", "some cpu"}, {"kernel", "Linux 6.1"}, {"host_memory_mib", 8000}};
}

// Four operations: 100 us, twice some 150 us, 400 us; eight processes with two threads.
inline nlohmann::json LoadSample() {
  return {{"tool", "grep11-load"},
          {"started_at", "2024-01-31T12:00:00Z"},
          {"build", BuildSample()},
          {"machine", MachineSample()},
          {"options",
           {{"target", "module"},
            {"module", "/usr/lib/pkcs11/pkcs11-grep11.so"},
            {"op", "ecdsa"},
            {"processes", 8},
            {"threads", 2},
            {"loop", "closed"}}},
          {"result",
           {{"end", "complete"},
            {"operations", 4},
            {"throughput_per_s", 2000.0},
            {"errors", 0},
            {"errors_by_name", nlohmann::json::object()},
            {"failures", nlohmann::json::array()},
            {"latency_us", LatencySample()}}},
          {"processes", {{{"cpu_s", 30e-6}}, {{"cpu_s", 10e-6}}}},
          {"watched", {{{"pid", 7}, {"name", "grep11d"}, {"cpu_us_per_op", 25.0}}}},
          {"histogram",
           {{"unit", "ns"},
            {"buckets", {{100'000, 1'000, 1}, {150'000, 1'000, 2}, {400'000, 2'000, 1}}}}}};
}

inline nlohmann::json CompareSample() {
  return {{"tool", "compare"},
          {"started_at", "2024-01-31T13:00:00Z"},
          {"build", BuildSample()},
          {"machine", MachineSample()},
          {"rounds", 3},
          {"duration_s", 0.5},
          {"figures",
           {{{"name", "C_SignInit + C_Sign"},
             {"unit", "us"},
             {"ours", {{"median", 110.0}, {"low", 100.0}, {"high", 120.0}}},
             {"floor", {{"median", 100.0}, {"low", 95.0}, {"high", 105.0}}},
             {"ratio", {{"median", 1.1}, {"low", 1.0}, {"high", 1.2}}},
             {"reach", 1.15},
             {"at_least", false},
             {"met", true}}}},
          {"samples",
           {{"sign_1", {{"p50_us", {100.0, 110.0}}, {"throughput", {900.0, nullptr, 1000.0}}}},
            {"sign_64", {{"daemon_cpu_us", {40.0, 44.0, 42.0}}, {"throughput", {3000.0}}}},
            {"attach", {{"attach_us", {800.0}}}}}},
          {"requests_per_call", {{"ecdsa", 1.0}, {"random", 0.00012}}},
          {"failures", nlohmann::json::array()}};
}

inline ReportData DataOf(const nlohmann::json& report) {
  ReportData data;
  ReadReport(report, "folder/run.json", "run", data);
  return data;
}

}  // namespace gw::bench

// Room: bench/load. What a report shows, free of the files it came from. Includes std only.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gw::bench {

// Where figures come from. Numbers of a file are kept as doubles: a report only draws them.
struct Origin {
  std::string file;
  std::string tool;
  std::string started_at;
  std::string commit, build_type, compiler;
  std::string cpu, kernel;
  double cores = 0;
  double memory_mib = 0;
};

// Microseconds.
struct Quantiles {
  double count = 0;
  double min = 0, mean = 0, p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

struct Bucket {
  double lowest_us = 0;
  double width_us = 0;
  double count = 0;
};

struct CpuPart {
  std::string name;
  double us_per_operation = 0;
};

struct CpuBar {
  std::string name;
  std::vector<CpuPart> parts;
};

// One run of grep11-load or of a floor.
struct MeasuredRun {
  std::string label;
  std::string operation;
  std::string target;
  std::string load;  // "8 processes x 8 threads, closed loop"
  double in_flight = 1;
  bool open_loop = false;
  double operations = 0;
  double per_second = 0;
  double errors = 0;
  Quantiles latency;
  std::vector<Bucket> buckets;  // ascending; empty in files without a histogram
  std::vector<CpuPart> cpu;
  std::vector<std::string> problems;
};

// Of the rounds of a comparison; low and high are the median where there was one round.
struct Spread {
  double median = 0;
  double low = 0;
  double high = 0;
};

struct RatioRow {
  std::string name;
  std::string unit;
  std::optional<Spread> ours, floor, ratio;
  std::optional<double> reach;
  bool at_least = false;  // the target is a lower bound
  std::optional<bool> met;
};

struct ThroughputPoint {
  double in_flight = 1;
  Spread per_second;
};

struct ThroughputSeries {
  std::string name;
  std::vector<ThroughputPoint> points;  // ascending
};

// One file of bench/compare.
struct Comparison {
  std::string label;
  double rounds = 0;
  double duration_s = 0;
  std::vector<RatioRow> rows;
  std::vector<ThroughputSeries> throughput;
  std::vector<CpuBar> cpu;
  std::vector<std::pair<std::string, double>> requests_per_call;
  std::vector<std::string> problems;
};

struct ReportData {
  std::vector<Origin> origins;
  std::vector<MeasuredRun> runs;
  std::vector<Comparison> comparisons;
};

}  // namespace gw::bench

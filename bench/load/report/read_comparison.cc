// Room: bench/load.
#include "bench/load/report/read_comparison.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace gw::bench {
namespace {

using nlohmann::json;

constexpr std::string_view kCpuSuffix = "_cpu_us";

// "sign_64" is measurement "sign" at 64; anything else has no number.
std::optional<std::pair<std::string, double>> SplitName(std::string_view name) {
  const auto at = name.rfind('_');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  unsigned number = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + at + 1, end, number);
  if (read.ec != std::errc() || read.ptr != end || number == 0) return std::nullopt;
  return std::pair(std::string(name.substr(0, at)), static_cast<double>(number));
}

std::string Spaced(std::string_view name) {
  std::string text(name);
  std::ranges::replace(text, '_', ' ');
  return text;
}

// A figure is one number, or median, low and high of the rounds.
std::optional<Spread> ReadSpread(const JsonFields& row, std::string_view name) {
  const json* value = row.Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    const double number = row.Number(name);
    return Spread{number, number, number};
  }
  const JsonFields spread = row.Object(name);
  return Spread{spread.Number("median"), spread.Number("low"), spread.Number("high")};
}

RatioRow ReadRow(const json& value, const JsonFields& report) {
  const JsonFields fields(value, report.WhereIs("figures[]"));
  RatioRow row;
  row.name = fields.Text("name");
  row.unit = fields.MaybeText("unit");
  row.ours = ReadSpread(fields, "ours");
  row.floor = ReadSpread(fields, "floor");
  row.ratio = ReadSpread(fields, "ratio");
  row.reach = fields.MaybeNumber("reach");
  row.at_least = fields.MaybeBool("at_least");
  if (fields.Find("met") != nullptr) row.met = fields.MaybeBool("met");
  return row;
}

// Over the rounds in which there is a value; nothing if there is none.
std::optional<Spread> SpreadOf(const json& rounds, const JsonFields& where, std::string_view name) {
  std::vector<double> values;
  if (!rounds.is_array()) where.Complain(name, "not a list");
  for (const json& value : rounds) {
    if (value.is_null()) continue;
    if (!value.is_number() || value < 0) where.Complain(name, "not a list of numbers");
    values.push_back(value.get<double>());
  }
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return Spread{median, values.front(), values.back()};
}

void AddPoint(Comparison& comparison, std::string name, const ThroughputPoint& point) {
  auto series = std::ranges::find(comparison.throughput, name, &ThroughputSeries::name);
  if (series == comparison.throughput.end()) {
    comparison.throughput.push_back({std::move(name), {}});
    series = comparison.throughput.end() - 1;
  }
  const auto place =
      std::ranges::upper_bound(series->points, point.in_flight, {}, &ThroughputPoint::in_flight);
  series->points.insert(place, point);
}

void ReadMeasurement(const std::string& name, const json& numbers, const JsonFields& samples,
                     Comparison& comparison) {
  const JsonFields where(numbers, samples.WhereIs(name));
  CpuBar bar{Spaced(name), {}};
  for (const auto& [number, rounds] : numbers.items()) {
    const auto spread = SpreadOf(rounds, where, number);
    if (!spread) continue;
    const auto split = SplitName(name);
    if (number == "throughput" && split) {
      AddPoint(comparison, Spaced(split->first), {split->second, *spread});
    } else if (number.ends_with(kCpuSuffix)) {
      const auto part = std::string_view(number).substr(0, number.size() - kCpuSuffix.size());
      bar.parts.push_back({Spaced(part), spread->median});
    }
  }
  if (!bar.parts.empty()) comparison.cpu.push_back(std::move(bar));
}

}  // namespace

Comparison ReadComparison(const JsonFields& report, const std::string& label) {
  Comparison comparison;
  comparison.label = label;
  comparison.rounds = report.MaybeNumber("rounds").value_or(0);
  comparison.duration_s = report.MaybeNumber("duration_s").value_or(0);
  if (const json* rows = report.MaybeArray("figures")) {
    for (const json& row : *rows) comparison.rows.push_back(ReadRow(row, report));
  }
  if (const json* samples = report.MaybeObject("samples")) {
    const JsonFields fields(*samples, report.WhereIs("samples"));
    for (const auto& [name, numbers] : samples->items()) {
      ReadMeasurement(name, numbers, fields, comparison);
    }
  }
  if (const json* requests = report.MaybeObject("requests_per_call")) {
    const JsonFields fields(*requests, report.WhereIs("requests_per_call"));
    for (const auto& [operation, count] : requests->items()) {
      // The difference of two counts: it may be below zero.
      if (!count.is_number()) fields.Complain(operation, "not a number");
      comparison.requests_per_call.emplace_back(operation, count.get<double>());
    }
  }
  if (const json* failures = report.MaybeArray("failures")) {
    for (const json& failure : *failures) {
      comparison.problems.push_back(failure.is_string() ? failure.get<std::string>()
                                                        : failure.dump());
    }
  }
  return comparison;
}

}  // namespace gw::bench

// The page: well-formed, self-contained, escaped, and with every figure where it belongs.
#include "bench/load/report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "bench/load/report/axis.h"
#include "bench/load/report/charts.h"
#include "bench/load/report/markup.h"
#include "tests/unit/bench/report_files.h"

namespace gw::bench {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ReportData Everything() {
  ReportData data = DataOf(LoadSample());
  ReadReport(CompareSample(), "figures.json", "figures", data);
  return data;
}

// Tags that are opened and not closed, in order; void and self-closed ones left out.
std::vector<std::string> OpenTags(const std::string& html) {
  static const std::regex tag("<(/?)([a-zA-Z0-9]+)[^>]*?(/?)>");
  std::vector<std::string> open;
  for (std::sregex_iterator at(html.begin(), html.end(), tag), end; at != end; ++at) {
    const std::string name = (*at)[2];
    if (name == "meta" || (*at)[3].length() != 0) continue;
    if ((*at)[1].length() == 0) {
      open.push_back(name);
    } else if (!open.empty() && open.back() == name) {
      open.pop_back();
    } else {
      open.push_back("/" + name);
    }
  }
  return open;
}

std::size_t CountOf(const std::string& text, const std::string& wanted) {
  std::size_t count = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1))
    ++count;
  return count;
}

// All pairs "x y" of the first path of this class.
std::vector<std::pair<double, double>> PointsOf(const std::string& svg, const std::string& css) {
  const auto start = svg.find("<path class=\"" + css + "\" d=\"");
  if (start == std::string::npos) return {};
  const auto from = svg.find("d=\"", start) + 3;
  const std::string path = svg.substr(from, svg.find('"', from) - from);
  static const std::regex point("[ML]([-0-9.]+) ([-0-9.]+)");
  std::vector<std::pair<double, double>> points;
  for (std::sregex_iterator at(path.begin(), path.end(), point), end; at != end; ++at) {
    points.emplace_back(std::stod((*at)[1]), std::stod((*at)[2]));
  }
  return points;
}

TEST(ReportPageTest, EveryTagIsClosed) {
  EXPECT_THAT(OpenTags(ReportPage(Everything(), "title")), IsEmpty());
}

TEST(ReportPageTest, NothingIsLoadedFromAnywhere) {
  const std::string page = ReportPage(Everything(), "title");
  for (const char* word :
       {"http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
}

TEST(ReportPageTest, TextsOfFilesAreEscapedWhereverTheyStand) {
  const std::string evil = "<script>\"'&\x01";
  json load = LoadSample();
  load["options"]["op"] = evil;
  load["options"]["module"] = evil;
  load["watched"][0]["name"] = evil;
  load["result"]["failures"] = {evil};
  load["build"]["commit"] = evil;
  load["machine"]["cpu"] = evil;
  json compare = CompareSample();
  compare["figures"][0]["name"] = evil;
  compare["figures"][0]["unit"] = evil;
  compare["samples"][evil + "_8"] = {{"throughput", {5}}, {evil + "_cpu_us", {5}}};
  compare["requests_per_call"][evil] = 1;
  compare["failures"] = {evil};
  ReportData data;
  ReadReport(load, evil, evil, data);
  ReadReport(compare, evil, evil, data);
  const std::string page = ReportPage(data, evil);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("\x01")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;&quot;&#39;&amp; "));
  EXPECT_THAT(OpenTags(page), IsEmpty());
}

TEST(ReportPageTest, FiguresOfRunsAndComparisonsAreInTheTables) {
  const std::string page = ReportPage(Everything(), "title");
  for (const char* text :
       {"8 processes \u00d7 2 threads, closed loop", "150 \u00b5s", "2000", "C_SignInit + C_Sign",
        "1 \u2026 1.2", "\u2264 1.15", "0.00012", "0123456789ab", "2 \u00d7 some cpu"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST(ReportPageTest, WhatWentWrongStandsFirst) {
  json report = LoadSample();
  report["result"]["errors_by_name"] = {{"CKR_DEVICE_ERROR", 3}};
  const std::string page = ReportPage(DataOf(report), "title");
  EXPECT_LT(page.find("run: CKR_DEVICE_ERROR: 3"), page.find("<table>"));
  EXPECT_THAT(ReportPage(Everything(), "title"), Not(HasSubstr("What went wrong")));
}

TEST(ReportPageTest, DifferentBuildsAreWarnedAbout) {
  EXPECT_THAT(ReportPage(Everything(), "title"), Not(HasSubstr("class=\"warning\"")));
  ReportData data = Everything();
  data.origins[1].commit = "other";
  EXPECT_THAT(ReportPage(data, "title"), HasSubstr("2 builds, 1 machines"));
}

TEST(LatencyChartTest, ALineRisesFromTheFastestToTheSlowestOperation) {
  const auto points = PointsOf(LatencyCharts(DataOf(LoadSample())), "line s0");
  ASSERT_GE(points.size(), 4u);
  for (std::size_t i = 1; i < points.size(); ++i) {
    EXPECT_GE(points[i].first, points[i - 1].first);
    EXPECT_LE(points[i].second, points[i - 1].second) << "up is slow";
  }
  EXPECT_EQ(points.front().first, 76) << "begins where no operation is faster";
}

TEST(LatencyChartTest, EachRunHasItsLineAndItsPlaceInTheLegend) {
  ReportData data;
  for (int i = 0; i < 8; ++i) ReadReport(LoadSample(), "f", "run" + std::to_string(i), data);
  const std::string html = LatencyCharts(data);
  EXPECT_EQ(CountOf(html, "<figure>"), 1u);
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(html, HasSubstr("<path class=\"line s" + std::to_string(i)));
    EXPECT_THAT(html, HasSubstr("</svg>run" + std::to_string(i)));
  }
  ReadReport(LoadSample(), "f", "run8", data);
  EXPECT_EQ(CountOf(LatencyCharts(data), "<figure>"), 2u) << "nine lines would need a ninth colour";
}

TEST(LatencyChartTest, WithoutAHistogramTheQuantilesAreDrawn) {
  json report = LoadSample();
  report.erase("histogram");
  report["result"]["latency_us"]["count"] = 10'000;
  EXPECT_GE(PointsOf(LatencyCharts(DataOf(report)), "line s0").size(), 4u);
}

TEST(LatencyChartTest, RunsWithoutAnOperationAreLeftOut) {
  json report = LoadSample();
  report["result"]["latency_us"]["count"] = 0;
  EXPECT_EQ(LatencyCharts(DataOf(report)), "");
}

TEST(ThroughputChartTest, RunsOfOneOperationMakeOneLineByTheirNumberInFlight) {
  ReportData data;
  for (const int threads : {8, 1, 4}) {
    json report = LoadSample();
    report["options"]["processes"] = 1;
    report["options"]["threads"] = threads;
    report["result"]["throughput_per_s"] = 100 * threads;
    ReadReport(report, "f", "run", data);
  }
  const auto points = PointsOf(ThroughputCharts(data), "line s0");
  ASSERT_EQ(points.size(), 3u);
  EXPECT_LT(points[0].first, points[1].first);
  EXPECT_LT(points[1].first, points[2].first);
  EXPECT_GT(points[0].second, points[2].second) << "up is more";
}

TEST(ThroughputChartTest, AnOpenLoopSaysNothingAboutThroughput) {
  json report = LoadSample();
  report["options"]["loop"] = "open";
  EXPECT_EQ(ThroughputCharts(DataOf(report)), "");
}

TEST(ThroughputChartTest, RoundsOfAComparisonHaveTheirSpread) {
  EXPECT_THAT(ThroughputCharts(DataOf(CompareSample())), HasSubstr("class=\"spread s0\""));
}

TEST(CpuChartTest, APartHasTheSameColourInEveryBar) {
  ReportData data;
  ReadReport(LoadSample(), "f", "one", data);
  json report = LoadSample();
  report["processes"] = nullptr;
  report["options"]["op"] = "rsa";
  report["processes"] = {{{"cpu_s", 0}}};
  ReadReport(report, "f", "two", data);
  const std::string html = CpuCharts(data);
  EXPECT_EQ(CountOf(html, "<title>daemon: 25 \u00b5s</title>"), 2u);
  EXPECT_EQ(CountOf(html, "<rect class=\"block s1\" x=\"8\""), 1u) << "one entry in the legend";
  EXPECT_EQ(CountOf(html, "<rect class=\"block s1\""), 3u);
}

TEST(CpuChartTest, NoCpuNoChart) { EXPECT_EQ(CpuCharts(ReportData{}), ""); }

TEST(MarkupTest, FiguresHaveThreeDigitsOrAllBeforeThePoint) {
  EXPECT_EQ(Figure(0), "0");
  EXPECT_EQ(Figure(0.000122), "0.000122");
  EXPECT_EQ(Figure(1.005), "1");
  EXPECT_EQ(Figure(1.234), "1.23");
  EXPECT_EQ(Figure(56.78), "56.8");
  EXPECT_EQ(Figure(123456.7), "123457");
  EXPECT_EQ(Figure(-2.5), "-2.5");
}

TEST(MarkupTest, TimesHaveTheUnitThatSuitsThem) {
  EXPECT_EQ(TimeText(0.5), "0.5 \u00b5s");
  EXPECT_EQ(TimeText(934.4), "934 \u00b5s");
  EXPECT_EQ(TimeText(1490), "1.49 ms");
  EXPECT_EQ(TimeText(2.5e6), "2.5 s");
}

TEST(AxisTest, ALogScaleGivesEachPowerTheSameRoom) {
  const LogScale scale(1, 100, 0, 200);
  EXPECT_DOUBLE_EQ(scale.At(1), 0);
  EXPECT_DOUBLE_EQ(scale.At(10), 100);
  EXPECT_DOUBLE_EQ(scale.At(100), 200);
  EXPECT_DOUBLE_EQ(scale.At(1e9), 200) << "drawn at the edge";
  EXPECT_TRUE(std::isfinite(LogScale(5, 5, 0, 100).At(5)));
}

TEST(AxisTest, TicksAreRoundNumbersInside) {
  EXPECT_THAT(LogTicks(2, 50), ElementsAre(2, 5, 10, 20, 50));
  EXPECT_THAT(LogTicks(1, 1e4), ElementsAre(1, 10, 100, 1000, 10000));
  EXPECT_THAT(PowersOfTwo(0.8, 9), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(LinearTicks(95, 5), ElementsAre(0, 20, 40, 60, 80));
  EXPECT_EQ(RoundedDown(0.07), 0.05);
  EXPECT_EQ(RoundedUp(31), 50);
  EXPECT_EQ(RoundedUp(100), 100);
}

}  // namespace
}  // namespace gw::bench

// What the admin port hands out.
#include "daemon/admin/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/core/metrics.h"
#include "daemon/core/version.h"

namespace gw {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(DocumentsTest, MetricsAreTheRegistryAsPrometheusText) {
  metrics::GaugeFamily("gw_documents_test", "Set by this test.").Add({{"kind", "a"}}).Set(3);
  const std::string text = MetricsText();
  EXPECT_THAT(text, HasSubstr("# HELP gw_documents_test Set by this test.\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE gw_documents_test gauge\n"));
  EXPECT_THAT(text, HasSubstr("gw_documents_test{kind=\"a\"} 3\n"));
}

TEST(DocumentsTest, HealthHasVersionUptimeAndStatus) {
  const auto health = nlohmann::json::parse(HealthJson(seconds(90), "{\"slots\": [0]}"));
  EXPECT_EQ(health["version"], kVersion);
  EXPECT_EQ(health["uptime_s"], 90);
  EXPECT_EQ(health["status"]["slots"][0], 0);
  EXPECT_EQ(health.size(), 3u);
}

TEST(DocumentsTest, AStatusThatIsNotJsonBecomesAString) {
  EXPECT_EQ(nlohmann::json::parse(HealthJson(seconds(0), "all \"well\""))["status"],
            "all \"well\"");
  EXPECT_EQ(nlohmann::json::parse(HealthJson(seconds(0), ""))["status"], "");
  EXPECT_EQ(nlohmann::json::parse(HealthJson(seconds(0), "\xff"))["status"], "\xef\xbf\xbd");
}

}  // namespace
}  // namespace gw

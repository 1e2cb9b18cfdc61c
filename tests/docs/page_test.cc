// Tests tests/docs/page.cc.
#include "tests/docs/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace gw::docs {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::string_view kPage =
    "# Title\n"
    "<!-- made: one -->\n"
    "old\n"
    "<!-- /made -->\n"
    "between\n"
    "<!-- made: two -->\n"
    "<!-- /made -->\n"
    "end";

TEST(PageTest, TablesAreRenewedAndTheProseStays) {
  EXPECT_EQ(Filled(kPage, {{"one", "| a |\n"}, {"two", "| b |\n"}}),
            "# Title\n"
            "<!-- made: one -->\n"
            "| a |\n"
            "<!-- /made -->\n"
            "between\n"
            "<!-- made: two -->\n"
            "| b |\n"
            "<!-- /made -->\n"
            "end");
}

TEST(PageTest, WhatWasRenewedStays) {
  const Tables tables = {{"one", "| a |\n"}, {"two", "| b |\n"}};
  const std::string once = Filled(kPage, tables);
  EXPECT_EQ(Filled(once, tables), once);
}

TEST(PageTest, PlacesAndTablesBelongTogether) {
  const auto filled = [](std::string page, Tables tables) {
    return [page = std::move(page), tables = std::move(tables)] { (void)Filled(page, tables); };
  };
  const auto complains = [](const char* text) {
    return ThrowsMessage<std::runtime_error>(HasSubstr(text));
  };
  EXPECT_THAT(filled(std::string(kPage), {{"one", ""}}), complains("nobody makes: two"));
  EXPECT_THAT(filled("", {{"one", ""}}), complains("no place for one"));
  EXPECT_THAT(filled("<!-- made: one -->\n", {{"one", ""}}), complains("no end of the place"));
  EXPECT_THAT(filled("<!-- made: one\n", {{"one", ""}}), complains("no end of the place"));
  const std::string place = "<!-- made: one -->\n<!-- /made -->\n";
  EXPECT_THAT(filled(place + place, {{"one", ""}}), complains("two places for one"));
  EXPECT_THAT(filled("<!-- made: one -->\n" + place, {{"one", ""}}), complains("no end of"));
}

}  // namespace
}  // namespace gw::docs

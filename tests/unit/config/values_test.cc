// Single values: what is taken, what is refused, and with which words.
#include "daemon/config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// "= VALUE" or the complaint, so that one table shows both.
template <typename T, typename Parse>
std::string Outcome(Parse parse, std::string_view text) {
  T value{};
  const Complaint complaint = parse(text, value);
  if (!complaint.empty()) return complaint;
  if constexpr (std::is_convertible_v<T, std::string>) {
    return "= " + value;
  } else {
    return "= " + std::to_string(value);
  }
}

struct Case {
  std::string text;
  std::string outcome;
};

template <typename T, typename Parse>
void ExpectAll(Parse parse, const std::vector<Case>& cases) {
  for (const Case& one : cases) EXPECT_EQ(Outcome<T>(parse, one.text), one.outcome) << one.text;
}

TEST(ValuesTest, Booleans) {
  ExpectAll<bool>(ParseBool, {{"true", "= 1"},
                              {"FALSE", "= 0"},
                              {"Yes", "= 1"},
                              {"off", "= 0"},
                              {"tRUE", "must be true or false"},
                              {"1", "must be true or false"},
                              {"", "must be true or false"}});
}

TEST(ValuesTest, Ports) {
  const std::string refused = "must be a port from 1 to 65535";
  ExpectAll<std::uint16_t>(ParsePort, {{"1", "= 1"},
                                       {"65535", "= 65535"},
                                       {"0", refused},
                                       {"65536", refused},
                                       {"99999999999999999999", refused},
                                       {"-1", refused},
                                       {"+1", refused},
                                       {"443 ", refused},
                                       {"0x10", refused},
                                       {"", refused}});
}

TEST(ValuesTest, Counts) {
  ExpectAll<std::uint32_t>(ParseCount<2, 10>, {{"2", "= 2"},
                                               {"10", "= 10"},
                                               {"1", "must be from 2 to 10"},
                                               {"11", "must be from 2 to 10"},
                                               {"many", "must be from 2 to 10"}});
}

TEST(ValuesTest, Sizes) {
  const std::string form = "must be a number of bytes, or one with KiB or MiB, as in \"64MiB\"";
  const std::string range = "must be from 1024 to 67108864 bytes";
  ExpectAll<std::uint32_t>(ParseBytes<1024, (64u << 20)>, {{"1024", "= 1024"},
                                                           {"1KiB", "= 1024"},
                                                           {"64 MiB", "= 67108864"},
                                                           {"1023", range},
                                                           {"65MiB", range},
                                                           {"1MB", form},
                                                           {"MiB", form},
                                                           {"99999999999999999MiB", form}});
}

std::string Duration(std::string_view text) {
  milliseconds value{};
  const Complaint complaint = ParseTime<100, 3'600'000>(text, value);
  return complaint.empty() ? std::to_string(value.count()) + "ms" : complaint;
}

TEST(ValuesTest, DurationsHaveAUnitOrCountMilliseconds) {
  EXPECT_EQ(Duration("500ms"), "500ms");
  EXPECT_EQ(Duration("30s"), "30000ms");
  EXPECT_EQ(Duration("30 s"), "30000ms");
  EXPECT_EQ(Duration("2m"), "120000ms");
  EXPECT_EQ(Duration("1h"), "3600000ms");
  EXPECT_EQ(Duration("2500"), "2500ms");
}

TEST(ValuesTest, DurationsOfOtherFormsAndRangesAreRefused) {
  const std::string form =
      "must be a time with ms, s, m or h, as in \"30s\" (a bare number counts ms)";
  for (const char* text :
       {"", "s", "1.5s", "-1s", "30 sec", "1d", "30s ", "9999999999999999999h"}) {
    EXPECT_EQ(Duration(text), form) << text;
  }
  EXPECT_EQ(Duration("99"), "must be from 100 to 3600000 ms");
  EXPECT_EQ(Duration("2h"), "must be from 100 to 3600000 ms");
}

TEST(ValuesTest, InfoTexts) {
  const std::string refused = "must be 1 to 16 printable ASCII characters";
  ExpectAll<std::string>(ParseInfoText<16>, {{"GREP11", "= GREP11"},
                                             {"1234567890123456", "= 1234567890123456"},
                                             {"12345678901234567", refused},
                                             {"", refused},
                                             {"caf\xc3\xa9", refused},
                                             {"a\nb", refused}});
}

TEST(ValuesTest, Uuids) {
  const std::string good = "f00db2f1-4421-4032-A505-465bedfa845B";
  const std::string refused = "must be a UUID, as in \"f00db2f1-4421-4032-a505-465bedfa845b\"";
  ExpectAll<std::string>(ParseUuid, {{good, "= " + good},
                                     {good + "0", refused},
                                     {good.substr(1), refused},
                                     {"f00db2f144214032a505465bedfa845b", refused},
                                     {"g00db2f1-4421-4032-a505-465bedfa845b", refused},
                                     {"f00db2f1-4421-4032-a505+465bedfa845b", refused},
                                     {"<private_keystore_spaceid>", refused},
                                     {"", refused}});
}

TEST(ValuesTest, Hosts) {
  const std::string refused = "must be a host name or an IP address";
  ExpectAll<std::string>(
      ParseHost,
      {{"ep11.us-south.hs-crypto.cloud.ibm.com", "= ep11.us-south.hs-crypto.cloud.ibm.com"},
       {"localhost", "= localhost"},
       {"10.0.0.1", "= 10.0.0.1"},
       {"::1", "= ::1"},
       {"[2001:db8::7]", "= 2001:db8::7"},
       {"host_1.example.", "= host_1.example."},
       {"https://ep11.example.test", "must be a host name without a scheme"},
       {"ep11.example.test:443",
        "must be a host name without a port; the port has a key of its own"},
       {"<grep11_server_address>", refused},
       {"10.0.0.256", refused},
       {"10.0.0", refused},
       {"a..b", refused},
       {"-a.b", refused},
       {"a b", refused},
       {std::string(64, 'a') + ".test", refused},
       {std::string(254, 'a'), refused},
       {"", refused}});
}

TEST(ValuesTest, IamAddresses) {
  const std::string form = "must be an address of the form https://host[:port][/path]";
  ExpectAll<std::string>(ParseHttpsUrl,
                         {{"https://iam.cloud.ibm.com", "= https://iam.cloud.ibm.com"},
                          {"HTTPS://iam.cloud.ibm.com/", "= https://iam.cloud.ibm.com"},
                          {"https://127.0.0.1:8443/iam//", "= https://127.0.0.1:8443/iam"},
                          {"https://[::1]:8443", "= https://[::1]:8443"},
                          {"http://iam.cloud.ibm.com", "must begin with https://"},
                          {"iam.cloud.ibm.com", "must begin with https://"},
                          {"https://", form},
                          {"https://host:", form},
                          {"https://host:0", form},
                          {"https://user@host", form},
                          {"https://host?x=1", form},
                          {"https://host/#x", form},
                          {"https://ho st", form}});
}

TEST(ValuesTest, MetricsAddresses) {
  const std::string form = "must be an IP address and a port, as in \"127.0.0.1:9611\", or \"off\"";
  const std::string open = "must be a loopback address: it answers without a password";
  ExpectAll<std::string>(ParseLoopbackListen, {{"127.0.0.1:9611", "= 127.0.0.1:9611"},
                                               {"127.8.8.8:0", "= 127.8.8.8:0"},
                                               {"[::1]:9611", "= [::1]:9611"},
                                               {"off", "= "},
                                               {"", "= "},
                                               {"0.0.0.0:9611", open},
                                               {"[::]:9611", open},
                                               {"192.0.2.1:9611", open},
                                               {"::1:9611", form},
                                               {"localhost:9611", form},
                                               {"127.0.0.1", form},
                                               {"127.0.0.1:70000", form},
                                               {":9611", form}});
}

TEST(ValuesTest, SocketPaths) {
  ExpectAll<std::string>(
      ParseSocketPath,
      {{"/run/grep11d/grep11d.sock", "= /run/grep11d/grep11d.sock"},
       {"@grep11d", "= @grep11d"},
       {"@", "must be a full path, or an abstract name beginning with \"@\""},
       {"grep11d.sock", "must be a full path, or an abstract name beginning with \"@\""},
       {"/" + std::string(106, 'x'), "= /" + std::string(106, 'x')},
       {"/" + std::string(107, 'x'), "longer than 107 bytes"}});
}

TEST(ValuesTest, LogLevelsOfTheVendor) {
  const std::vector<std::pair<std::string, LogLevel>> levels = {
      {"panic", LogLevel::kFatal},     {"fatal", LogLevel::kFatal},
      {"error", LogLevel::kError},     {"warning", LogLevel::kWarning},
      {"warn", LogLevel::kWarning},    {"info", LogLevel::kInfo},
      {"debug", LogLevel::kDebug},     {"trace", LogLevel::kTrace},
      {"WARNING", LogLevel::kWarning},
  };
  for (const auto& [name, level] : levels) {
    LogLevel out = LogLevel::kFatal;
    EXPECT_EQ(ParseLogLevel(name, out), "") << name;
    EXPECT_EQ(out, level) << name;
  }
  LogLevel out = LogLevel::kInfo;
  EXPECT_NE(ParseLogLevel("loud", out), "");
  EXPECT_EQ(out, LogLevel::kInfo);
}

TEST(ValuesTest, UsersAndGroupsByNameOrNumber) {
  ExpectAll<std::uint32_t>(ParseUser, {{"root", "= 0"},
                                       {"0", "= 0"},
                                       {"4294967294", "= 4294967294"},
                                       {"", "must be the name or the number of a user"},
                                       {"no such one", "no user \"no such one\" on this host"},
                                       {"4294967295", "no user \"4294967295\" on this host"}});
  ExpectAll<std::uint32_t>(
      ParseGroup,
      {{"root", "= 0"}, {"100", "= 100"}, {"no\nsuch", "no group \"no?such\" on this host"}});
}

TEST(ValuesTest, NoComplaintRepeatsASecretInTheWrongPlace) {
  constexpr std::string_view kSecret = "Xk9-planted-secret-Zq";
  bool flag = false;
  std::uint16_t port = 0;
  std::uint32_t count = 0;
  std::string text;
  LogLevel level{};
  for (const Complaint& complaint :
       {ParseBool(kSecret, flag), ParsePort(kSecret, port), ParseCount<1, 2>(kSecret, count),
        ParseBytes<1, 2>(kSecret, count), ParseUuid(kSecret, text), ParseHttpsUrl(kSecret, text),
        ParseLoopbackListen(kSecret, text), ParseSocketPath(kSecret, text),
        ParseAbsolutePath(kSecret, text), ParseLogLevel(kSecret, level), Duration(kSecret)}) {
    EXPECT_NE(complaint, "");
    EXPECT_THAT(complaint, Not(HasSubstr(std::string(kSecret))));
  }
}

TEST(ValuesTest, LoopbackHosts) {
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"example.test", "128.0.0.1", "::", "localhost.example", ""}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace gw

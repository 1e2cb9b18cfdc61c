// Room: tests/unit/upstream. The exchange with IAM over real TLS.
#include "daemon/upstream/iam_client.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include "tests/support/captured_log.h"
#include "tests/support/certs.h"
#include "tests/support/fake_iam.h"
#include "tests/support/on_silo.h"
#include "tests/support/temp_dir.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;
using Kind = test::IamAnswer::Kind;

constexpr std::string_view kKey = "secret-API-key_0123456789~+/= %&";

Awaitable<Result<IamToken>> Fetch(IamClient* client, Deadline deadline) {
  SecretBytes key(ViewOf(kKey));
  co_return co_await client->Fetch(std::move(key), deadline);
}

class IamClientTest : public testing::Test {
 protected:
  IamClientTest() { silo_.Start(); }

  std::unique_ptr<IamClient> Make(const std::string& endpoint, const std::string& ca_file) {
    IamConfig config;
    config.endpoint = endpoint;
    config.ca_file = ca_file;
    auto client = IamClient::Make(silo_.loop().get_executor(), RealClock(), config);
    EXPECT_TRUE(client.ok());
    return std::move(*client);
  }
  Result<IamToken> Exchange(const std::string& endpoint, Deadline deadline = In(30s)) {
    const auto client = Make(endpoint, ca_file_);
    return test::Await(silo_, Fetch(client.get(), deadline));
  }
  void Answer(unsigned status, std::string body) {
    iam_.Push({Kind::kReply, status, std::move(body)});
  }
  // The exchange fails with CKR_DEVICE_ERROR, and the log says `why` and for which host.
  void ExpectTrouble(const std::string& endpoint, const std::string& why,
                     Deadline deadline = In(30s)) {
    const test::CapturedLog log;
    const auto token = Exchange(endpoint, deadline);
    ASSERT_FALSE(token.ok());
    EXPECT_EQ(token.error().rv, CKR_DEVICE_ERROR);
    EXPECT_NE(log.text().find(why), std::string::npos) << log.text();
    EXPECT_NE(log.text().find("IAM at "), std::string::npos) << log.text();
    EXPECT_EQ(log.text().find(kKey.substr(0, 14)), std::string::npos);
  }

  const test::TempDir dir_;
  const test::TestCa ca_{"test CA"};
  const std::string ca_file_ = dir_.Write("ca.pem", ca_.certificate());
  test::FakeIam iam_{ca_.Issue("iam", {"DNS:localhost", "IP:127.0.0.1"})};
  Silo silo_;
};

TEST_F(IamClientTest, AKeyBecomesAToken) {
  const auto token = Exchange(iam_.Url());
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->lifetime, 3600s);
  EXPECT_EQ(token->iam_id, "iam-ServiceId-1");
  EXPECT_EQ(iam_.last_target(), "/identity/token");
  EXPECT_EQ(iam_.last_form(),
            "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey="
            "secret-API-key_0123456789~%2B%2F%3D%20%25%26");
}

TEST_F(IamClientTest, TheServersNameIsAnnouncedButNotAnAddress) {
  ASSERT_TRUE(Exchange(iam_.Url("localhost")).ok());
  EXPECT_EQ(iam_.last_server_name(), "localhost");
  ASSERT_TRUE(Exchange(iam_.Url("127.0.0.1")).ok());
  EXPECT_EQ(iam_.last_server_name(), "");
}

TEST_F(IamClientTest, ARefusedKeyIsAnIncorrectPinAndNeverLogged) {
  Answer(400,
         R"({"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."})");
  const test::CapturedLog log;
  const auto token = Exchange(iam_.Url());
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().rv, CKR_PIN_INCORRECT);
  EXPECT_EQ(log.text().find("secret"), std::string::npos);
}

TEST_F(IamClientTest, ALockedKeyIsALockedPin) {
  Answer(400, R"({"errorCode":"X","errorMessage":"The API key is locked."})");
  EXPECT_EQ(Exchange(iam_.Url()).error().rv, CKR_PIN_LOCKED);
}

TEST_F(IamClientTest, AServerErrorIsADeviceError) {
  Answer(500, "{}");
  ExpectTrouble(iam_.Url(), "500");
}

TEST_F(IamClientTest, GarbageIsADeviceError) {
  Answer(200, "<html>a portal</html>");
  ExpectTrouble(iam_.Url(), "no JSON object");
}

TEST_F(IamClientTest, AnOversizedReplyIsNotReadToItsEnd) {
  Answer(200, std::string(10u << 20, ' '));
  ExpectTrouble(iam_.Url(), "body limit exceeded");
}

TEST_F(IamClientTest, SilenceEndsAtTheDeadline) {
  iam_.Push({Kind::kSilence, 0, ""});
  const auto before = std::chrono::steady_clock::now();
  ExpectTrouble(iam_.Url(), "no answer in time", In(200ms));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
}

TEST_F(IamClientTest, AConnectionThatBreaksIsADeviceError) {
  iam_.Push({Kind::kHangUp, 0, ""});
  ExpectTrouble(iam_.Url(), "reply");
}

TEST_F(IamClientTest, AnUnknownAuthorityIsNotTrusted) {
  const test::TestCa other("another CA");
  const std::string other_file = dir_.Write("other.pem", other.certificate());
  const test::CapturedLog log;
  const auto client = Make(iam_.Url(), other_file);
  const auto token = test::Await(silo_, Fetch(client.get(), In(30s)));
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().rv, CKR_DEVICE_ERROR);
  EXPECT_NE(log.text().find("TLS handshake"), std::string::npos) << log.text();
  EXPECT_EQ(iam_.requests(), 0u);
}

TEST_F(IamClientTest, AChangedCaFileIsReadAgain) {
  const test::TestCa other("another CA");
  const std::string file = dir_.Write("changing.pem", other.certificate());
  const auto client = Make(iam_.Url(), file);
  const auto fetch = [&] { return test::Await(silo_, Fetch(client.get(), In(30s))); };
  EXPECT_EQ(fetch().error().rv, CKR_DEVICE_ERROR);
  dir_.Write("changing.pem", "no certificate");
  EXPECT_EQ(fetch().error().rv, CKR_DEVICE_ERROR);
  dir_.Write("changing.pem", ca_.certificate());
  EXPECT_TRUE(fetch().ok());
}

TEST_F(IamClientTest, ACertificateForAnotherNameIsNotTrusted) {
  test::FakeIam wrong(ca_.Issue("iam", {"DNS:iam.example"}));
  ExpectTrouble(wrong.Url("localhost"), "TLS handshake");
  ExpectTrouble(wrong.Url("127.0.0.1"), "TLS handshake");
  EXPECT_EQ(wrong.requests(), 0u);
}

TEST_F(IamClientTest, AClosedPortIsADeviceError) {
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor free(loop, {boost::asio::ip::address_v4::loopback(), 0});
  const auto port = free.local_endpoint().port();
  free.close();
  ExpectTrouble("https://127.0.0.1:" + std::to_string(port), "connection");
}

TEST_F(IamClientTest, ANameThatDoesNotExistIsADeviceError) {
  ExpectTrouble("https://no-such-host.invalid", "name look-up");
}

TEST_F(IamClientTest, ThePathOfTheEndpointIsKept) {
  ASSERT_TRUE(Exchange(iam_.Url() + "/proxy/iam/").ok());
  EXPECT_EQ(iam_.last_target(), "/proxy/iam/identity/token");
}

TEST_F(IamClientTest, ExchangesOutliveTheirClient) {
  auto client = Make(iam_.Url(), ca_file_);
  auto token = test::Start(silo_, Fetch(client.get(), In(30s)));
  test::OnLoop(silo_, [&client] { client.reset(); });
  EXPECT_TRUE(token.get().ok());
}

TEST_F(IamClientTest, ACaFileThatCannotBeReadIsNamed) {
  IamConfig config;
  config.ca_file = dir_.File("absent.pem");
  const auto client = IamClient::Make(silo_.loop().get_executor(), RealClock(), config);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().detail.find("absent.pem"), std::string::npos);
}

struct UrlCase {
  const char* endpoint;
  const char* host;
  const char* port;
  const char* target;
};
class IamUrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(IamUrlTest, IsSplit) {
  const auto url = ParseIamUrl(GetParam().endpoint);
  ASSERT_TRUE(url.ok()) << GetParam().endpoint;
  EXPECT_EQ(url->host, GetParam().host);
  EXPECT_EQ(url->port, GetParam().port);
  EXPECT_EQ(url->target, GetParam().target);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, IamUrlTest,
    testing::Values(
        UrlCase{"https://iam.cloud.ibm.com", "iam.cloud.ibm.com", "443", "/identity/token"},
        UrlCase{"https://iam.example/", "iam.example", "443", "/identity/token"},
        UrlCase{"https://iam.example:8443", "iam.example", "8443", "/identity/token"},
        UrlCase{"https://iam.example/a/b", "iam.example", "443", "/a/b/identity/token"},
        UrlCase{"https://iam.example/identity/token", "iam.example", "443", "/identity/token"},
        UrlCase{"https://[::1]", "::1", "443", "/identity/token"},
        UrlCase{"https://[::1]:8443", "::1", "8443", "/identity/token"}));

TEST(IamUrlErrorTest, AnythingElseIsRefused) {
  for (const char* endpoint :
       {"", "iam.example", "http://iam.example", "https://", "https://:443", "https://iam:",
        "https://iam:0", "https://iam:65536", "https://iam:4a3", "https://user@iam.example",
        "https://iam.example/?a=b", "https://iam.example/#x", "https://iam.example/a b",
        "https://iam.example\r\nX: y", "https://[::1", "https://[::1]443", "https://[]"}) {
    const auto url = ParseIamUrl(endpoint);
    ASSERT_FALSE(url.ok()) << endpoint;
    EXPECT_EQ(url.error().rv, CKR_ARGUMENTS_BAD);
  }
}

}  // namespace
}  // namespace gw

// Files as they have looked since 2020 (behaviour sheet 8.4), with the features that real ones use:
// anchors, aliases, merge keys, nulls, quoted and bare numbers. All of them load.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/config_text.h"

namespace gw {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kUntil2021 = R"(
iamcredentialtemplate: &defaultiamcredential
  enabled: true
  endpoint: "https://iam.cloud.ibm.com"
  # empty here; the anonymous user's is below
  apikey:
  instance: "0a9b0a9b-1111-2222-3333-444455556666"

tokens:
  0:
    grep11connection:
      address: "ep11.us-south.hs-crypto.cloud.ibm.com"
      port: "9876"
      tls:
        enabled: true
        mutual: false
        cacert:
        certfile:
        keyfile:
    storage:
      filestore:
        enabled: false
        storagepath:
      remotestore:
        enabled: true
    users:
      0:
        name: "Administrator"
        iamauth: *defaultiamcredential
      1:
        name: "Normal user"
        tokenspaceID: "f00db2f1-4421-4032-a505-465bedfa845b"
        iamauth: *defaultiamcredential
      2:
        name: "Anonymous"
        tokenspaceID: "ca22be26-b798-4fdf-8c83-3e3492dc0215"
        iamauth:
          <<: *defaultiamcredential
          enabled: true
          apikey: "the-anonymous-key"
logging:
  loglevel: debug
  logpath: /var/log/grep11client.log
)";

void ExpectCommonParts(const Config& config) {
  ASSERT_EQ(config.tokens.size(), 1u);
  const TokenConfig& token = config.tokens[0];
  EXPECT_EQ(token.slot, 0u);
  EXPECT_EQ(token.private_keystore, "f00db2f1-4421-4032-a505-465bedfa845b");
  EXPECT_EQ(token.public_keystore, "ca22be26-b798-4fdf-8c83-3e3492dc0215");
  EXPECT_TRUE(token.tls.enabled);
  EXPECT_TRUE(token.remotestore);
  EXPECT_TRUE(token.iam.enabled);
  EXPECT_EQ(token.iam.endpoint, "https://iam.cloud.ibm.com");
  ASSERT_NE(token.anonymous_api_key, nullptr);
  EXPECT_EQ(token.anonymous_api_key->text(), "the-anonymous-key");
  EXPECT_EQ(token.so_name, "Administrator");
  EXPECT_EQ(token.user_name, "Normal user");
  EXPECT_EQ(token.anonymous_name, "Anonymous");
}

TEST(GenerationsTest, Until2021WithInstanceAndKeyInTheTemplate) {
  const LoadedConfig loaded = LoadConfigText(kUntil2021, "t");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  ASSERT_NE(loaded.config, nullptr);
  ExpectCommonParts(*loaded.config);
  EXPECT_EQ(loaded.config->tokens[0].endpoints[0].address, "ep11.us-south.hs-crypto.cloud.ibm.com");
  EXPECT_EQ(loaded.config->tokens[0].endpoints[0].port, 9876);
  EXPECT_FALSE(loaded.config->tokens[0].tls.mutual);
  EXPECT_EQ(loaded.config->tokens[0].iam.instance, "0a9b0a9b-1111-2222-3333-444455556666");
  EXPECT_EQ(loaded.config->logging.level, LogLevel::kDebug);
  EXPECT_EQ(loaded.config->logging.path, "/var/log/grep11client.log");
}

TEST(GenerationsTest, Of2021WithAPasswordForThePrivateKeystoreAlone) {
  const std::string text = With(
      kUntil2021, "      2:\n        name",
      "        sessionauth:\n          enabled: true\n          tokenspaceIDPassword: \"secret7\"\n"
      "      2:\n        sessionauth:\n          enabled: false\n"
      "          tokenspaceIDPassword:\n        name");
  const std::vector<std::string> complaints = Complaints(text);
  EXPECT_THAT(
      complaints,
      ElementsAre("39: tokens.0.users.2.sessionauth.enabled: must be the same for users.1 and "
                  "users.2: since 2023 both keystores are authenticated or neither is (older files "
                  "have it for users.1 alone: give users.2 the same, then C_InitToken makes both "
                  "anew)"));
}

TEST(GenerationsTest, Of2021WithMutualTls) {
  std::string text = With(kUntil2021, "mutual: false", "mutual: true");
  text = With(text, "certfile:", "certfile: /etc/passwd");
  text = With(text, "keyfile:", "keyfile: /etc/passwd");
  const LoadedConfig loaded = LoadConfigText(text, "t");
  ASSERT_NE(loaded.config, nullptr);
  ExpectCommonParts(*loaded.config);
  EXPECT_TRUE(loaded.config->tokens[0].tls.mutual);
  EXPECT_EQ(loaded.config->tokens[0].tls.cert_file, "/etc/passwd");
}

TEST(GenerationsTest, Of2023WithoutInstanceAndWithASessionTemplate) {
  std::string text = With(kUntil2021, "  instance: \"0a9b0a9b-1111-2222-3333-444455556666\"\n",
                          "\nsessionauthtemplate: &defaultsessionauth\n  enabled: false\n"
                          "  tokenspaceIDPassword:\n");
  text = With(text, "        iamauth: *defaultiamcredential\n      2:\n",
              "        iamauth: *defaultiamcredential\n        sessionauth: *defaultsessionauth\n"
              "      2:\n        sessionauth: *defaultsessionauth\n");
  const LoadedConfig loaded = LoadConfigText(text, "t");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  ASSERT_NE(loaded.config, nullptr);
  ExpectCommonParts(*loaded.config);
  EXPECT_EQ(loaded.config->tokens[0].iam.instance, "");
}

TEST(GenerationsTest, TheSessionTemplateEnabledIsComplainedAboutForBothUsersThatUseIt) {
  std::string text = With(kUntil2021, "tokens:\n",
                          "sessionauthtemplate: &auth {enabled: true, tokenspaceIDPassword: x}\n"
                          "tokens:\n");
  text = With(text, "      2:\n",
              "        sessionauth: *auth\n      2:\n        sessionauth: *auth\n");
  const std::vector<std::string> complaints = Complaints(text);
  ASSERT_EQ(complaints.size(), 2u);
  EXPECT_EQ(
      complaints[0],
      "9: tokens.0.users.1.sessionauth.tokenspaceIDPassword: must be 6 to 8 characters (bytes "
      "of UTF-8)");
}

TEST(GenerationsTest, Of2024WithAnAddressForEachInstance) {
  const std::string text = With(
      With(kUntil2021, "ep11.us-south.hs-crypto.cloud.ibm.com",
           "0a9b0a9b-1111-2222-3333-444455556666.ep11.private.us-south.hs-crypto.appdomain.cloud"),
      "\"9876\"", "443");
  const LoadedConfig loaded = LoadConfigText(text, "t");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  ASSERT_NE(loaded.config, nullptr);
  ExpectCommonParts(*loaded.config);
  EXPECT_EQ(loaded.config->tokens[0].endpoints[0].port, 443);
}

TEST(GenerationsTest, ATemplateIsUsedByUsersWithoutASectionOfTheirOwn) {
  std::string text = With(kUntil2021, "https://iam.cloud.ibm.com", "https://private.iam.test");
  text = With(text,
              "        name: \"Normal user\"\n        tokenspaceID: "
              "\"f00db2f1-4421-4032-a505-465bedfa845b\"\n        iamauth: *defaultiamcredential\n",
              "        name: \"Normal user\"\n        tokenspaceID: "
              "\"f00db2f1-4421-4032-a505-465bedfa845b\"\n");
  const LoadedConfig loaded = LoadConfigText(text, "t");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->tokens[0].iam.endpoint, "https://private.iam.test");
}

TEST(GenerationsTest, AKeyInTheTemplateIsTheAnonymousUsersUnlessOverridden) {
  const std::string text = With(kUntil2021, "          apikey: \"the-anonymous-key\"\n", "");
  const LoadedConfig loaded = LoadConfigText(With(text, "  apikey:\n", "  apikey: shared\n"), "t");
  ASSERT_NE(loaded.config, nullptr);
  EXPECT_EQ(loaded.config->tokens[0].anonymous_api_key->text(), "shared");
  EXPECT_THAT(
      Lines(loaded),
      ElementsAre("warning 6: tokens.0.users.0.iamauth.apikey: ignored; the API key of this "
                  "user is the PIN and belongs in no file",
                  "warning 6: tokens.0.users.1.iamauth.apikey: ignored; the API key of this "
                  "user is the PIN and belongs in no file"));
}

TEST(GenerationsTest, AComplaintInsideTheTemplateIsMadeOnce) {
  const std::string text =
      With(kUntil2021, "  enabled: true\n  endpoint", "  enabled: si\n  endpoint");
  EXPECT_THAT(Complaints(text),
              ElementsAre("3: iamcredentialtemplate.enabled: must be true or false"));
}

TEST(GenerationsTest, NumbersOfSlotsAndUsersMayBeQuoted) {
  std::string text = With(kUntil2021, "  0:\n    grep11", "  \"7\":\n    grep11");
  text = With(text, "      2:\n", "      '2':\n");
  const LoadedConfig loaded = LoadConfigText(text, "t");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->tokens[0].slot, 7u);
}

TEST(GenerationsTest, SeveralSlotsAreSortedByNumber) {
  std::string text(kMinimal);
  for (const char* slot : {"12", "3"}) {
    text += std::string("  ") + slot + ":\n    grep11connection: {address: h.test, port: 1}\n" +
            "    users:\n      1: {tokenspaceID: 00000000-0000-0000-0000-000000000001}\n" +
            "      2: {tokenspaceID: 00000000-0000-0000-0000-000000000002, iamauth: {apikey: k}}\n";
  }
  const LoadedConfig loaded = LoadConfigText(text, "t");
  EXPECT_THAT(Lines(loaded), IsEmpty());
  ASSERT_EQ(loaded.config->tokens.size(), 3u);
  EXPECT_EQ(loaded.config->tokens[0].slot, 0u);
  EXPECT_EQ(loaded.config->tokens[1].slot, 3u);
  EXPECT_EQ(loaded.config->tokens[2].slot, 12u);
}

TEST(GenerationsTest, KeystoresAreComparedInLowerCaseAndPassedOnAsWritten) {
  const LoadedConfig loaded = LoadConfigText(kMinimal, "t");
  ASSERT_NE(loaded.config, nullptr);
  const TokenConfig& token = loaded.config->tokens[0];
  EXPECT_EQ(token.public_keystore, "ca22be26-b798-4fdf-8c83-3e3492dc0215");
  EXPECT_EQ(token.public_keystore_as_written, "CA22BE26-B798-4FDF-8C83-3E3492DC0215");
}

}  // namespace
}  // namespace gw

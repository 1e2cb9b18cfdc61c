// The rules of the vendor's file, R273 and R280 to R291 of the behaviour sheet: one table row for
// each way to break one, with the complaint it gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/config_text.h"

namespace gw {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct Rule {
  const char* name;
  std::string text;
  std::vector<std::string> complaints;
};

void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

class RuleTest : public ::testing::TestWithParam<Rule> {};

TEST_P(RuleTest, Complains) {
  EXPECT_THAT(Complaints(GetParam().text), ElementsAreArray(GetParam().complaints));
}

std::string NameOf(const ::testing::TestParamInfo<Rule>& instance) { return instance.param.name; }

std::string With(const std::string& text, std::string_view old_part, std::string_view new_part) {
  return gw::With(std::string_view(text), old_part, new_part);
}

const std::string kBase(kMinimal);
constexpr std::string_view kUser1 = "      1:\n";
constexpr std::string_view kUser2 = "      2:\n";

// `lines` inserted as first keys of the users.
std::string WithUsers(std::string_view of_1, std::string_view of_2) {
  const std::string text = With(kBase, kUser1, std::string(kUser1) + std::string(of_1));
  return With(text, kUser2, std::string(kUser2) + std::string(of_2));
}

std::string WithConnection(std::string_view lines) {
  return With(kBase, "      port: \"443\"\n", "      port: \"443\"\n" + std::string(lines));
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, RuleTest,
    ::testing::Values(
        Rule{"R273_unknown_key_warns",
             kBase + "colour: blue\n",
             {"warning 16: colour: unknown key, ignored"}},
        Rule{"R273_unknown_key_suggests",
             WithConnection("      tls:\n        cacret: /x\n"),
             {"warning 7: tokens.0.grep11connection.tls.cacret: unknown key, ignored; did you mean "
              "\"cacert\"?"}},
        Rule{"R273_misspelled_key_is_also_missing",
             With(kBase, "address:", "adress:"),
             {"3: tokens.0.grep11connection.address: is missing",
              "warning 4: tokens.0.grep11connection.adress: unknown key, ignored; did you mean "
              "\"address\"?"}},
        Rule{"R273_key_given_twice",
             With(kBase, "      port: \"443\"\n", "      port: \"443\"\n      port: 444\n"),
             {"6: \"port\" is given twice"}},
        Rule{"R273_tab",
             With(kBase, "    storage:", "\tstorage:"),
             {"6: a tab in the indentation; YAML takes spaces only"}},
        Rule{"slot_is_not_a_number",
             With(kBase, "  0:\n", "  zero:\n"),
             {"2: tokens.zero: the key of this section must be a number"}},
        Rule{"slot_has_a_leading_zero",
             With(kBase, "  0:\n", "  00:\n"),
             {"2: tokens.00: the key of this section must be a number"}},
        Rule{"tokens_is_a_list", "tokens: [0]\n", {"1: tokens: must be sections by number"}},
        Rule{"section_is_a_value",
             With(kBase, "      address: \"ep11.example.test\"\n", "") + "logging: 7\n",
             {"3: tokens.0.grep11connection.address: is missing",
              "15: logging: must be a section with keys"}},
        Rule{"value_is_a_section",
             With(kBase, "\"443\"", "{a: 1}"),
             {"3: tokens.0.grep11connection.port: is missing",
              "5: tokens.0.grep11connection.port: must be a single value"}},
        Rule{"user_index_is_not_0_1_2",
             With(kBase, kUser1, "      3: {name: x}\n      1:\n"),
             {"10: tokens.0.users.3: users are 0 (SO), 1 (normal user) and 2 (anonymous user)"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Keystores, RuleTest,
    ::testing::Values(
        Rule{"R280_not_a_uuid",
             With(kBase, "f00db2f1-4421", "f00db2f1-442"),
             {"11: tokens.0.users.1.tokenspaceID: must be a UUID, as in "
              "\"f00db2f1-4421-4032-a505-465bedfa845b\""}},
        Rule{"R281_equal",
             With(kBase, "CA22BE26-B798-4FDF-8C83-3E3492DC0215",
                  "f00db2f1-4421-4032-a505-465bedfa845b"),
             {"13: tokens.0.users.2.tokenspaceID: must differ from that of users.1: one keystore "
              "cannot be private and public"}},
        Rule{"R281_equal_but_for_case",
             With(kBase, "CA22BE26-B798-4FDF-8C83-3E3492DC0215",
                  "F00DB2F1-4421-4032-A505-465BEDFA845B"),
             {"13: tokens.0.users.2.tokenspaceID: must differ from that of users.1: one keystore "
              "cannot be private and public"}},
        Rule{"R281_private_here_public_there",
             kBase + "  7:\n    grep11connection: {address: h.test, port: 1}\n    users:\n"
                     "      1: {tokenspaceID: 00000000-0000-0000-0000-000000000001}\n"
                     "      2: {tokenspaceID: F00DB2F1-4421-4032-A505-465BEDFA845B, iamauth: "
                     "{apikey: k}}\n",
             {"20: tokens.7.users.2.tokenspaceID: is the private keystore of slot 0"}},
        Rule{"filestore_is_refused",
             With(kBase, "    storage:\n",
                  "    storage:\n      filestore: {enabled: TRUE, storagepath: /var/x}\n"),
             {"7: tokens.0.storage.filestore.enabled: a file store is not offered; token objects "
              "live in the keystore of the gateway: set this to false and remotestore.enabled to "
              "true"}}),
    NameOf);

// What 'sessionauth' may look like.
std::string Auth(std::string_view enabled, std::string_view password) {
  return "        sessionauth: {enabled: " + std::string(enabled) +
         ", tokenspaceIDPassword: " + std::string(password) + "}\n";
}

std::string At(int line, std::string_view path, std::string_view text) {
  return std::to_string(line) + ": tokens.0.users." + std::string(path) + ": " + std::string(text);
}

INSTANTIATE_TEST_SUITE_P(
    SessionAuth, RuleTest,
    ::testing::Values(
        Rule{"R284_disabled_with_password_is_fine",
             WithUsers(Auth("false", "null"), Auth("false", "secret7")),
             {}},
        Rule{"R284_enabled_for_both",
             WithUsers(Auth("true", "secret7"), Auth("true", "secret7")),
             {}},
        Rule{"R284_private_alone",
             WithUsers(Auth("true", "secret7"), Auth("false", "null")),
             {At(14, "2.sessionauth.enabled",
                 "must be the same for users.1 and users.2: since 2023 both keystores are "
                 "authenticated or neither is (older files have it for users.1 alone: give users.2 "
                 "the "
                 "same, then C_InitToken makes both anew)")}},
        Rule{"R284_passwords_differ",
             WithUsers(Auth("true", "secret7"), Auth("true", "secret8")),
             {At(14, "2.sessionauth.tokenspaceIDPassword",
                 "must be the same for users.1 and users.2")}},
        Rule{"R284_password_missing",
             WithUsers(Auth("true", ""), Auth("true", "")),
             {At(11, "1.sessionauth.tokenspaceIDPassword",
                 "is missing, because sessionauth is enabled"),
              At(14, "2.sessionauth.tokenspaceIDPassword",
                 "is missing, because sessionauth is enabled")}},
        Rule{"R284_password_of_5",
             WithUsers(Auth("true", "12345"), Auth("true", "12345")),
             {At(11, "1.sessionauth.tokenspaceIDPassword",
                 "must be 6 to 8 characters (bytes of UTF-8)"),
              At(14, "2.sessionauth.tokenspaceIDPassword",
                 "must be 6 to 8 characters (bytes of UTF-8)")}},
        Rule{"R284_password_of_6_digits_unquoted",
             WithUsers(Auth("true", "012345"), Auth("true", "012345")),
             {}},
        Rule{"R285_length_counts_bytes",
             WithUsers(Auth("true", "\"caf\xc3\xa9s\xc3\xa9s\""),
                       Auth("true", "\"caf\xc3\xa9s\xc3\xa9s\"")),
             {At(11, "1.sessionauth.tokenspaceIDPassword",
                 "must be 6 to 8 characters (bytes of UTF-8)"),
              At(14, "2.sessionauth.tokenspaceIDPassword",
                 "must be 6 to 8 characters (bytes of UTF-8)")}},
        Rule{
            "older_password_enables",
            WithUsers("        keystorePassword: secret7\n", "        keystorePassword: secret7\n"),
            {}},
        Rule{"older_password_differs_from_newer",
             WithUsers("        keystorePassword: secret8\n" + Auth("true", "secret7"),
                       Auth("true", "secret8")),
             {At(11, "1.keystorePassword", "differs from sessionauth.tokenspaceIDPassword")}}),
    NameOf);

// Three slots with two authenticated keystores each.
std::string ThreeAuthenticatedSlots() {
  std::string text = "tokens:\n";
  for (int slot = 0; slot < 3; ++slot) {
    const std::string n = std::to_string(slot);
    text += "  " + n + ":\n    grep11connection: {address: h.test, port: 443}\n    users:\n";
    for (const char* user : {"1", "2"}) {
      text += std::string("      ") + user + ": {tokenspaceID: 00000000-0000-0000-000" + user +
              "-00000000000" + n + ", iamauth: {apikey: " + (user[0] == '2' ? "k" : "") +
              "}, sessionauth: {enabled: true, tokenspaceIDPassword: secret7}}\n";
    }
  }
  return text;
}

TEST(RulesTest, R287MoreThanFiveAuthenticatedKeystoresAreTooMany) {
  const std::vector<std::string> complaints = Complaints(ThreeAuthenticatedSlots());
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_EQ(complaints[0],
            "0: tokens: 6 authenticated keystores; a service instance has at most 5");
}

TEST(RulesTest, R41ThePasswordOfBothKeystoresIsTheTokens) {
  const auto loaded =
      LoadConfigText(WithUsers(Auth("true", "secret7"), Auth("true", "secret7")), "t");
  ASSERT_NE(loaded.config, nullptr);
  ASSERT_NE(loaded.config->tokens[0].keystore_password, nullptr);
  EXPECT_EQ(loaded.config->tokens[0].keystore_password->text(), "secret7");
  const auto off =
      LoadConfigText(WithUsers(Auth("false", "secret7"), Auth("false", "secret7")), "t");
  EXPECT_EQ(off.config->tokens[0].keystore_password, nullptr);
}

// Slots that share a keystore share its password.
TEST(RulesTest, AKeystoreOfTwoSlotsHasOnePassword) {
  const auto slots = [](std::string_view second) {
    std::string text = "tokens:\n";
    for (const auto& [slot, password] : {std::pair<std::string, std::string_view>{"0", "secret7"},
                                         std::pair<std::string, std::string_view>{"1", second}}) {
      text += "  " + slot + ":\n    grep11connection: {address: h.test, port: 443}\n    users:\n";
      const std::string auth =
          ", sessionauth: {enabled: true, tokenspaceIDPassword: " + std::string(password) + "}}\n";
      text += "      1: {tokenspaceID: 00000000-0000-0000-0001-00000000000" + slot + auth;
      text += "      2: {tokenspaceID: 00000000-0000-0000-0002-000000000000, iamauth: {apikey: k}" +
              auth;
    }
    return text;
  };
  EXPECT_THAT(Complaints(slots("secret7")), ::testing::IsEmpty());
  EXPECT_THAT(
      Complaints(slots("secret8")),
      ::testing::ElementsAre("11: tokens.1.users.2.sessionauth.enabled: sessionauth and its "
                             "password must be the same as in slot 0, which has the same "
                             "keystore"));
}

INSTANTIATE_TEST_SUITE_P(
    Minimal, RuleTest,
    ::testing::Values(
        Rule{"R290_minimal", kBase, {}},
        Rule{"R290_no_tokens",
             "logging:\n  loglevel: info\n",
             {"0: tokens: is missing: at least tokens.0 with grep11connection and users"}},
        Rule{"R290_empty_token",
             "tokens:\n  0:\n",
             {"2: tokens.0.users.1: is missing", "2: tokens.0.users.2: is missing",
              "2: tokens.0.grep11connection.address: is missing",
              "2: tokens.0.grep11connection.port: is missing"}},
        Rule{"R290_no_address",
             With(kBase, "      address: \"ep11.example.test\"\n", ""),
             {"3: tokens.0.grep11connection.address: is missing"}},
        Rule{"R290_null_address",
             With(kBase, "\"ep11.example.test\"", ""),
             {"3: tokens.0.grep11connection.address: is missing"}},
        Rule{"R290_no_port",
             With(kBase, "      port: \"443\"\n", ""),
             {"3: tokens.0.grep11connection.port: is missing"}},
        Rule{"R290_address_with_port",
             With(kBase, "ep11.example.test", "ep11.example.test:9876"),
             {"4: tokens.0.grep11connection.address: must be a host name without a port; the port "
              "has a key of its own"}},
        Rule{"R290_no_normal_user",
             With(With(kBase, kUser1, ""),
                  "        tokenspaceID: \"f00db2f1-4421-4032-a505-465bedfa845b\"\n", ""),
             {"2: tokens.0.users.1: is missing"}},
        Rule{"R290_no_public_keystore",
             With(kBase, "        tokenspaceID: \"CA22BE26-B798-4FDF-8C83-3E3492DC0215\"\n", ""),
             {"12: tokens.0.users.2.tokenspaceID: is missing"}},
        Rule{"R290_no_private_keystore",
             With(kBase, "        tokenspaceID: \"f00db2f1-4421-4032-a505-465bedfa845b\"\n",
                  "        name: x\n"),
             {"10: tokens.0.users.1.tokenspaceID: is missing"}},
        Rule{"R290_no_anonymous_key",
             With(kBase, "\"anonymous-key\"", ""),
             {"warning 12: tokens.0.users.2.iamauth.apikey: is missing; applications that do not "
              "log in cannot use the HSM"}},
        Rule{"placeholder_of_the_template",
             With(kBase, "anonymous-key", "<apikey_for_anonymous_user>"),
             {"15: tokens.0.users.2.iamauth.apikey: is still the placeholder of the template"}},
        Rule{"key_of_the_normal_user",
             WithUsers("        iamauth: {apikey: its-pin}\n", ""),
             {"warning 11: tokens.0.users.1.iamauth.apikey: ignored; the API key of this user is "
              "the PIN and belongs in no file"}},
        Rule{"iam_over_http",
             WithUsers("        iamauth: {endpoint: \"http://iam.test\"}\n", ""),
             {"11: tokens.0.users.1.iamauth.endpoint: must begin with https://"}},
        Rule{"iam_of_two_services",
             WithUsers("        iamauth: {endpoint: \"https://iam.test\"}\n", ""),
             {"11: tokens.0.users.1.iamauth.endpoint: must be the same as for users.2: a token has "
              "one IAM"}},
        Rule{"iam_on_for_one_user_only",
             WithUsers("        iamauth: {enabled: false}\n", ""),
             {"11: tokens.0.users.1.iamauth.enabled: must be the same as for users.2: a token has "
              "one IAM"}},
        Rule{"iam_off_for_one_user_only",
             With(With(kBase, "          apikey: \"anonymous-key\"\n", "          enabled: off\n"),
                  "ep11.example.test", "localhost"),
             {"10: tokens.0.users.1.iamauth.enabled: must be the same as for users.2: a token has "
              "one IAM",
              "warning 2: tokens.0: neither IAM nor a client certificate; acceptable only because "
              "the HSM is on this host"}},
        Rule{"loglevel_unknown",
             kBase + "logging:\n  loglevel: loud\n",
             {"warning 17: logging.loglevel: is not panic, fatal, error, warning, info, debug or "
              "trace; taken as warning"}},
        Rule{
            "logpath_relative",
            kBase + "logging:\n  logpath: grep11.log\n",
            {"warning 17: logging.logpath: must be a full path, beginning with \"/\"; ignored, the "
             "journal is used"}}),
    NameOf);

// R291: no IAM, a client certificate instead. The files are those of this test's own source, which
// exist and can be read; what is in them is not looked at here.
const std::string kFile = __FILE__;
const std::string kNoIamNormal = "        iamauth: {enabled: false}\n";

std::string OnPremises(const std::string& tls) {
  std::string text =
      With(kBase, "          apikey: \"anonymous-key\"\n", "          enabled: false\n");
  text = With(text, kUser1, std::string(kUser1) + kNoIamNormal);
  return With(text, "      port: \"443\"\n", "      port: \"443\"\n      tls: " + tls + "\n");
}

std::string Tls(int line, std::string_view key, std::string_view text) {
  return std::to_string(line) + ": tokens.0.grep11connection.tls." + std::string(key) + ": " +
         std::string(text);
}

INSTANTIATE_TEST_SUITE_P(
    OnPremises, RuleTest,
    ::testing::Values(
        Rule{
            "R291_mutual_without_iam",
            OnPremises("{mutual: true, cacert: /dev/../etc/passwd, certfile: /etc/passwd, keyfile: "
                       "/etc/passwd}"),
            {"warning " +
             Tls(6, "keyfile", "every user of this host can read the private key; chmod o-r")}},
        Rule{"R291_mutual_without_files",
             OnPremises("{mutual: true}"),
             {Tls(6, "certfile", "is missing, because mutual is true"),
              Tls(6, "keyfile", "is missing, because mutual is true")}},
        Rule{"R291_files_not_there",
             OnPremises("{mutual: true, cacert: /no/ca, certfile: cert.pem, keyfile: /etc}"),
             {Tls(6, "cacert", "cannot be read: No such file or directory"),
              Tls(6, "certfile", "must be a full path, beginning with \"/\""),
              Tls(6, "keyfile", "is not a file"),
              "warning " + Tls(6, "keyfile",
                               "every user of this host can read the private key; chmod o-r")}},
        Rule{"files_without_mutual",
             WithConnection("      tls: {certfile: /no/cert, keyfile: /no/key}\n"),
             {"warning " + Tls(6, "certfile", "ignored, because mutual is false"),
              "warning " + Tls(6, "keyfile", "ignored, because mutual is false")}},
        Rule{"neither_iam_nor_certificate",
             OnPremises("{mutual: false}"),
             {"2: tokens.0: neither IAM (users.*.iamauth.enabled) nor a client certificate "
              "(grep11connection.tls.mutual): only for an HSM on this host"}},
        Rule{"neither_on_this_host",
             With(OnPremises("{mutual: false}"), "ep11.example.test", "::1"),
             {"warning 2: tokens.0: neither IAM nor a client certificate; acceptable only because "
              "the HSM is on this host"}},
        Rule{"tls_off",
             WithConnection("      tls: {enabled: FALSE}\n"),
             {Tls(6, "enabled",
                  "without TLS the HSM must be on this host: keys to be wrapped and API tokens "
                  "would cross the network in the clear")}},
        Rule{
            "tls_off_on_this_host",
            With(WithConnection("      tls: {enabled: false}\n"), "ep11.example.test", "127.0.0.1"),
            {"warning " +
             Tls(6, "enabled", "TLS is off; acceptable only because the HSM is on this host")}},
        Rule{"tls_off_and_mutual",
             With(WithConnection("      tls: {enabled: false, mutual: true}\n"),
                  "ep11.example.test", "127.0.0.1"),
             {Tls(6, "mutual", "needs enabled: true"),
              "warning " + Tls(6, "enabled",
                               "TLS is off; acceptable only because the HSM is on this host")}},
        Rule{"key_without_iam",
             With(OnPremises("{mutual: false}"), "ep11.example.test\"\n", "localhost\"\n")
                 .append("          apikey: x\n"),
             {"warning 2: tokens.0: neither IAM nor a client certificate; acceptable only because "
              "the HSM is on this host",
              "warning 18: tokens.0.users.2.iamauth.apikey: ignored, because IAM is off"}}),
    NameOf);

}  // namespace
}  // namespace gw

// Tests tests/docs/tables.cc and words.cc: each row of the product's tables is on the page, in
// words.
#include "tests/docs/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "proto/wire/functions.h"
#include "tests/docs/words.h"

namespace gw::docs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::string_view kMap =
    "# comment\n"
    "id\tstate\ttests\ttext\treason\n"
    "\n"
    "R1\tmet\tA.B\tit works\t-\n"
    "R2\topen\t-\tmore\tless\n"
    "R3\tn/a\t-\tother\tthis\n"
    "C_Sign CKR_OK\topen\t-\tdone\tno pen\n"
    "C_Verify CKR_OK\topen\t-\tdone\tno pen\n"
    "C_EncryptMessage CKR_OK\tn/a\t-\tdone\tno AEAD\n";

std::string Made(const std::string& table) { return TablesOfPkcs11(ReadPromises(kMap)).at(table); }

TEST(ConformanceMapRowsTest, AreReadWithoutCommentsAndTheColumns) {
  const auto promises = ReadPromises(kMap);
  std::vector<std::string> ids;
  for (const Promise& promise : promises) ids.push_back(promise.id);
  EXPECT_THAT(ids, ElementsAre("R1", "R2", "R3", "C_Sign CKR_OK", "C_Verify CKR_OK",
                               "C_EncryptMessage CKR_OK"));
  EXPECT_EQ(promises[1].reason, "less");
  EXPECT_EQ(promises[3].Subject(), "C_Sign");
}

TEST(ConformanceMapRowsTest, ALineWithoutItsColumnsIsRefused) {
  EXPECT_THROW(ReadPromises("id\tstate\n"), std::runtime_error);
}

TEST(TablesTest, EachFunctionHasALine) {
  const std::string table = Made("functions");
  for (const wire::FunctionRow& row : wire::kFunctions) {
    EXPECT_THAT(table, HasSubstr("| `" + std::string(row.name) + "` |"));
  }
  EXPECT_THAT(table, HasSubstr("| `C_Sign` | 5.11 | the daemon | done once | "
                               "`CKR_DEVICE_REMOVED` | no pen |\n"));
  EXPECT_THAT(table, HasSubstr("| `C_Digest` | 5.10 | the daemon | done once | "
                               "`CKR_DEVICE_REMOVED` | - |\n"));
  EXPECT_THAT(table, HasSubstr("| `C_CancelFunction` | 5.16 | the module alone | - | - | - |\n"));
  EXPECT_THAT(table, HasSubstr("| `C_EncryptMessage` | v3.0 5.9 | `CKR_FUNCTION_NOT_SUPPORTED` | - "
                               "| - | no AEAD |\n"));
}

TEST(TablesTest, EachMechanismHasALine) {
  const std::string table = Made("mechanisms");
  for (const MechanismRow& row : AllMechanisms()) {
    EXPECT_THAT(table, HasSubstr("| `" + std::string(NameOfMechanism(row.type)) + "` |"));
  }
  EXPECT_THAT(table, HasSubstr("| `CKM_AES_CBC` | encrypt, decrypt, wrap, unwrap | AES | "
                               "16 to 32 bytes | IV, one block of 16 bytes | yes |\n"));
  EXPECT_THAT(table, HasSubstr("| `CKM_SHA256` | digest | - | - | none | yes |\n"));
}

TEST(TablesTest, EachAttributeHasALine) {
  const std::string table = Made("attributes");
  for (const AttributeRow& row : AllAttributes()) {
    EXPECT_THAT(table, HasSubstr("| `" + std::string(row.name) + "`"));
  }
  EXPECT_THAT(table, HasSubstr("| `CKA_LABEL` | any | empty | at will | yes | - |\n"));
  EXPECT_THAT(table, HasSubstr("| `CKA_EXTRACTABLE` | any | FALSE | to FALSE | yes | yes |\n"));
}

TEST(TablesTest, EachKindOfKeyHasItsUsages) {
  const std::string table = Made("usages");
  EXPECT_THAT(table, HasSubstr("| RSA private keys | - | **TRUE** | **TRUE** | - | (FALSE) | - | "
                               "- | **TRUE** | - |\n"));
  EXPECT_THAT(table, HasSubstr("| generic secrets |"));
}

TEST(TablesTest, CurvesHaveTheirSizes) {
  EXPECT_THAT(Made("curves"), HasSubstr("| `P-256` | `prime256v1` | `06082a8648ce3d030107` | "
                                        "Weierstrass | 256 | 65 | 64 | the daemon |\n"));
}

TEST(TablesTest, WhatIsNotMetIsSaidWithItsReason) {
  EXPECT_EQ(Made("counts"),
            "Of 6 rows 1 are met, 3 are open, and 2 are not for this product to meet.\n");
  EXPECT_EQ(Made("open requirements"),
            "|  | wanted | why not |\n| --- | --- | --- |\n| R2 | more | less |\n");
  EXPECT_EQ(Made("open codes"),
            "| what | why |\n| --- | --- |\n"
            "| `C_Sign CKR_OK`, `C_Verify CKR_OK` | no pen |\n");
  EXPECT_EQ(Made("requirements met otherwise"),
            "|  | wanted | instead |\n| --- | --- | --- |\n| R3 | other | this |\n");
  EXPECT_THAT(Made("codes met otherwise"), HasSubstr("| `C_EncryptMessage CKR_OK` | no AEAD |\n"));
}

TEST(TablesTest, WhereAllIsMetTheTablesSaySo) {
  const Promise met{"R1", "met", "it works", "-"};
  const Tables tables = TablesOfPkcs11(std::span(&met, 1));
  for (const char* table :
       {"open requirements", "open codes", "requirements met otherwise", "codes met otherwise"}) {
    EXPECT_EQ(tables.at(table), "None.\n") << table;
  }
}

TEST(WordsTest, SetsOfObjectsAreSaidInFewWords) {
  using enum ObjectKind;
  EXPECT_EQ(WordsOfKinds(kAllKinds), "all objects");
  EXPECT_EQ(WordsOfKinds(kKeys), "keys");
  EXPECT_EQ(WordsOfKinds(kPublicKeys | kSecretKeys), "public keys, secret keys");
  EXPECT_EQ(WordsOfKinds(KindsOf(kEcPublic, kEcPrivate, kAes)), "EC keys, AES keys");
  EXPECT_EQ(WordsOfKinds(KindsOf(kRsaPrivate, kX509)), "X.509 certificates, RSA private keys");
  EXPECT_EQ(WordsOfKinds(0), "-");
}

TEST(WordsTest, ANumberWithoutWordsSaysWhichLineToAdd) {
  MechanismRow row = AllMechanisms().front();
  row.parameter = static_cast<ParameterRule>(200);
  EXPECT_THAT([&] { WordsOfParameter(row); },
              ThrowsMessage<std::runtime_error>(HasSubstr("kParameters in tests/docs/words.cc")));
  row.key_type = 0x12345;
  EXPECT_THAT([&] { WordsOfKeyTypes(row); },
              ThrowsMessage<std::runtime_error>(HasSubstr("kKeyTypes in tests/docs/words.cc")));
  EXPECT_THAT([] { WordsOfKind(static_cast<ObjectKind>(31)); },
              ThrowsMessage<std::runtime_error>(HasSubstr("kKeyTypes in tests/docs/words.cc")));
}

TEST(WordsTest, MechanismsInWords) {
  EXPECT_EQ(WordsOfFlags(CKF_SIGN | CKF_VERIFY | CKF_EC_NAMEDCURVE), "sign, verify");
  EXPECT_EQ(WordsOfFlags(0), "-");
  EXPECT_TRUE(TakesMessages(CKF_DIGEST));
  EXPECT_FALSE(TakesMessages(CKF_GENERATE | CKF_DERIVE));
  EXPECT_EQ(WordsOfPurposes(PurposesOf(Purpose::kGenerate, Purpose::kUnwrap)), "generate, unwrap");
}

}  // namespace
}  // namespace gw::docs

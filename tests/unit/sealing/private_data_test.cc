// Room: tests/unit/sealing. Private data objects at rest, in an engine on disk.
#include "daemon/sealing/private_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kSecretText = "the combination is 4711";

Record DataRecord(bool is_private, std::string_view value = kSecretText) {
  Record record;
  record.keystore = is_private ? kPrivate : kPublic;
  record.attributes.SetUlong(CKA_CLASS, CKO_DATA);
  record.attributes.SetBool(CKA_PRIVATE, is_private);
  record.attributes.SetText(CKA_LABEL, "label in the clear");
  record.attributes.Set(CKA_VALUE, CopyOf(value));
  record.version = 1;
  return record;
}

std::unique_ptr<PrivateDataKeystore> OpenSealed(const TempDirectory& directory) {
  auto engine = OpenAt(directory.path());
  auto key = DerivedSecret(OptionsFor(directory.path()), kPrivateDataPurpose);
  EXPECT_TRUE(key.ok()) << DetailOf(key);
  return std::make_unique<PrivateDataKeystore>(std::move(engine), std::move(*key));
}

std::vector<std::string> ValuesIn(Keystore& keystore) {
  std::vector<std::string> values;
  const auto contents = keystore.Load();
  if (!contents) return {DetailOf(contents)};
  for (const Record& record : contents->records) {
    const Bytes* value = record.attributes.Find(CKA_VALUE);
    values.emplace_back(value == nullptr ? "none" : TextOf(*value));
  }
  return values;
}

// Whatever is in the files of the directory, the log included.
std::string OctetsOn(const TempDirectory& directory) {
  std::string all;
  for (const auto& [name, octets] : FilesIn(directory)) all += octets;
  return all;
}

TEST(PrivateDataKeystoreTest, ValuesComeBackAndAreNotInTheFiles) {
  const TempDirectory directory;
  {
    const auto keystore = OpenSealed(directory);
    ASSERT_TRUE(CommitNow(*keystore, PutOf(DataRecord(true))).ok());
    EXPECT_THAT(OctetsOn(directory), Not(HasSubstr(std::string(kSecretText))));
    EXPECT_THAT(OctetsOn(directory), HasSubstr("label in the clear"));
  }
  const auto keystore = OpenSealed(directory);
  EXPECT_THAT(ValuesIn(*keystore), ElementsAre(std::string(kSecretText)));
  EXPECT_THAT(keystore->in_the_clear(), IsEmpty());
}

TEST(PrivateDataKeystoreTest, OneValueIsSealedDifferentlyEachTime) {
  const TempDirectory directory;
  const auto keystore = OpenSealed(directory);
  ASSERT_TRUE(CommitNow(*keystore, PutOf(DataRecord(true))).ok());
  ASSERT_TRUE(CommitNow(*keystore, PutOf(DataRecord(true))).ok());
  OtherProgram hand(directory.database());
  EXPECT_EQ(hand.Ask("SELECT count(DISTINCT attributes) FROM object"), "2");
}

TEST(PrivateDataKeystoreTest, WhatIsNotPrivateDataPassesUnchanged) {
  const TempDirectory directory;
  const auto keystore = OpenSealed(directory);
  ASSERT_TRUE(CommitNow(*keystore, PutOf(DataRecord(false))).ok());
  ASSERT_TRUE(CommitNow(*keystore, PutOf(MakeRecord("key"))).ok());
  EXPECT_THAT(OctetsOn(directory), HasSubstr(std::string(kSecretText)));
  EXPECT_THAT(ValuesIn(*keystore), ElementsAre(std::string(kSecretText), "none"));
  EXPECT_THAT(keystore->in_the_clear(), IsEmpty());
}

TEST(PrivateDataKeystoreTest, AnEmptyValueStaysOne) {
  const TempDirectory directory;
  const auto keystore = OpenSealed(directory);
  ASSERT_TRUE(CommitNow(*keystore, PutOf(DataRecord(true, ""))).ok());
  EXPECT_THAT(ValuesIn(*keystore), ElementsAre(""));
}

TEST(PrivateDataKeystoreTest, AChangedValueIsSealedToo) {
  const TempDirectory directory;
  const auto keystore = OpenSealed(directory);
  const auto numbers = CommitNow(*keystore, PutOf(DataRecord(true)));
  ASSERT_TRUE(numbers.ok());
  Record changed = DataRecord(true, "the combination is 4712");
  changed.number = numbers->front();
  changed.version = 2;
  ASSERT_TRUE(CommitNow(*keystore, PutOf(std::move(changed))).ok());
  EXPECT_THAT(ValuesIn(*keystore), ElementsAre("the combination is 4712"));
  EXPECT_THAT(OctetsOn(directory), Not(HasSubstr("the combination is 471")));
}

// While the HSM's master key is being changed, records are stored anew whatever is in them.
TEST(PrivateDataKeystoreTest, AValueThatIsStoredAnewIsSealedAndTheSecondBlobIsKept) {
  const TempDirectory directory;
  const auto keystore = OpenSealed(directory);
  Mutation both = PutOf(DataRecord(true));
  both.puts.push_back(MakeRecord("key"));
  const auto numbers = CommitNow(*keystore, std::move(both));
  ASSERT_TRUE(numbers.ok());
  Mutation mutation;
  auto contents = keystore->Load();
  ASSERT_TRUE(contents.ok());
  for (Record& record : contents->records) mutation.rewraps.push_back(std::move(record));
  ASSERT_EQ(mutation.rewraps.size(), 2u);
  mutation.rewraps[1].other.octets = CopyOf("second blob");
  ASSERT_TRUE(CommitNow(*keystore, std::move(mutation)).ok());
  EXPECT_THAT(OctetsOn(directory), Not(HasSubstr(std::string(kSecretText))));
  EXPECT_THAT(ValuesIn(*keystore), ElementsAre(std::string(kSecretText), "none"));
  EXPECT_EQ(TextOf(keystore->Load()->records[1].other.view()), "second blob");
  EXPECT_EQ(keystore->AccessTo(kPrivate), KeystoreAccess::kGranted);
}

// As versions before this one wrote it.
TEST(PrivateDataKeystoreTest, AValueInTheClearIsReadAndNamed) {
  const TempDirectory directory;
  ASSERT_TRUE(CommitNow(*OpenAt(directory.path()), PutOf(DataRecord(true))).ok());
  const auto keystore = OpenSealed(directory);
  EXPECT_THAT(ValuesIn(*keystore), ElementsAre(std::string(kSecretText)));
  EXPECT_THAT(keystore->in_the_clear(), ElementsAre(1u));
}

TEST(PrivateDataKeystoreTest, AValueOfAnotherKeystoreOrKeyIsRefused) {
  const TempDirectory directory;
  ASSERT_TRUE(CommitNow(*OpenSealed(directory), PutOf(DataRecord(true))).ok());
  PrivateDataKeystore other(OpenAt(directory.path()), SecretBytes::OfSize(Sealer::kKeyBytes));
  const auto contents = other.Load();
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->records, IsEmpty());
  EXPECT_THAT(contents->refused, ElementsAre(HasSubstr("object 1 of keystore")));
}

TEST(DerivedSecretTest, IsOfThisKeystoreAndPurposeAlone) {
  const TempDirectory one;
  const TempDirectory two;
  ASSERT_NE(OpenAt(one.path()), nullptr);
  ASSERT_NE(OpenAt(two.path()), nullptr);
  const auto secret = [](const TempDirectory& directory, std::string_view purpose) {
    const auto derived = DerivedSecret(OptionsFor(directory.path()), purpose);
    EXPECT_TRUE(derived.ok()) << DetailOf(derived);
    return CopyOf(derived->view());
  };
  EXPECT_EQ(secret(one, "a").size(), Sealer::kKeyBytes);
  EXPECT_EQ(secret(one, "a"), secret(one, "a"));
  EXPECT_NE(secret(one, "a"), secret(one, "b"));
  EXPECT_NE(secret(one, "a"), secret(two, "a"));
}

}  // namespace
}  // namespace gw

// Room: tests. Keystores with a password, in front of an engine in memory: what the engine gets to
// see, and what opens it again.
#include "daemon/sealing/sealed_keystore.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/keystore/memory_keystore.h"
#include "tests/support/captured_log.h"

namespace gw {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kPrivate = "9b8c0f1e-0000-4000-8000-000000000001";
constexpr const char* kPublic = "9b8c0f1e-0000-4000-8000-000000000002";
constexpr const char* kPlain = "9b8c0f1e-0000-4000-8000-000000000003";

KeystorePassword Password(const std::string& keystore, std::string_view text = "secret7") {
  return {keystore, std::make_shared<const SecretBytes>(ViewOf(text))};
}

Record MakeRecord(const std::string& keystore, std::string_view label) {
  Record record;
  record.keystore = keystore;
  record.attributes.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  record.attributes.SetText(CKA_LABEL, label);
  record.key.octets = CopyOf("key blob");
  return record;
}

// A file that outlives the daemons that open it.
class SealedKeystoreTest : public testing::Test {
 protected:
  using Numbers = Result<std::vector<std::uint64_t>>;

  // The next daemon, with these passwords in its configuration.
  Result<KeystoreContents> Open(std::vector<KeystorePassword> passwords) {
    if (keystore_ != nullptr) file_ = *engine_->Load();
    auto engine = MakeMemoryKeystore(file_);
    engine_ = engine.get();
    keystore_ = MakeSealedKeystore(std::move(engine), std::move(passwords));
    return keystore_->Load();
  }
  // What the file holds.
  KeystoreContents File() { return *engine_->Load(); }

  Numbers Commit(Mutation mutation) {
    std::optional<Numbers> result;
    boost::asio::co_spawn(loop_, Keep(keystore_->Commit(std::move(mutation)), result),
                          [](std::exception_ptr exception) { EXPECT_EQ(exception, nullptr); });
    loop_.restart();
    loop_.run();
    return std::move(*result);
  }
  static Awaitable<void> Keep(Awaitable<Numbers> work, std::optional<Numbers>& result) {
    result.emplace(co_await std::move(work));
  }
  CK_RV Put(Record record) {
    Mutation mutation;
    mutation.puts.push_back(std::move(record));
    const Numbers numbers = Commit(std::move(mutation));
    return numbers ? CKR_OK : numbers.error().rv;
  }
  CK_RV Wipe(std::vector<std::string> keystores) {
    Mutation mutation;
    mutation.wipes = std::move(keystores);
    const Numbers numbers = Commit(std::move(mutation));
    return numbers ? CKR_OK : numbers.error().rv;
  }

  boost::asio::io_context loop_;
  KeystoreContents file_;
  Keystore* engine_ = nullptr;
  std::unique_ptr<Keystore> keystore_;
};

TEST_F(SealedKeystoreTest, WithoutPasswordsEverythingPassesUnchanged) {
  ASSERT_TRUE(Open({}).ok());
  ASSERT_EQ(Put(MakeRecord(kPlain, "open")), CKR_OK);
  const KeystoreContents file = File();
  ASSERT_THAT(file.records, SizeIs(1));
  EXPECT_EQ(file.records[0].attributes, MakeRecord(kPlain, "open").attributes);
  EXPECT_EQ(keystore_->AccessTo(kPlain), KeystoreAccess::kGranted);
}

TEST_F(SealedKeystoreTest, R38_TheEngineSeesNeitherAttributesNorKey) {
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "signing key")), CKR_OK);
  const KeystoreContents file = File();
  ASSERT_THAT(file.records, SizeIs(1));
  const Record& stored = file.records[0];
  EXPECT_EQ(stored.attributes.GetUlong(CKA_CLASS), CK_ULONG{CKO_SECRET_KEY});
  EXPECT_FALSE(stored.attributes.Has(CKA_LABEL));
  EXPECT_EQ(TextOf(stored.key.view()).find("signing key"), std::string_view::npos);
  EXPECT_EQ(TextOf(stored.key.view()).find("key blob"), std::string_view::npos);
}

// While the HSM's master key is being changed.
TEST_F(SealedKeystoreTest, ASecondBlobIsSealedLikeTheFirst) {
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "signing key")), CKR_OK);
  Mutation mutation;
  mutation.rewraps.push_back(MakeRecord(kPrivate, "signing key"));
  mutation.rewraps[0].number = File().records.at(0).number;
  mutation.rewraps[0].version = File().records.at(0).version;
  mutation.rewraps[0].other.octets = CopyOf("blob of the next master key");
  ASSERT_TRUE(Commit(std::move(mutation)).ok());

  const KeystoreContents file = File();
  ASSERT_THAT(file.records, SizeIs(1));
  EXPECT_TRUE(file.records[0].other.empty());
  const std::string_view stored = TextOf(file.records[0].key.view());
  EXPECT_EQ(stored.find("blob"), std::string_view::npos);
  auto contents = Open({Password(kPrivate)});
  ASSERT_TRUE(contents.ok());
  ASSERT_THAT(contents->records, SizeIs(1));
  EXPECT_EQ(TextOf(contents->records[0].key.view()), "key blob");
  EXPECT_EQ(TextOf(contents->records[0].other.view()), "blob of the next master key");
  EXPECT_EQ(contents->records[0].attributes, MakeRecord(kPrivate, "signing key").attributes);
}

TEST_F(SealedKeystoreTest, R38_TheNextDaemonWithThePasswordHasEverything) {
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "signing key")), CKR_OK);
  auto contents = Open({Password(kPrivate)});
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->refused, IsEmpty());
  ASSERT_THAT(contents->records, SizeIs(1));
  Record record = contents->records[0];
  EXPECT_EQ(record.attributes, MakeRecord(kPrivate, "signing key").attributes);
  EXPECT_EQ(TextOf(record.key.view()), "key blob");
  EXPECT_EQ(record.keystore, kPrivate);
  // And goes on with it.
  record.attributes.SetText(CKA_LABEL, "renamed");
  ++record.version;
  ASSERT_EQ(Put(record), CKR_OK);
  contents = Open({Password(kPrivate)});
  ASSERT_THAT(contents->records, SizeIs(1));
  EXPECT_EQ(contents->records[0].number, record.number);
  EXPECT_EQ(contents->records[0].attributes, record.attributes);
}

// Nothing is made beside it, nothing is changed, and the right password still opens it.
TEST_F(SealedKeystoreTest, R286_AWrongOrMissingPasswordReadsNothingAndWritesNothing) {
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "signing key")), CKR_OK);
  struct Case {
    std::vector<KeystorePassword> passwords;
    KeystoreAccess access;
    const char* said;
  };
  for (const Case& at : {Case{{Password(kPrivate, "secret8")},
                              KeystoreAccess::kWrongPassword,
                              "tokenspaceIDPassword is not the password"},
                         Case{{}, KeystoreAccess::kNoPassword, "has no password for it"}}) {
    const test::CapturedLog log;
    const auto contents = Open(at.passwords);
    ASSERT_TRUE(contents.ok());
    EXPECT_THAT(contents->records, IsEmpty());
    EXPECT_EQ(keystore_->AccessTo(kPrivate), at.access);
    EXPECT_THAT(log.text(), HasSubstr(at.said));
    EXPECT_EQ(Put(MakeRecord(kPrivate, "another")), CKR_TOKEN_WRITE_PROTECTED);
    EXPECT_THAT(File().records, SizeIs(1));
    EXPECT_EQ(Put(MakeRecord(kPlain, "elsewhere")), CKR_OK);
    Mutation removal;
    for (const Record& record : File().records) {
      if (record.keystore == kPlain) removal.removes.push_back(record.number);
    }
    ASSERT_TRUE(Commit(std::move(removal)).ok());
  }
  const auto contents = Open({Password(kPrivate)});
  EXPECT_EQ(keystore_->AccessTo(kPrivate), KeystoreAccess::kGranted);
  EXPECT_THAT(contents->records, SizeIs(1));
}

TEST_F(SealedKeystoreTest, R288_APasswordConvertsNothingAndSaysWhatToDo) {
  ASSERT_TRUE(Open({}).ok());
  ASSERT_EQ(Put(MakeRecord(kPrivate, "from before")), CKR_OK);
  {
    const test::CapturedLog log;
    const auto contents = Open({Password(kPrivate)});
    EXPECT_THAT(contents->records, IsEmpty());
    EXPECT_EQ(keystore_->AccessTo(kPrivate), KeystoreAccess::kNotAuthenticated);
    EXPECT_THAT(log.text(), HasSubstr("its 1 objects cannot be used. Run C_InitToken"));
    EXPECT_EQ(Put(MakeRecord(kPrivate, "new")), CKR_TOKEN_WRITE_PROTECTED);
  }
  const auto contents = Open({});
  ASSERT_THAT(contents->records, SizeIs(1));
  EXPECT_EQ(contents->records[0].attributes, MakeRecord(kPrivate, "from before").attributes);
}

TEST_F(SealedKeystoreTest, R71_AWipeSetsThePasswordAndTakesItAway) {
  ASSERT_TRUE(Open({}).ok());
  ASSERT_EQ(Put(MakeRecord(kPrivate, "from before")), CKR_OK);
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  ASSERT_EQ(Wipe({kPrivate, kPublic}), CKR_OK);
  EXPECT_EQ(keystore_->AccessTo(kPrivate), KeystoreAccess::kGranted);
  EXPECT_THAT(File().records, IsEmpty());
  ASSERT_EQ(Put(MakeRecord(kPrivate, "new")), CKR_OK);
  ASSERT_TRUE(Open({}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  EXPECT_EQ(keystore_->AccessTo(kPrivate), KeystoreAccess::kGranted);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "open")), CKR_OK);
  EXPECT_TRUE(File().settings.empty());
  EXPECT_TRUE(File().records[0].attributes.Has(CKA_LABEL));
}

// R40: what was there is gone with its password.
TEST_F(SealedKeystoreTest, R40_AnotherPasswordIsSetByAWipeAlone) {
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "lost")), CKR_OK);
  ASSERT_TRUE(Open({Password(kPrivate, "secret8")}).ok());
  ASSERT_EQ(Wipe({kPrivate}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "new")), CKR_OK);
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  EXPECT_EQ(keystore_->AccessTo(kPrivate), KeystoreAccess::kWrongPassword);
  EXPECT_THAT(Open({Password(kPrivate, "secret8")})->records, SizeIs(1));
}

// A request is done once; the wipe that was not done must not change the key of the one that was.
TEST_F(SealedKeystoreTest, ARepeatedWipeKeepsTheKeyOfTheFirst) {
  ASSERT_TRUE(Open({Password(kPrivate)}).ok());
  Mutation first;
  first.wipes = {kPrivate};
  first.request = RequestId{{}, 7};
  Mutation repeat = first;
  ASSERT_TRUE(Commit(std::move(first)).ok());
  ASSERT_EQ(Put(MakeRecord(kPrivate, "between")), CKR_OK);
  ASSERT_TRUE(Commit(std::move(repeat)).ok());
  ASSERT_EQ(Put(MakeRecord(kPrivate, "after")), CKR_OK);
  EXPECT_THAT(Open({Password(kPrivate)})->records, SizeIs(2));
}

TEST_F(SealedKeystoreTest, R38_AlteredAndForeignContentsAreRefused) {
  ASSERT_TRUE(Open({Password(kPrivate), Password(kPublic)}).ok());
  ASSERT_EQ(Wipe({kPrivate, kPublic}), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "altered")), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPublic, "moved")), CKR_OK);
  ASSERT_EQ(Put(MakeRecord(kPrivate, "good")), CKR_OK);
  KeystoreContents edited = File();
  edited.records[0].key.octets.back() ^= 1;
  edited.records[1].keystore = kPrivate;
  Record plain = MakeRecord(kPrivate, "smuggled in");
  plain.number = 100;
  edited.records.push_back(plain);
  keystore_.reset();
  file_ = std::move(edited);
  const auto contents = Open({Password(kPrivate), Password(kPublic)});
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->refused, SizeIs(3));
  ASSERT_THAT(contents->records, SizeIs(1));
  EXPECT_EQ(contents->records[0].attributes, MakeRecord(kPrivate, "good").attributes);
}

TEST_F(SealedKeystoreTest, R287_TheSixthIsNotMade) {
  const auto uuid = [](char last) {
    return std::string("9b8c0f1e-0000-4000-8000-00000000001") + last;
  };
  // Their passwords left the configuration one after the other.
  for (const char last : {'1', '2', '3', '4', '5'}) {
    ASSERT_TRUE(Open({Password(uuid(last))}).ok());
    ASSERT_EQ(Wipe({uuid(last)}), CKR_OK);
  }
  ASSERT_TRUE(Open({Password(uuid('6'))}).ok());
  const test::CapturedLog log;
  EXPECT_EQ(Wipe({uuid('6')}), CKR_DEVICE_MEMORY);
  EXPECT_THAT(log.text(), HasSubstr("more than the 5 authenticated keystores"));
  EXPECT_EQ(keystore_->AccessTo(uuid('6')), KeystoreAccess::kNotAuthenticated);
  // One of the others makes room.
  ASSERT_EQ(Wipe({uuid('1')}), CKR_OK);
  EXPECT_EQ(Wipe({uuid('6')}), CKR_OK);
}

}  // namespace
}  // namespace gw

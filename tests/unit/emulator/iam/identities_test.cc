// Room: tests. API key files, good and bad.
#include "emulator/iam/identities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw::emulator {
namespace {

using testing::ElementsAre;

std::vector<std::string> ComplaintsAbout(std::string_view json) {
  std::vector<std::string> complaints;
  Identities::Parse(json, complaints);
  return complaints;
}

TEST(IdentitiesTest, RolesAndActionsAddUp) {
  std::vector<std::string> complaints;
  const Identities identities = Identities::Parse(
      R"([{"apikey":"a","iam_id":"i","name":"n","roles":["reader"],
           "actions":["hs-crypto.crypto.generatekey","hs-crypto.keystore.storenewkey"]}])",
      complaints);
  EXPECT_THAT(complaints, ElementsAre());
  const IdentityPtr identity = identities.FindByApiKey("a");
  ASSERT_NE(identity, nullptr);
  EXPECT_TRUE(identity->allowed.Contains(Action::kSign | Action::kGenerateKey));
  EXPECT_FALSE(identity->allowed.Contains(Action::kGenerateKeyPair));
  EXPECT_EQ(identities.FindById("i"), identity);
  EXPECT_EQ(identities.FindByApiKey("b"), nullptr);
}

TEST(IdentitiesTest, EveryComplaintIsMadeAtOnce) {
  EXPECT_THAT(ComplaintsAbout(R"([{"iam_id":"i","roles":["king"],"actions":["fly"]},
                                  {"apikey":"a","iam_id":"","colour":"red"}, 7])"),
              ElementsAre("entry 1: \"apikey\" must be a text that is not empty",
                          "entry 1: unknown role \"king\"", "entry 1: unknown action \"fly\"",
                          "entry 2: \"iam_id\" must be a text that is not empty",
                          "entry 2: unknown key \"colour\"", "entry 3: must be an object"));
}

TEST(IdentitiesTest, AKeyGivenTwiceIsRefused) {
  EXPECT_THAT(ComplaintsAbout(R"([{"apikey":"a","iam_id":"i"},{"apikey":"a","iam_id":"j"}])"),
              ElementsAre("entry 2: this \"apikey\" was given before"));
}

TEST(IdentitiesTest, WhatIsNoListIsRefused) {
  for (const char* text : {"", "{", "{}", "[]", "7"})
    EXPECT_EQ(ComplaintsAbout(text).size(), 1U) << text;
}

TEST(IdentitiesTest, RandomOnesHaveEveryRight) {
  const Identities identities = Identities::Random();
  EXPECT_EQ(identities.ApiKeysByName().size(), 3U);
  for (const auto& [name, api_key] : identities.ApiKeysByName()) {
    for (const ActionRow& row : ActionTable()) {
      EXPECT_TRUE(identities.FindByApiKey(api_key)->allowed.Contains(row.action))
          << name << " " << row.name;
    }
  }
}

TEST(ActionsTest, ReadersGenerateNothing) {
  const ActionSet reader = FindRole("reader")->actions;
  EXPECT_TRUE(reader.Contains(Action::kWrapKey | Action::kUnwrapKey));
  EXPECT_FALSE(reader.Contains(Action::kGenerateKey));
  EXPECT_EQ(FirstMissing(Action::kSign | Action::kGenerateKey, reader),
            "hs-crypto.crypto.generatekey");
}

}  // namespace
}  // namespace gw::emulator

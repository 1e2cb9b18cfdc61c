// Tests for daemon/localcrypto/keystore_secret.h.
#include "daemon/localcrypto/keystore_secret.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gw {
namespace {

constexpr std::string_view kKeystore = "9b8c0f1e-0000-4000-8000-000000000001";
constexpr std::string_view kOther = "9b8c0f1e-0000-4000-8000-000000000002";
constexpr std::string_view kPassword = "secret7";

CK_RV RvOfOpening(ByteView stored, std::string_view password, std::string_view keystore) {
  const auto key = OpenKeystoreSecret(stored, ViewOf(password), keystore);
  return key ? CKR_OK : key.error().rv;
}

TEST(KeystoreSecretTest, R38_ThePasswordOpensIt) {
  const KeystoreSecret secret = MakeKeystoreSecret(ViewOf(kPassword), kKeystore);
  const auto key = OpenKeystoreSecret(secret.stored, ViewOf(kPassword), kKeystore);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(Equal(key->view(), secret.key.view()));
}

TEST(KeystoreSecretTest, R286_NothingElseOpensIt) {
  const KeystoreSecret secret = MakeKeystoreSecret(ViewOf(kPassword), kKeystore);
  EXPECT_EQ(RvOfOpening(secret.stored, "secret8", kKeystore), CKR_PIN_INCORRECT);
  EXPECT_EQ(RvOfOpening(secret.stored, "", kKeystore), CKR_PIN_INCORRECT);
  EXPECT_EQ(RvOfOpening(secret.stored, kPassword, kOther), CKR_PIN_INCORRECT);
}

TEST(KeystoreSecretTest, R40_WhatIsStoredHasNeitherPasswordNorKey) {
  const KeystoreSecret secret = MakeKeystoreSecret(ViewOf(kPassword), kKeystore);
  EXPECT_EQ(TextOf(secret.stored).find(kPassword), std::string_view::npos);
  EXPECT_TRUE(std::ranges::search(secret.stored, secret.key.view()).empty());
}

TEST(KeystoreSecretTest, OnePasswordGivesDifferentSecrets) {
  const KeystoreSecret one = MakeKeystoreSecret(ViewOf(kPassword), kKeystore);
  const KeystoreSecret two = MakeKeystoreSecret(ViewOf(kPassword), kKeystore);
  EXPECT_NE(one.stored, two.stored);
  EXPECT_FALSE(Equal(one.key.view(), two.key.view()));
}

// Each part: version, cost, salt, and the sealed key from its first to its last octet.
TEST(KeystoreSecretTest, AnAlteredOneDoesNotOpen) {
  Bytes stored = MakeKeystoreSecret(ViewOf(kPassword), kKeystore).stored;
  for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{19},
                               std::size_t{20}, stored.size() - 1}) {
    stored[at] ^= 2;
    EXPECT_EQ(RvOfOpening(stored, kPassword, kKeystore), CKR_PIN_INCORRECT) << at;
    stored[at] ^= 2;
  }
  EXPECT_EQ(RvOfOpening(ByteView(stored).first(stored.size() - 1), kPassword, kKeystore),
            CKR_PIN_INCORRECT);
  EXPECT_EQ(RvOfOpening({}, kPassword, kKeystore), CKR_PIN_INCORRECT);
  EXPECT_EQ(RvOfOpening(stored, kPassword, kKeystore), CKR_OK);
}

// Source: Python's hashlib.scrypt with the parameters of the header, n = 32768, r = 8, p = 1.
TEST(KeystoreSecretTest, R285_ThePinIsTheSameOnEveryHost) {
  EXPECT_EQ(LoginPinFor(ViewOf(kPassword), kKeystore).text(), "c02752c9611a6e7b");
  EXPECT_NE(LoginPinFor(ViewOf("secret8"), kKeystore).text(), "c02752c9611a6e7b");
  EXPECT_NE(LoginPinFor(ViewOf(kPassword), kOther).text(), "c02752c9611a6e7b");
}

}  // namespace
}  // namespace gw

// Room: tests. Values: FIPS 197 appendix C; NIST SP 800-38A F.2.1 and F.2.5; RFC 5869 A.3; NIST
// CAVS for ANSI X9.63 KDF (SHA-256).
#include "emulator/crypto/symmetric.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/support/material.h"

namespace gw::emulator {
namespace {

struct EcbCase {
  const char* key;
  const char* cipher;
};
constexpr EcbCase kFips197[] = {
    {"000102030405060708090a0b0c0d0e0f", "69c4e0d86a7b0430d8cdb78070b4c55a"},
    {"000102030405060708090a0b0c0d0e0f1011121314151617", "dda97ca4864cdfe06eaf70a0ec0d7191"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "8ea2b7ca516745bfeafc49904b496089"},
};

TEST(SymmetricTest, AesGivesTheValuesOfFips197) {
  const Bytes plain = Hex("00112233445566778899aabbccddeeff");
  for (const EcbCase& c : kFips197) {
    const Bytes cipher = AesBlocks(BlockMode::kEcb, Direction::kEncrypt, Hex(c.key), {}, plain);
    EXPECT_EQ(HexOf(cipher), c.cipher);
    EXPECT_EQ(AesBlocks(BlockMode::kEcb, Direction::kDecrypt, Hex(c.key), {}, cipher), plain);
  }
}

TEST(SymmetricTest, CbcGivesTheValuesOfSp80038a) {
  const Bytes iv = Hex("000102030405060708090a0b0c0d0e0f");
  const Bytes plain = Hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51");
  EXPECT_EQ(HexOf(AesBlocks(BlockMode::kCbc, Direction::kEncrypt,
                            Hex("2b7e151628aed2a6abf7158809cf4f3c"), iv, plain)),
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
  EXPECT_EQ(HexOf(AesBlocks(BlockMode::kCbc, Direction::kEncrypt,
                            Hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
                            iv, plain)),
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d");
}

TEST(SymmetricTest, HkdfGivesTheValueOfRfc5869) {
  EXPECT_EQ(HexOf(Hkdf(Bytes(22, 0x0b), "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(SymmetricTest, X963KdfGivesTheValueOfCavs) {
  EXPECT_EQ(HexOf(X963Kdf(HashId::kSha256, Hex("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08"),
                          {}, 16)),
            "443024c3dae66b95e6f5670601558f71");
}

TEST(SymmetricTest, GcmOpensOnlyWhatWasSealed) {
  const Bytes key(32, 1);
  const Bytes nonce(kGcmNonceBytes, 2);
  Bytes sealed = GcmSeal(key, nonce, ViewOf("header"), ViewOf("content"));
  const auto opened = GcmOpen(key, nonce, ViewOf("header"), sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(TextOf(*opened), "content");
  EXPECT_FALSE(GcmOpen(key, nonce, ViewOf("headex"), sealed).ok());
  EXPECT_FALSE(GcmOpen(key, nonce, ViewOf("header"), ByteView(sealed).first(5)).ok());
  sealed[3] ^= 1;
  EXPECT_EQ(GcmOpen(key, nonce, ViewOf("header"), sealed).error().rv, CKR_ENCRYPTED_DATA_INVALID);
}

}  // namespace
}  // namespace gw::emulator

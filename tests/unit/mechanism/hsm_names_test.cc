// Tests of mechanism/hsm_names.h.
#include "daemon/mechanism/hsm_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "proto/pkcs11/ck_sha3.h"

namespace gw {
namespace {

struct Case {
  CK_MECHANISM_TYPE type;
  CK_ULONG bits;
  CK_MECHANISM_TYPE hsm;
};

TEST(HsmNamesTest, R188_StandardNamesAreTheVendorsByTheSizeOfTheKey) {
  for (const Case& at :
       {Case{CKM_EC_EDWARDS_KEY_PAIR_GEN, 255, CKM_EC_KEY_PAIR_GEN},
        Case{CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 448, CKM_EC_KEY_PAIR_GEN},
        Case{CKM_EDDSA, 255, CKM_IBM_ED25519_SHA512}, Case{CKM_EDDSA, 448, CKM_IBM_ED448_SHA3},
        Case{CKM_ECDH1_DERIVE, 255, CKM_IBM_EC_X25519}, Case{CKM_AES_CMAC, 32, CKM_IBM_CMAC},
        Case{CKM_DES3_CMAC, 24, CKM_IBM_CMAC}, Case{CKM_SHA3_224_HMAC, 1, CKM_IBM_SHA3_224_HMAC},
        Case{CKM_ECDH1_DERIVE, 256, CKM_ECDH1_DERIVE}, Case{CKM_RSA_PKCS, 2048, CKM_RSA_PKCS}}) {
    const auto named = AtHsm(Mechanism{at.type, {}}, at.bits);
    ASSERT_TRUE(named.ok());
    EXPECT_EQ(named->type, at.hsm) << NameOfMechanism(at.type) << " " << at.bits;
  }
}

TEST(HsmNamesTest, R188_SomeNamesAreTheVendorsWhateverTheKey) {
  EXPECT_EQ(TypeAtHsm(CKM_SHA3_384), CKM_IBM_SHA3_384);
  EXPECT_EQ(TypeAtHsm(CKM_SHA3_224_HMAC), CKM_IBM_SHA3_224_HMAC);
  EXPECT_EQ(TypeAtHsm(CKM_AES_CMAC), CKM_IBM_CMAC);
  EXPECT_EQ(TypeAtHsm(CKM_DES3_CMAC), CKM_IBM_CMAC);
  EXPECT_EQ(TypeAtHsm(CKM_SHA256), CK_MECHANISM_TYPE{CKM_SHA256});
  EXPECT_EQ(TypeAtHsm(CKM_EDDSA), CK_MECHANISM_TYPE{CKM_EDDSA}) << "depends on the key";
  EXPECT_EQ(TypeAtHsm(CKM_MD5), CK_MECHANISM_TYPE{CKM_MD5});
}

TEST(HsmNamesTest, AParameterGoesAlongUnlessItIsTheStandardsOwn) {
  const Ecdh1Parameter point{CKD_NULL, {}, Bytes(32, 9)};
  EXPECT_EQ(AtHsm(Mechanism{CKM_ECDH1_DERIVE, point}, 255)->parameter, MechanismParameter(point));
  EXPECT_EQ(AtHsm(Mechanism{CKM_EDDSA, EddsaParameter{}}, 448)->parameter, MechanismParameter());
}

TEST(HsmNamesTest, Ed25519ctxIsRefused) {
  const auto named = AtHsm(Mechanism{CKM_EDDSA, EddsaParameter{}}, 255);
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().rv, CKR_MECHANISM_PARAM_INVALID);
}

TEST(HsmNamesTest, ServesWhatTheHsmHasByWhateverName) {
  std::vector<CK_MECHANISM_TYPE> has{CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_IBM_ED25519_SHA512};
  std::ranges::sort(has);
  EXPECT_TRUE(HsmServes(has, CKM_ECDSA));
  EXPECT_TRUE(HsmServes(has, CKM_EDDSA));
  EXPECT_TRUE(HsmServes(has, CKM_EC_EDWARDS_KEY_PAIR_GEN));
  EXPECT_TRUE(HsmServes(std::vector<CK_MECHANISM_TYPE>{CKM_IBM_SHA3_256}, CKM_SHA3_256));
  EXPECT_FALSE(HsmServes(has, CKM_SHA3_256));
  EXPECT_FALSE(HsmServes(has, CKM_EC_MONTGOMERY_KEY_PAIR_GEN)) << "no such curves";
  EXPECT_FALSE(HsmServes(has, CKM_IBM_DILITHIUM)) << "R51";
  // Montgomery curves alone are not all that its name promises.
  EXPECT_FALSE(HsmServes(std::vector<CK_MECHANISM_TYPE>{CKM_IBM_EC_X25519}, CKM_ECDH1_DERIVE));
}

}  // namespace
}  // namespace gw

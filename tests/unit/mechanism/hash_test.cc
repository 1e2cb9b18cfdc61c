// Tests of the digest numbers in mechanism/mechanism_table.h.
#include <gtest/gtest.h>

#include <csignal>

#include "daemon/mechanism/mechanism_table.h"
#include "proto/pkcs11/ck_sha3.h"

namespace gw {
namespace {

struct Row {
  Hash hash;
  CK_MECHANISM_TYPE mechanism;
  std::size_t bytes;
};

class HashTest : public ::testing::TestWithParam<Row> {};

TEST_P(HashTest, NumberAndLengthBelongTogether) {
  EXPECT_EQ(HashOfMechanism(GetParam().mechanism), GetParam().hash);
  EXPECT_EQ(MechanismOfHash(GetParam().hash), GetParam().mechanism);
  EXPECT_EQ(HashBytes(GetParam().hash), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, HashTest,
    ::testing::Values(
        Row{Hash::kSha1, CKM_SHA_1, 20}, Row{Hash::kSha224, CKM_SHA224, 28},
        Row{Hash::kSha256, CKM_SHA256, 32}, Row{Hash::kSha384, CKM_SHA384, 48},
        Row{Hash::kSha512, CKM_SHA512, 64}, Row{Hash::kSha512_224, CKM_SHA512_224, 28},
        Row{Hash::kSha512_256, CKM_SHA512_256, 32}, Row{Hash::kSha3_224, CKM_IBM_SHA3_224, 28},
        Row{Hash::kSha3_256, CKM_IBM_SHA3_256, 32}, Row{Hash::kSha3_384, CKM_IBM_SHA3_384, 48},
        Row{Hash::kSha3_512, CKM_IBM_SHA3_512, 64}),
    [](const auto& test) { return std::string(NameOfMechanism(test.param.mechanism)); });

TEST(HashOfMechanismTest, OneHashMayHaveSeveralNumbers) {
  EXPECT_EQ(HashOfMechanism(CKM_SHA3_256), Hash::kSha3_256);
  EXPECT_EQ(HashOfMechanism(CKM_IBM_SHA512_224), Hash::kSha512_224);
}

TEST(HashOfMechanismTest, OtherNumbersAreNoDigest) {
  EXPECT_EQ(HashOfMechanism(CKM_MD5), std::nullopt);
  EXPECT_EQ(HashOfMechanism(CKM_SHA256_RSA_PKCS), std::nullopt);
  EXPECT_EQ(HashOfMechanism(CK_UNAVAILABLE_INFORMATION), std::nullopt);
}

TEST(HashOfMechanismTest, NoHashHasNoOctets) { EXPECT_EQ(HashBytes(Hash::kNone), 0u); }

TEST(HashDeathTest, NoHashHasNoMechanism) {
  EXPECT_EXIT(MechanismOfHash(Hash::kNone), ::testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace gw

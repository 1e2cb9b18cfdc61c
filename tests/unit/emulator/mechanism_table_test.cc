// Room: tests. The mechanism table against the documented list, exactly.
#include "emulator/mechanism_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/blob/attribute_bits.h"
#include "emulator/service/names.h"
#include "emulator/service/rpc_table.h"
#include "grep11.pb.h"

namespace gw::emulator {
namespace {

TEST(MechanismTableTest, BeginsWithTheMechanismThatTheServiceListsFirst) {
  EXPECT_EQ(MechanismTable().front().type, CKM_RSA_PKCS);
  EXPECT_EQ(MechanismTable().size(), 89U);
}

TEST(MechanismTableTest, EveryMechanismHasANameAndAFunction) {
  for (const MechanismRow& row : MechanismTable()) {
    EXPECT_EQ(NameOfMechanism(row.type).substr(0, 4), "CKM_") << row.type;
    EXPECT_NE(row.functions, 0U) << NameOfMechanism(row.type);
    EXPECT_LE(row.min_key_size, row.max_key_size) << NameOfMechanism(row.type);
  }
}

// Stays for the rest of the program, as it does for that of an emulator.
TEST(MechanismTableTest, AMechanismHasFurtherNumbersOnDemand) {
  constexpr CK_MECHANISM_TYPE kNumber = 0x80019001;
  EXPECT_EQ(FindMechanismRow(kNumber), nullptr);
  ASSERT_TRUE(AddMechanism(kNumber, "CKM_SHA256_HMAC").ok());
  ASSERT_NE(FindMechanismRow(kNumber), nullptr);
  EXPECT_EQ(FindMechanismRow(kNumber)->hash, HashId::kSha256);
  EXPECT_EQ(MechanismNames()[MechanismNumber(kNumber)], "unknown");
  EXPECT_FALSE(AddMechanism(kNumber, "CKM_SHA_1").ok());
  EXPECT_FALSE(AddMechanism(CKM_ECDSA, "CKM_SHA_1").ok());
  EXPECT_FALSE(AddMechanism(kNumber + 1, "CKM_NONE").ok());
}

TEST(MechanismTableTest, AFunctionThatARowLacksIsRefused) {
  const auto found = FindMechanism({CKM_SHA256, {}}, CKF_SIGN);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().rv, CKR_MECHANISM_INVALID);
  EXPECT_TRUE(FindMechanism({CKM_SHA256, {}}, CKF_DIGEST).ok());
}

TEST(MechanismTableTest, KeyPairsAreMadeWithoutTheParametersOfTheirDerivation) {
  EXPECT_TRUE(FindMechanism({CKM_IBM_KYBER, {}}, CKF_GENERATE_KEY_PAIR).ok());
  EXPECT_EQ(FindMechanism({CKM_IBM_KYBER, KyberParams{0, 1, CKD_NULL, false, {}, {}, {}}},
                          CKF_GENERATE_KEY_PAIR)
                .error()
                .rv,
            CKR_MECHANISM_PARAM_INVALID);
  EXPECT_TRUE(
      FindMechanism({CKM_IBM_KYBER, KyberParams{0, 1, CKD_NULL, false, {}, {}, {}}}, CKF_DERIVE)
          .ok());
  EXPECT_EQ(FindMechanism({CKM_IBM_KYBER, {}}, CKF_DERIVE).error().rv, CKR_MECHANISM_PARAM_INVALID);
}

TEST(MechanismTableTest, ParametersOfAnotherKindAreRefused) {
  const MechanismParams wrong_for_cbc[] = {std::monostate{}, Bytes(15), ForeignParams{},
                                           PssParams{}};
  for (const MechanismParams& params : wrong_for_cbc) {
    EXPECT_EQ(FindMechanism({CKM_AES_CBC, params}, CKF_ENCRYPT).error().rv,
              CKR_MECHANISM_PARAM_INVALID);
  }
  EXPECT_EQ(FindMechanism({CKM_SHA256, ForeignParams{}}, CKF_DIGEST).error().rv,
            CKR_MECHANISM_PARAM_INVALID);
}

// Numbers of the interface sheet.
TEST(AttributeBitTest, BitsAreThoseOfTheBlobHeader) {
  EXPECT_EQ(FindAttributeBit(CKA_EXTRACTABLE)->bit, 0x1U);
  EXPECT_EQ(FindAttributeBit(CKA_MODIFIABLE)->bit, 0x4U);
  EXPECT_EQ(FindAttributeBit(CKA_SIGN)->bit, 0x100U);
  EXPECT_EQ(FindAttributeBit(CKA_VERIFY)->bit, 0x8000U);
  EXPECT_EQ(FindAttributeBit(CKA_WRAP_WITH_TRUSTED)->bit, 0x40000U);
  AttributeBits seen = 0;
  for (const AttributeBitRow& row : AttributeBitTable()) {
    EXPECT_EQ(seen & row.bit, 0U);
    seen |= row.bit;
  }
}

TEST(RpcTableTest, HasEveryMethodOfTheServiceInOrder) {
  const auto* service = grep11::SignSingleRequest::descriptor()->file()->service(0);
  ASSERT_EQ(static_cast<std::size_t>(service->method_count()), RpcTable().size());
  for (int i = 0; i < service->method_count(); ++i) {
    EXPECT_EQ(RpcTable()[static_cast<std::size_t>(i)].name, service->method(i)->name());
    EXPECT_FALSE(RpcTable()[static_cast<std::size_t>(i)].needed.empty());
  }
}

TEST(NamesTest, GoBothWays) {
  EXPECT_EQ(GrpcName(14), "UNAVAILABLE");
  EXPECT_EQ(GrpcCodeOf("UNAUTHENTICATED"), 16);
  EXPECT_FALSE(GrpcCodeOf("nonsense").has_value());
  EXPECT_EQ(RvOf("CKR_DEVICE_ERROR"), CKR_DEVICE_ERROR);
  EXPECT_EQ(RvOf("CKR_IBM_WKID_MISMATCH"), CKR_IBM_WKID_MISMATCH);
  EXPECT_EQ(RvOf("CKR_IBM_GREP11_CONFLICT"), CKR_IBM_GREP11_CONFLICT);
  EXPECT_FALSE(RvOf("CKR_NONSENSE").has_value());
}

}  // namespace
}  // namespace gw::emulator

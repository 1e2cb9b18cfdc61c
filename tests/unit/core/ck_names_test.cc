// Tests of the names in core/ck.h.
#include <gtest/gtest.h>

#include "daemon/core/ck.h"

namespace gw {
namespace {

TEST(CkNamesTest, NamesStandardAndVendorReturnCodes) {
  EXPECT_EQ(NameOfRv(CKR_OK), "CKR_OK");
  EXPECT_EQ(NameOfRv(CKR_DEVICE_ERROR), "CKR_DEVICE_ERROR");
  EXPECT_EQ(NameOfRv(CKR_UNWRAPPING_KEY_HANDLE_INVALID), "CKR_UNWRAPPING_KEY_HANDLE_INVALID");
  EXPECT_EQ(NameOfRv(CKR_CURVE_NOT_SUPPORTED), "CKR_CURVE_NOT_SUPPORTED");
  EXPECT_EQ(NameOfRv(CKR_IBM_WKID_MISMATCH), "CKR_IBM_WKID_MISMATCH");
}

TEST(CkNamesTest, NamesStandardAndVendorMechanisms) {
  EXPECT_EQ(NameOfMechanism(CKM_RSA_PKCS), "CKM_RSA_PKCS");
  EXPECT_EQ(NameOfMechanism(CKM_ECDSA_SHA256), "CKM_ECDSA_SHA256");
  EXPECT_EQ(NameOfMechanism(CKM_SHA512_256_HMAC), "CKM_SHA512_256_HMAC");
  EXPECT_EQ(NameOfMechanism(CKM_IBM_DILITHIUM), "CKM_IBM_DILITHIUM");
}

TEST(CkNamesTest, ANumberWithoutANameIsHex) {
  EXPECT_EQ(NameOfRv(0xdead), "0xdead");
  EXPECT_EQ(NameOfMechanism(0xfffffff1), "0xfffffff1");
}

TEST(CkNamesTest, TheViewOfAHexNameStaysTheSame) {
  const std::string_view first = NameOfRv(0xbeef);
  EXPECT_EQ(NameOfRv(0xbeef).data(), first.data());
}

TEST(CkNamesTest, NumbersChosenByApplicationsDoNotFillTheMemory) {
  // A known one first: the test may run in one process with the others or alone.
  EXPECT_EQ(NameOfMechanism(0x7f000000), "0x7f000000");
  for (CK_MECHANISM_TYPE type = 0; type < 2000; ++type) NameOfMechanism(0x7e000000 + type);
  EXPECT_EQ(NameOfMechanism(0x7e000000 + 5000), "unknown");
  EXPECT_EQ(NameOfMechanism(0x7f000000), "0x7f000000");
}

}  // namespace
}  // namespace gw

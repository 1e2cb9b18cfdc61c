// Room: tests/stack. Mechanisms that the HSM lists and the daemon's table does not know: here those
// of the emulator under numbers of their own. They work when their parameter is octets.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

// As this program's stack has them (CMakeLists.txt).
constexpr CK_MECHANISM_TYPE kHmac = 0x80019001;     // CKM_SHA256_HMAC
constexpr CK_MECHANISM_TYPE kCbcPad = 0x80019002;   // CKM_AES_CBC_PAD
constexpr CK_MECHANISM_TYPE kDigest = 0x80019003;   // CKM_SHA256
constexpr CK_MECHANISM_TYPE kKeyGen = 0x80019004;   // CKM_AES_KEY_GEN
constexpr CK_MECHANISM_TYPE kEcdsa = 0x80019005;    // CKM_ECDSA_SHA256
constexpr CK_MECHANISM_TYPE kDerive = 0x80019006;   // CKM_SHA256_KEY_DERIVATION
constexpr CK_MECHANISM_TYPE kPairGen = 0x80019007;  // CKM_EC_KEY_PAIR_GEN
constexpr CK_MECHANISM_TYPE kNowhere = 0x80019fff;
constexpr auto kAll = {kHmac, kCbcPad, kDigest, kKeyGen, kEcdsa, kDerive, kPairGen};

constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);

class StrangeMechanismsTest : public testing::Test {
 protected:
  StrangeMechanismsTest() { session_.Login(); }

  CK_OBJECT_HANDLE AesKey() {
    Attributes attributes;
    attributes.Number(CKA_KEY_TYPE, CKK_AES)
        .Number(CKA_VALUE_LEN, 32)
        .Bool(CKA_EXTRACTABLE, true)
        .Bool(CKA_DERIVE, true);
    for (const CK_ATTRIBUTE_TYPE usage :
         {CKA_SIGN, CKA_VERIFY, CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP})
      attributes.Bool(usage, true);
    return NewKey(s_, kKeyGen, std::move(attributes));
  }

  const Initialized initialized_;
  Session session_;
  const CK_SESSION_HANDLE s_ = session_.handle();
  Octets data_ = OctetsOf("what is signed and encrypted");
};

// The first of the program: nobody has asked for a list yet.
TEST_F(StrangeMechanismsTest, WorkForApplicationsThatAskForNoList) {
  CK_MECHANISM mechanism{kDigest, nullptr, 0};
  GW_EXPECT_RV(P11().C_DigestInit(s_, &mechanism), CKR_OK);
  Octets digest(64);
  CK_ULONG bytes = digest.size();
  GW_EXPECT_RV(P11().C_Digest(s_, data_.data(), data_.size(), digest.data(), &bytes), CKR_OK);
  EXPECT_EQ(bytes, 32u);
}

TEST_F(StrangeMechanismsTest, AreListedWithWhatTheHsmSaysOfThem) {
  CK_ULONG count = 0;
  GW_ASSERT_RV(P11().C_GetMechanismList(Slot(), nullptr, &count), CKR_OK);
  std::vector<CK_MECHANISM_TYPE> types(count);
  GW_ASSERT_RV(P11().C_GetMechanismList(Slot(), types.data(), &count), CKR_OK);
  for (const CK_MECHANISM_TYPE type : kAll) EXPECT_EQ(std::ranges::count(types, type), 1) << type;
  EXPECT_TRUE(std::ranges::is_sorted(types));
  CK_MECHANISM_INFO info{};
  GW_EXPECT_RV(P11().C_GetMechanismInfo(Slot(), kCbcPad, &info), CKR_OK);
  EXPECT_EQ(info.ulMinKeySize, 16u);
  EXPECT_EQ(info.ulMaxKeySize, 32u);
  EXPECT_EQ(info.flags & (CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP | CKF_SIGN),
            CK_FLAGS{CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP});
}

TEST_F(StrangeMechanismsTest, ThatNobodyHasAreRefusedByTheInit) {
  CK_MECHANISM mechanism{kNowhere, nullptr, 0};
  const CK_OBJECT_HANDLE key = AesKey();
  GW_EXPECT_RV(P11().C_SignInit(s_, &mechanism, key), CKR_MECHANISM_INVALID);
  GW_EXPECT_RV(P11().C_EncryptInit(s_, &mechanism, key), CKR_MECHANISM_INVALID);
  GW_EXPECT_RV(P11().C_DigestInit(s_, &mechanism), CKR_MECHANISM_INVALID);
  CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_GenerateKey(s_, &mechanism, nullptr, 0, &made), CKR_MECHANISM_INVALID);
  // Those that are there and do something else, too.
  mechanism.mechanism = kDigest;
  GW_EXPECT_RV(P11().C_SignInit(s_, &mechanism, key), CKR_MECHANISM_INVALID);
}

TEST_F(StrangeMechanismsTest, SignAsTheirKnownOnesDo) {
  const CK_OBJECT_HANDLE key = AesKey();
  Octets expected;
  GW_ASSERT_RV(Sign(s_, CKM_SHA256_HMAC, key, data_, &expected), CKR_OK);
  Octets mac;
  GW_EXPECT_RV(Sign(s_, kHmac, key, data_, &mac), CKR_OK);
  EXPECT_EQ(mac, expected);
  GW_EXPECT_RV(Verify(s_, kHmac, key, data_, mac), CKR_OK);
  mac[0] ^= 1;
  GW_EXPECT_RV(Verify(s_, kHmac, key, data_, mac), CKR_SIGNATURE_INVALID);
  // In parts.
  CK_MECHANISM mechanism{kHmac, nullptr, 0};
  GW_ASSERT_RV(P11().C_SignInit(s_, &mechanism, key), CKR_OK);
  for (CK_BYTE& octet : data_) GW_ASSERT_RV(P11().C_SignUpdate(s_, &octet, 1), CKR_OK);
  CK_ULONG bytes = mac.size();
  GW_EXPECT_RV(P11().C_SignFinal(s_, mac.data(), &bytes), CKR_OK);
  EXPECT_EQ(mac, expected);
}

TEST_F(StrangeMechanismsTest, ALengthThatOnlyTheHsmKnowsCostsNoSecondRequest) {
  const CK_OBJECT_HANDLE key = AesKey();
  CK_MECHANISM mechanism{kHmac, nullptr, 0};
  GW_ASSERT_RV(P11().C_SignInit(s_, &mechanism, key), CKR_OK);
  const std::uint64_t before = ReadCounters().by_rpc["SignSingle"];
  CK_ULONG bytes = 0;
  GW_EXPECT_RV(P11().C_Sign(s_, data_.data(), data_.size(), nullptr, &bytes), CKR_OK);
  EXPECT_EQ(bytes, 32u);
  Octets mac(32);
  bytes = 31;
  GW_EXPECT_RV(P11().C_Sign(s_, data_.data(), data_.size(), mac.data(), &bytes),
               CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 32u);
  GW_EXPECT_RV(P11().C_Sign(s_, data_.data(), data_.size(), mac.data(), &bytes), CKR_OK);
  EXPECT_EQ(ReadCounters().by_rpc["SignSingle"], before + 1);
  GW_EXPECT_RV(P11().C_Sign(s_, data_.data(), data_.size(), mac.data(), &bytes),
               CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(StrangeMechanismsTest, EncryptAndWrapWithOctetsAsParameter) {
  const CK_OBJECT_HANDLE key = AesKey();
  Octets iv(16, 0x5a);
  CK_MECHANISM mechanism{kCbcPad, iv.data(), iv.size()};
  GW_ASSERT_RV(P11().C_EncryptInit(s_, &mechanism, key), CKR_OK);
  Octets encrypted(64);
  CK_ULONG bytes = encrypted.size();
  GW_EXPECT_RV(P11().C_Encrypt(s_, data_.data(), data_.size(), encrypted.data(), &bytes), CKR_OK);
  encrypted.resize(bytes);
  CK_MECHANISM known{CKM_AES_CBC_PAD, iv.data(), iv.size()};
  GW_ASSERT_RV(P11().C_DecryptInit(s_, &known, key), CKR_OK);
  Octets plain(64);
  bytes = plain.size();
  GW_EXPECT_RV(P11().C_Decrypt(s_, encrypted.data(), encrypted.size(), plain.data(), &bytes),
               CKR_OK);
  plain.resize(bytes);
  EXPECT_EQ(plain, data_);
  // In parts, by the strange one.
  GW_ASSERT_RV(P11().C_DecryptInit(s_, &mechanism, key), CKR_OK);
  bytes = plain.size();
  GW_EXPECT_RV(P11().C_DecryptUpdate(s_, encrypted.data(), 7, plain.data(), &bytes), CKR_OK);
  EXPECT_EQ(bytes, 0u);
  GW_EXPECT_RV(
      P11().C_DecryptUpdate(s_, encrypted.data() + 7, encrypted.size() - 7, plain.data(), &bytes),
      CKR_OK);
  plain.assign(64, 0);
  bytes = plain.size();
  GW_EXPECT_RV(P11().C_DecryptFinal(s_, plain.data(), &bytes), CKR_OK);
  plain.resize(bytes);
  EXPECT_EQ(plain, data_);
  Octets wrapped(128);
  bytes = wrapped.size();
  GW_EXPECT_RV(P11().C_WrapKey(s_, &mechanism, key, key, wrapped.data(), &bytes), CKR_OK);
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
  const auto list = attributes.list();
  CK_OBJECT_HANDLE again = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_UnwrapKey(s_, &mechanism, key, wrapped.data(), bytes, list.data(),
                                 list.size(), &again),
               CKR_OK);
  // A parameter that the HSM does not take.
  CK_MECHANISM wrong{kCbcPad, iv.data(), 3};
  GW_ASSERT_RV(P11().C_EncryptInit(s_, &wrong, key), CKR_OK);
  bytes = encrypted.size();
  GW_EXPECT_RV(P11().C_Encrypt(s_, data_.data(), data_.size(), encrypted.data(), &bytes),
               CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(StrangeMechanismsTest, DigestInOnePartAndInMany) {
  CK_MECHANISM known{CKM_SHA256, nullptr, 0};
  Octets expected(32);
  CK_ULONG bytes = expected.size();
  GW_ASSERT_RV(P11().C_DigestInit(s_, &known), CKR_OK);
  GW_ASSERT_RV(P11().C_Digest(s_, data_.data(), data_.size(), expected.data(), &bytes), CKR_OK);
  CK_MECHANISM mechanism{kDigest, nullptr, 0};
  GW_ASSERT_RV(P11().C_DigestInit(s_, &mechanism), CKR_OK);
  for (CK_BYTE& octet : data_) GW_ASSERT_RV(P11().C_DigestUpdate(s_, &octet, 1), CKR_OK);
  Octets digest(32);
  bytes = 0;
  GW_EXPECT_RV(P11().C_DigestFinal(s_, nullptr, &bytes), CKR_OK);
  EXPECT_EQ(bytes, 32u);
  bytes = 5;
  GW_EXPECT_RV(P11().C_DigestFinal(s_, digest.data(), &bytes), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(P11().C_DigestFinal(s_, digest.data(), &bytes), CKR_OK);
  EXPECT_EQ(digest, expected);
}

TEST_F(StrangeMechanismsTest, DeriveAndMakePairs) {
  const CK_OBJECT_HANDLE base = AesKey();
  CK_MECHANISM derive{kDerive, nullptr, 0};
  Attributes secret;
  secret.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES).Number(CKA_VALUE_LEN, 16);
  const auto list = secret.list();
  CK_OBJECT_HANDLE derived = CK_INVALID_HANDLE;
  GW_EXPECT_RV(P11().C_DeriveKey(s_, &derive, base, list.data(), list.size(), &derived), CKR_OK);
  Attributes public_half;
  public_half.Number(CKA_KEY_TYPE, CKK_EC).Value(CKA_EC_PARAMS, kP256).Bool(CKA_VERIFY, true);
  Attributes private_half;
  private_half.Number(CKA_KEY_TYPE, CKK_EC).Bool(CKA_SIGN, true);
  const KeyPair pair = NewPair(s_, kPairGen, std::move(public_half), std::move(private_half));
  Octets signature;
  GW_EXPECT_RV(Sign(s_, kEcdsa, pair.private_key, data_, &signature), CKR_OK);
  GW_EXPECT_RV(Verify(s_, CKM_ECDSA_SHA256, pair.public_key, data_, signature), CKR_OK);
  GW_EXPECT_RV(Verify(s_, kEcdsa, pair.public_key, data_, signature), CKR_OK);
  GW_EXPECT_RV(Sign(s_, kEcdsa, pair.public_key, data_, &signature), CKR_KEY_TYPE_INCONSISTENT);
}

}  // namespace
}  // namespace gw::stack

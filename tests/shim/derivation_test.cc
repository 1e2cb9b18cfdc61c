// Parameters of curves and lattices: how they are flattened, and what goes back into them.
#include "proto/pkcs11/ck_parameters.h"
#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

constexpr CK_OBJECT_HANDLE kBase = 0xA1A2A3A4A5A6A7A8;
constexpr CK_OBJECT_HANDLE kMade = 0x0102030405060708;
const std::string kNull = U64(~std::uint64_t{0});
const std::string kEnd = U64(kBase) + U32(0);

class DerivationTest : public ShimTest {
 protected:
  CK_RV Derive(CK_MECHANISM mechanism) {
    daemon_->Forget();
    return p11_->C_DeriveKey(kSession, &mechanism, kBase, nullptr, 0, &key_);
  }
  std::string Sent(CK_MECHANISM mechanism) {
    daemon_->Forget();
    EXPECT_EQ(p11_->C_SignInit(kSession, &mechanism, kBase), CKR_OK);
    return Hex(daemon_->Frames().at(0).body);
  }
  std::string Body() { return Hex(daemon_->Frames().at(0).body); }

  CK_OBJECT_HANDLE key_ = 7;
};

TEST_F(DerivationTest, TheRuleOfASchnorrSignatureComesInTwoForms) {
  Initialize();
  CK_IBM_ECDSA_OTHER_PARAMS wide = {CKM_IBM_ECSDSA_COMPR_MULTI};
  int narrow = 5;
  const std::string sent = Hex(U8(1) + U64(CKM_IBM_ECDSA_OTHER) + U8(16) + U64(5) + U64(kBase));
  EXPECT_EQ(Sent({CKM_IBM_ECDSA_OTHER, &wide, sizeof(wide)}), sent);
  EXPECT_EQ(Sent({CKM_IBM_ECDSA_OTHER, &narrow, sizeof(narrow)}), sent);
}

TEST_F(DerivationTest, TheContextOfEddsaIsFlattened) {
  Initialize();
  std::string context = "context";
  CK_EDDSA_PARAMS params = {CK_TRUE, 7, Ptr(context)};
  EXPECT_EQ(Sent({CKM_EDDSA, &params, sizeof(params)}),
            Hex(U8(1) + U64(CKM_EDDSA) + U8(17) + U8(1) + Bytes("context") + U64(kBase)));
}

TEST_F(DerivationTest, AChainCodeComesBackIntoItsBuffer) {
  Initialize();
  daemon_->On(Function::C_DeriveKey, Ok(U64(kMade) + U64(32) + Bytes(std::string(32, 'c'))));
  std::string buffer(33, 'x');
  // As the vendor's callers do it: room for 32, a length of 0.
  CK_IBM_BTC_DERIVE_PARAMS params = {4, 0, Ptr(buffer), 0, 1};
  EXPECT_EQ(Derive({CKM_IBM_BTC_DERIVE, &params, sizeof(params)}), CKR_OK);
  EXPECT_EQ(Body(),
            Hex(U64(CKM_IBM_BTC_DERIVE) + U8(18) + U64(4) + U64(0) + Bytes("") + U64(1) + kEnd));
  EXPECT_EQ(key_, kMade);
  EXPECT_EQ(buffer, std::string(32, 'c') + "x");
  EXPECT_EQ(params.ulChainCodeLen, 32u);
  params = {1, 9, nullptr, 0, 1};
  EXPECT_EQ(Derive({CKM_IBM_BTC_DERIVE, &params, sizeof(params)}), CKR_OK);
  EXPECT_EQ(params.ulChainCodeLen, 0u) << "nobody asked for it";
}

TEST_F(DerivationTest, AChainCodeThatIsTooLongIsNoAnswer) {
  Initialize();
  daemon_->On(Function::C_DeriveKey, Ok(U64(kMade) + U64(33) + Bytes(std::string(33, 'c'))));
  std::string buffer(34, 'x');
  CK_IBM_BTC_DERIVE_PARAMS params = {4, 0, Ptr(buffer), 0, 1};
  EXPECT_EQ(Derive({CKM_IBM_BTC_DERIVE, &params, sizeof(params)}), CKR_DEVICE_ERROR);
  EXPECT_EQ(buffer, std::string(34, 'x'));
  EXPECT_EQ(key_, 7u);
}

TEST_F(DerivationTest, ACiphertextComesBackOrItsLengthDoes) {
  Initialize();
  std::string cipher(20, 'x');
  std::string shared = "shared";
  CK_IBM_KYBER_PARAMS params = {
      0, CK_IBM_KEM_ENCAPSULATE, CKD_NULL, CK_TRUE, Ptr(cipher), 20, Ptr(shared), 6, kMade};
  const CK_MECHANISM kyber = {CKM_IBM_KYBER, &params, sizeof(params)};
  daemon_->On(Function::C_DeriveKey, Ok(U64(kMade) + U64(5) + Bytes("octet")));
  EXPECT_EQ(Derive(kyber), CKR_OK);
  EXPECT_EQ(Body(), Hex(U64(CKM_IBM_KYBER) + U8(19) + U64(0) + U64(1) + U64(1) + U8(1) + Bytes("") +
                        U64(20) + Bytes("shared") + U64(kMade) + Bytes("") + kEnd));
  EXPECT_EQ(cipher.substr(0, 6), "octetx");
  EXPECT_EQ(params.ulCipherLen, 5u);
  key_ = 7;
  daemon_->On(Function::C_DeriveKey,
              Reply{.result = CKR_BUFFER_TOO_SMALL, .body = U64(0) + U64(1088) + Bytes("")});
  EXPECT_EQ(Derive(kyber), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(params.ulCipherLen, 1088u);
  EXPECT_EQ(key_, 7u);
}

TEST_F(DerivationTest, ACiphertextToDecapsulateStaysAsItIs) {
  Initialize();
  std::string cipher = "octet";
  std::string blob = "blob";
  XCP_KYBER_KEM_PARAMS_t params = {0,
                                   CK_IBM_KEM_DECAPSULATE,
                                   CKD_IBM_HYBRID_NULL,
                                   CK_FALSE,
                                   Ptr(cipher),
                                   5,
                                   nullptr,
                                   0,
                                   Ptr(blob),
                                   4};
  daemon_->On(Function::C_DeriveKey, Ok(U64(kMade) + U64(0) + Bytes("")));
  EXPECT_EQ(Derive({CKM_IBM_KYBER, &params, sizeof(params)}), CKR_OK);
  EXPECT_EQ(Body(),
            Hex(U64(CKM_IBM_KYBER) + U8(19) + U64(0) + U64(2) + U64(CKD_IBM_HYBRID_NULL) + U8(0) +
                Bytes("octet") + kNull + Bytes("") + U64(0) + Bytes("blob") + kEnd));
  EXPECT_EQ(key_, kMade);
  EXPECT_EQ(params.ulCipherLen, 5u);
}

TEST_F(DerivationTest, ANullWithALengthIsRefused) {
  Initialize();
  CK_IBM_BTC_DERIVE_PARAMS wallet = {1, 0, nullptr, 32, 1};
  EXPECT_EQ(Derive({CKM_IBM_BTC_DERIVE, &wallet, sizeof(wallet)}), CKR_MECHANISM_PARAM_INVALID);
  CK_IBM_KYBER_PARAMS kyber = {
      0, CK_IBM_KEM_DECAPSULATE, CKD_NULL, CK_FALSE, nullptr, 5, nullptr, 0, 0};
  EXPECT_EQ(Derive({CKM_IBM_KYBER, &kyber, sizeof(kyber)}), CKR_MECHANISM_PARAM_INVALID);
}

}  // namespace
}  // namespace gw::shim_test

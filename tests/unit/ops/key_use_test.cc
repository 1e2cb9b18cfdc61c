// Room: tests. Which key may be used with which mechanism: the same answers from every function
// that begins with one, in the codes of that function.
#include "daemon/ops/key_use.h"

#include <gmock/gmock.h>

#include "daemon/ops/cipher.h"
#include "daemon/ops/keys.h"
#include "daemon/ops/sign.h"
#include "daemon/ops/verify.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using ops::CipherDirection;
using testing::IsEmpty;

// A function that uses a key, how a good key for it looks, and its codes for keys that are not.
struct Use {
  const char* function;
  CK_MECHANISM_TYPE mechanism;
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE key_type;
  CK_ATTRIBUTE_TYPE usage;
  CK_RV handle_invalid;
  CK_RV type_inconsistent;
  CK_RV size_range;
};

void PrintTo(const Use& use, std::ostream* out) { *out << use.function; }

class KeyUseTest : public OpsTest, public testing::WithParamInterface<Use> {
 protected:
  static Mechanism MechanismOf(CK_MECHANISM_TYPE type) {
    Mechanism mechanism{type, {}};
    if (type == CKM_AES_CBC_PAD) mechanism.parameter = Bytes(16);
    if (type == CKM_IBM_ECDSA_OTHER) mechanism.parameter = EcsgParameter{CKM_IBM_ECSDSA_RAND};
    if (type == CKM_IBM_BTC_DERIVE) mechanism.parameter = BtcParameter{1, 0, Bytes(32), 1};
    if (type == CKM_ECDH1_DERIVE) mechanism.parameter = Ecdh1Parameter{CKD_NULL, {}, Bytes(65, 4)};
    return mechanism;
  }

  static Object GoodKey() {
    const Use& use = GetParam();
    return KeyObject(use.object_class, use.key_type, use.usage);
  }

  ObjectHandle Add(const ops::CallScope& scope, Object key) {
    return application_->HandleOf(*application_->AddSessionObject(std::move(key), *scope.session));
  }

  CK_RV Begin(const ops::CallScope& scope, const Mechanism& mechanism, ObjectHandle key) {
    AttributeList secret;
    secret.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
    secret.SetUlong(CKA_KEY_TYPE, CKK_AES);
    if (GetParam().usage == CKA_DERIVE) secret.SetUlong(CKA_VALUE_LEN, 16);
    switch (GetParam().usage) {
      case CKA_ENCRYPT:
        return RvOf(ops::CipherInit(scope, CipherDirection::kEncrypt, mechanism, key));
      case CKA_DECRYPT:
        return RvOf(ops::CipherInit(scope, CipherDirection::kDecrypt, mechanism, key));
      case CKA_SIGN:
        return RvOf(ops::SignInit(scope, mechanism, key));
      case CKA_VERIFY:
        return RvOf(ops::VerifyInit(scope, mechanism, key));
      case CKA_WRAP: {
        Object wrapped = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT);
        wrapped.attributes.SetBool(CKA_EXTRACTABLE, true);
        const ObjectHandle to_wrap = Add(scope, std::move(wrapped));
        return RvOf(Run(ops::WrapKey(scope, mechanism, key, to_wrap, 1000)));
      }
      case CKA_UNWRAP:
        return RvOf(Run(ops::UnwrapKey(scope, mechanism, key, Bytes(32), secret)));
      default:
        return RvOf(Run(ops::DeriveKey(scope, mechanism, key, secret)));
    }
  }

  // Of a key that differs from a good one in one thing.
  CK_RV BeginWith(Object key) { return BeginWith(std::move(key), GetParam().mechanism); }
  CK_RV BeginWith(Object key, CK_MECHANISM_TYPE type) {
    gateway().local.verify = false;  // the octets of these keys are none that OpenSSL could use
    const auto scope = Session();
    const ObjectHandle handle = Add(scope, std::move(key));
    return Begin(scope, MechanismOf(type), handle);
  }
};

TEST_P(KeyUseTest, AGoodKeyIsTaken) { EXPECT_EQ(BeginWith(GoodKey()), CKR_OK); }

TEST_P(KeyUseTest, AHandleThatIsNotThereIsInvalid) {
  const auto scope = Session();
  EXPECT_EQ(Begin(scope, MechanismOf(GetParam().mechanism), ObjectHandle{12345}),
            GetParam().handle_invalid);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_P(KeyUseTest, APrivateKeyOfAUserWhoIsNotLoggedInIsAnInvalidHandle) {
  LogInAs(UserState::kNormal);
  const auto scope = Session();
  Object key = GoodKey();
  key.is_private = true;
  key.attributes.SetBool(CKA_PRIVATE, true);
  const ObjectHandle handle = Add(scope, std::move(key));
  application_->LogOut(token());
  EXPECT_EQ(Begin(scope, MechanismOf(GetParam().mechanism), handle), GetParam().handle_invalid);
}

TEST_P(KeyUseTest, AnotherTypeOrClassIsInconsistent) {
  const Use& use = GetParam();
  const CK_KEY_TYPE other = use.key_type == CKK_AES   ? CKK_GENERIC_SECRET
                            : use.key_type == CKK_RSA ? CKK_EC
                                                      : CKK_RSA;
  EXPECT_EQ(BeginWith(KeyObject(use.object_class, other, use.usage)), use.type_inconsistent);
  EXPECT_EQ(BeginWith(KeyObject(CKO_CERTIFICATE, use.key_type, use.usage)), use.type_inconsistent);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_P(KeyUseTest, AKeyThatMayNotDoItIsNotPermitted) {
  Object key = GoodKey();
  key.attributes.SetBool(GetParam().usage, false);
  EXPECT_EQ(BeginWith(std::move(key)), CKR_KEY_FUNCTION_NOT_PERMITTED);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_P(KeyUseTest, ASizeThatTheMechanismDoesNotTakeIsOutOfRange) {
  Object key = GoodKey();
  if (GetParam().key_type == CKK_RSA) key.attributes.Set(CKA_MODULUS, Bytes(64, 0xc5));
  if (GetParam().key_type == CKK_AES) key.attributes.SetUlong(CKA_VALUE_LEN, 8);
  CK_MECHANISM_TYPE type = GetParam().mechanism;
  if (GetParam().key_type == CKK_EC) {  // secp192r1, of mechanisms that do not take every curve
    type = GetParam().usage == CKA_DERIVE ? CKM_IBM_BTC_DERIVE : CKM_IBM_ECDSA_OTHER;
    key.attributes.Set(CKA_EC_PARAMS,
                       Bytes{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01});
  }
  EXPECT_EQ(BeginWith(std::move(key), type), GetParam().size_range);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_P(KeyUseTest, AMechanismThatIsNotForThisIsInvalid) {
  const auto scope = Session();
  const ObjectHandle handle = Add(scope, GoodKey());
  for (const CK_MECHANISM_TYPE type : {CK_MECHANISM_TYPE{CKM_AES_KEY_GEN}, CKM_VENDOR_DEFINED + 7})
    EXPECT_EQ(Begin(scope, MechanismOf(type), handle), CKR_MECHANISM_INVALID);
  Mechanism mechanism = MechanismOf(GetParam().mechanism);
  mechanism.parameter = Bytes{1, 2, 3};
  EXPECT_EQ(Begin(scope, mechanism, handle), CKR_MECHANISM_PARAM_INVALID);
}

TEST_P(KeyUseTest, AllowedMechanismsOfTheKeyAreObeyed) {
  Object key = GoodKey();
  key.attributes.Set(CKA_ALLOWED_MECHANISMS, UlongBytes(CKM_AES_KEY_GEN));
  EXPECT_EQ(BeginWith(key), CKR_MECHANISM_INVALID);
  key.attributes.Set(CKA_ALLOWED_MECHANISMS, UlongBytes(GetParam().mechanism));
  EXPECT_EQ(BeginWith(std::move(key)), CKR_OK);
}

constexpr Use Operation(const char* function, CK_MECHANISM_TYPE mechanism,
                        CK_OBJECT_CLASS object_class, CK_KEY_TYPE type, CK_ATTRIBUTE_TYPE usage) {
  return {function,
          mechanism,
          object_class,
          type,
          usage,
          CKR_KEY_HANDLE_INVALID,
          CKR_KEY_TYPE_INCONSISTENT,
          CKR_KEY_SIZE_RANGE};
}

INSTANTIATE_TEST_SUITE_P(
    Functions, KeyUseTest,
    testing::Values(
        Operation("C_EncryptInit", CKM_AES_CBC_PAD, CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT),
        Operation("C_DecryptInit", CKM_AES_CBC_PAD, CKO_SECRET_KEY, CKK_AES, CKA_DECRYPT),
        Operation("C_SignInit", CKM_ECDSA, CKO_PRIVATE_KEY, CKK_EC, CKA_SIGN),
        Operation("C_VerifyInit", CKM_ECDSA, CKO_PUBLIC_KEY, CKK_EC, CKA_VERIFY),
        Operation("C_DeriveKey", CKM_ECDH1_DERIVE, CKO_PRIVATE_KEY, CKK_EC, CKA_DERIVE),
        Use{"C_WrapKey", CKM_AES_CBC_PAD, CKO_SECRET_KEY, CKK_AES, CKA_WRAP,
            CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
            CKR_WRAPPING_KEY_SIZE_RANGE},
        Use{"C_UnwrapKey", CKM_AES_CBC_PAD, CKO_SECRET_KEY, CKK_AES, CKA_UNWRAP,
            CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
            CKR_UNWRAPPING_KEY_SIZE_RANGE}),
    [](const auto& use) { return std::string(use.param.function).substr(2); });

}  // namespace
}  // namespace gw

// Bad arguments: every function with NULL everywhere, each NULL that the standard forbids by
// itself, and the limits of a frame. A refusal never leaves an operation behind.
#include <gmock/gmock.h>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

template <typename... Args>
CK_RV CallWithZeros(CK_RV (*function)(Args...)) {
  return function(Args{}...);
}

struct Called {
  const wire::FunctionRow* row;
  CK_RV result;
};

// Every function of the v3.0 list, which contains the older one, with zeros for arguments; those
// that start and stop the library and the C_Get... that work without it are left out.
std::vector<Called> CallAllWithZeros(CK_FUNCTION_LIST_3_0& p11) {
  std::vector<Called> called;
#define GW_FN(name, number, carried, retry, operation, no_daemon, section) \
  if (wire::Function::name != wire::Function::C_Initialize &&              \
      wire::Function::name != wire::Function::C_Finalize &&                \
      wire::Function::name != wire::Function::C_GetFunctionList &&         \
      wire::Function::name != wire::Function::C_GetInterfaceList &&        \
      wire::Function::name != wire::Function::C_GetInterface)              \
    called.push_back({&wire::kFunctions[number], CallWithZeros(p11.name)});
#include "proto/wire/functions.def"
#undef GW_FN
  return called;
}

using ArgumentsTest = ShimTest;

TEST_F(ArgumentsTest, BeforeInitializeEveryFunctionSaysSo) {
  const std::vector<Called> called = CallAllWithZeros(*p11_.v30());
  EXPECT_EQ(called.size(), 87u);
  for (const Called& call : called)
    EXPECT_EQ(call.result, CKR_CRYPTOKI_NOT_INITIALIZED) << call.row->name;
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_CRYPTOKI_NOT_INITIALIZED);
}

TEST_F(ArgumentsTest, AfterFinalizeEveryFunctionSaysSo) {
  Initialize();
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  for (const Called& call : CallAllWithZeros(*p11_.v30()))
    EXPECT_EQ(call.result, CKR_CRYPTOKI_NOT_INITIALIZED) << call.row->name;
}

TEST_F(ArgumentsTest, FunctionsThatAreNotCarriedSayThatTheyAreNotSupported) {
  Initialize();
  for (const Called& call : CallAllWithZeros(*p11_.v30())) {
    const bool parallel = call.row->number == 65 || call.row->number == 66;
    if (parallel) {
      EXPECT_EQ(call.result, CKR_FUNCTION_NOT_PARALLEL) << call.row->name;
    } else if (call.row->carried == wire::Carried::kAbsent) {
      EXPECT_EQ(call.result, CKR_FUNCTION_NOT_SUPPORTED) << call.row->name;
    } else {
      EXPECT_NE(call.result, CKR_FUNCTION_NOT_SUPPORTED) << call.row->name;
    }
  }
}

TEST_F(ArgumentsTest, NoFunctionSendsArgumentsThatAreRefused) {
  Initialize();
  const std::set<Function> asked = {Function::C_GetSessionInfo, Function::C_EncryptInit,
                                    Function::C_DecryptInit,    Function::C_DigestInit,
                                    Function::C_SignInit,       Function::C_VerifyInit};
  for (const Called& call : CallAllWithZeros(*p11_.v30())) {
    if (call.result != CKR_ARGUMENTS_BAD) continue;
    const auto function = static_cast<Function>(call.row->number);
    if (!asked.contains(function)) {
      EXPECT_TRUE(daemon_->FramesOf(function).empty()) << call.row->name;
    }
  }
}

// One forbidden NULL each, everything else in order.
struct Refusal {
  const char* what;
  std::function<CK_RV(CK_FUNCTION_LIST&)> call;
};

std::vector<Refusal> ForbiddenNulls() {
  using L = CK_FUNCTION_LIST;
  static CK_MECHANISM mechanism = {CKM_SHA256, nullptr, 0};
  static CK_MECHANISM half = {CKM_AES_CBC, nullptr, 16};
  static CK_ULONG number = 10;
  static unsigned char bytes[64];
  static CK_ATTRIBUTE empty_value[] = {{CKA_LABEL, nullptr, 3}};
  const CK_SESSION_HANDLE s = kSession;
  std::vector<Refusal> rows = {
      {"C_GetInfo info", [](L& p) { return p.C_GetInfo(nullptr); }},
      {"C_GetSlotList count", [](L& p) { return p.C_GetSlotList(0, nullptr, nullptr); }},
      {"C_GetSlotInfo info", [](L& p) { return p.C_GetSlotInfo(0, nullptr); }},
      {"C_GetTokenInfo info", [](L& p) { return p.C_GetTokenInfo(0, nullptr); }},
      {"C_GetMechanismList count", [](L& p) { return p.C_GetMechanismList(0, nullptr, nullptr); }},
      {"C_GetMechanismInfo info", [](L& p) { return p.C_GetMechanismInfo(0, 1, nullptr); }},
      {"C_InitToken label", [](L& p) { return p.C_InitToken(0, bytes, 4, nullptr); }},
      {"C_InitToken pin", [](L& p) { return p.C_InitToken(0, nullptr, 4, bytes); }},
      {"C_InitPIN pin", [=](L& p) { return p.C_InitPIN(s, nullptr, 4); }},
      {"C_SetPIN old", [=](L& p) { return p.C_SetPIN(s, nullptr, 4, bytes, 4); }},
      {"C_SetPIN new", [=](L& p) { return p.C_SetPIN(s, bytes, 4, nullptr, 4); }},
      {"C_OpenSession", [](L& p) { return p.C_OpenSession(0, 4, nullptr, nullptr, nullptr); }},
      {"C_GetSessionInfo info", [=](L& p) { return p.C_GetSessionInfo(s, nullptr); }},
      {"C_GetOperationState size", [=](L& p) { return p.C_GetOperationState(s, bytes, nullptr); }},
      {"C_SetOperationState state",
       [=](L& p) { return p.C_SetOperationState(s, nullptr, 4, 0, 0); }},
      {"C_Login pin", [=](L& p) { return p.C_Login(s, CKU_USER, nullptr, 4); }},
      {"C_CreateObject list", [=](L& p) { return p.C_CreateObject(s, nullptr, 1, &number); }},
      {"C_CreateObject value", [=](L& p) { return p.C_CreateObject(s, empty_value, 1, &number); }},
      {"C_CreateObject object", [=](L& p) { return p.C_CreateObject(s, nullptr, 0, nullptr); }},
      {"C_CopyObject list", [=](L& p) { return p.C_CopyObject(s, 1, nullptr, 1, &number); }},
      {"C_CopyObject object", [=](L& p) { return p.C_CopyObject(s, 1, nullptr, 0, nullptr); }},
      {"C_GetObjectSize size", [=](L& p) { return p.C_GetObjectSize(s, 1, nullptr); }},
      {"C_GetAttributeValue list", [=](L& p) { return p.C_GetAttributeValue(s, 1, nullptr, 1); }},
      {"C_SetAttributeValue list", [=](L& p) { return p.C_SetAttributeValue(s, 1, nullptr, 1); }},
      {"C_FindObjectsInit list", [=](L& p) { return p.C_FindObjectsInit(s, nullptr, 1); }},
      {"C_FindObjects objects", [=](L& p) { return p.C_FindObjects(s, nullptr, 1, &number); }},
      {"C_FindObjects count", [=](L& p) { return p.C_FindObjects(s, &number, 1, nullptr); }},
      {"C_SignInit parameter", [=](L& p) { return p.C_SignInit(s, &half, 1); }},
      {"C_DigestInit parameter", [=](L& p) { return p.C_DigestInit(s, &half); }},
      {"C_Verify data", [=](L& p) { return p.C_Verify(s, nullptr, 1, bytes, 4); }},
      {"C_Verify signature", [=](L& p) { return p.C_Verify(s, bytes, 1, nullptr, 4); }},
      {"C_VerifyFinal", [=](L& p) { return p.C_VerifyFinal(s, nullptr, 4); }},
      {"C_GenerateKey mechanism",
       [=](L& p) { return p.C_GenerateKey(s, nullptr, nullptr, 0, &number); }},
      {"C_GenerateKey list",
       [=](L& p) { return p.C_GenerateKey(s, &mechanism, nullptr, 1, &number); }},
      {"C_GenerateKey key",
       [=](L& p) { return p.C_GenerateKey(s, &mechanism, nullptr, 0, nullptr); }},
      {"C_GenerateKeyPair mechanism",
       [=](L& p) {
         return p.C_GenerateKeyPair(s, nullptr, nullptr, 0, nullptr, 0, &number, &number);
       }},
      {"C_GenerateKeyPair public",
       [=](L& p) {
         return p.C_GenerateKeyPair(s, &mechanism, nullptr, 0, nullptr, 0, nullptr, &number);
       }},
      {"C_GenerateKeyPair private",
       [=](L& p) {
         return p.C_GenerateKeyPair(s, &mechanism, nullptr, 0, nullptr, 0, &number, nullptr);
       }},
      {"C_GenerateKeyPair list",
       [=](L& p) {
         return p.C_GenerateKeyPair(s, &mechanism, nullptr, 0, nullptr, 1, &number, &number);
       }},
      {"C_WrapKey mechanism", [=](L& p) { return p.C_WrapKey(s, nullptr, 1, 2, bytes, &number); }},
      {"C_WrapKey size", [=](L& p) { return p.C_WrapKey(s, &mechanism, 1, 2, bytes, nullptr); }},
      {"C_UnwrapKey mechanism",
       [=](L& p) { return p.C_UnwrapKey(s, nullptr, 1, bytes, 4, nullptr, 0, &number); }},
      {"C_UnwrapKey wrapped",
       [=](L& p) { return p.C_UnwrapKey(s, &mechanism, 1, nullptr, 4, nullptr, 0, &number); }},
      {"C_UnwrapKey key",
       [=](L& p) { return p.C_UnwrapKey(s, &mechanism, 1, bytes, 4, nullptr, 0, nullptr); }},
      {"C_DeriveKey mechanism",
       [=](L& p) { return p.C_DeriveKey(s, nullptr, 1, nullptr, 0, &number); }},
      {"C_DeriveKey key",
       [=](L& p) { return p.C_DeriveKey(s, &mechanism, 1, nullptr, 0, nullptr); }},
      {"C_SeedRandom", [=](L& p) { return p.C_SeedRandom(s, nullptr, 4); }},
      {"C_GenerateRandom", [=](L& p) { return p.C_GenerateRandom(s, nullptr, 4); }},
  };
  for (const auto member :
       {&L::C_Encrypt, &L::C_EncryptUpdate, &L::C_Decrypt, &L::C_DecryptUpdate, &L::C_Digest,
        &L::C_Sign, &L::C_SignRecover, &L::C_VerifyRecover, &L::C_DigestEncryptUpdate,
        &L::C_DecryptDigestUpdate, &L::C_SignEncryptUpdate, &L::C_DecryptVerifyUpdate}) {
    rows.push_back(
        {"data of an operation", [=](L& p) { return (p.*member)(s, nullptr, 3, bytes, &number); }});
    rows.push_back(
        {"size of an operation", [=](L& p) { return (p.*member)(s, bytes, 3, bytes, nullptr); }});
  }
  for (const auto member :
       {&L::C_EncryptFinal, &L::C_DecryptFinal, &L::C_DigestFinal, &L::C_SignFinal})
    rows.push_back({"size of a Final", [=](L& p) { return (p.*member)(s, bytes, nullptr); }});
  for (const auto member : {&L::C_DigestUpdate, &L::C_SignUpdate, &L::C_VerifyUpdate})
    rows.push_back({"data of an Update", [=](L& p) { return (p.*member)(s, nullptr, 3); }});
  return rows;
}

TEST_F(ArgumentsTest, EachForbiddenNullIsRefused) {
  Initialize();
  for (const Refusal& row : ForbiddenNulls())
    EXPECT_EQ(row.call(*p11_.v240()), CKR_ARGUMENTS_BAD) << row.what;
}

// PKCS #11 v2.40, 5.1.6: a bad session is reported before bad arguments.
TEST_F(ArgumentsTest, ABadSessionComesBeforeBadArguments) {
  Initialize();
  for (const Function function :
       {Function::C_GetSessionInfo, Function::C_EncryptInit, Function::C_DecryptInit,
        Function::C_DigestInit, Function::C_SignInit, Function::C_VerifyInit,
        Function::C_SignRecoverInit, Function::C_VerifyRecoverInit})
    daemon_->On(function, Fails(CKR_SESSION_HANDLE_INVALID));
  const std::string slot_functions =
      "C_GetInfo C_GetSlotList C_GetSlotInfo C_GetTokenInfo C_GetMechanismList C_GetMechanismInfo "
      "C_InitToken C_OpenSession";
  for (const Refusal& row : ForbiddenNulls()) {
    const std::string what = row.what;
    const bool has_session =
        slot_functions.find(what.substr(0, what.find(' '))) == std::string::npos;
    EXPECT_EQ(row.call(*p11_.v240()), has_session ? CKR_SESSION_HANDLE_INVALID : CKR_ARGUMENTS_BAD)
        << what;
  }
}

// PKCS #11 v2.40, 5.2: an error other than CKR_BUFFER_TOO_SMALL ends the operation.
TEST_F(ArgumentsTest, ARefusedStepOfAnOperationCancelsIt) {
  Initialize();
  unsigned char bytes[4] = {};
  EXPECT_EQ(p11_->C_Sign(kSession, bytes, 4, bytes, nullptr), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_->C_DigestUpdate(kSession, nullptr, 4), CKR_ARGUMENTS_BAD);
  const std::vector<Frame> frames = daemon_->Frames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].function, Function::C_SignInit);
  EXPECT_EQ(frames[0].session, kSession);
  EXPECT_EQ(Hex(frames[0].body), Hex(U8(0) + U64(0)));
  EXPECT_EQ(frames[1].function, Function::C_DigestInit);
  EXPECT_EQ(Hex(frames[1].body), Hex(U8(0)));
}

TEST_F(ArgumentsTest, ARefusedInitLeavesTheActiveOperationAlone) {
  Initialize();
  CK_MECHANISM half = {CKM_AES_CBC, nullptr, 16};
  EXPECT_EQ(p11_->C_EncryptInit(kSession, &half, 1), CKR_ARGUMENTS_BAD);
  ASSERT_EQ(daemon_->Frames().size(), 1u);
  EXPECT_EQ(daemon_->Frames()[0].function, Function::C_GetSessionInfo);
}

TEST_F(ArgumentsTest, ANullInsideAParameterStructureIsAnInvalidParameter) {
  Initialize();
  CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, nullptr, 5};
  CK_MECHANISM mechanism = {CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)};
  EXPECT_EQ(p11_->C_EncryptInit(kSession, &mechanism, 1), CKR_MECHANISM_PARAM_INVALID);
  CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, nullptr, 65, nullptr};
  mechanism = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};
  CK_OBJECT_HANDLE key = 0;
  EXPECT_EQ(p11_->C_DeriveKey(kSession, &mechanism, 1, nullptr, 0, &key),
            CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(ArgumentsTest, NullWithoutLengthIsEmpty) {
  Initialize();
  EXPECT_EQ(p11_->C_DigestUpdate(kSession, nullptr, 0), CKR_OK);
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, nullptr, 0), CKR_OK);
  daemon_->On(Function::C_GenerateRandom, Ok(Bytes("")));
  EXPECT_EQ(p11_->C_GenerateRandom(kSession, nullptr, 0), CKR_OK);
  daemon_->On(Function::C_FindObjects, Ok(U64(0) + U32(0)));
  CK_ULONG count = 9;
  EXPECT_EQ(p11_->C_FindObjects(kSession, nullptr, 0, &count), CKR_OK);
  EXPECT_EQ(count, 0u);
}

TEST_F(ArgumentsTest, MoreAttributesThanTheDaemonTakesAreRefused) {
  Initialize();
  CK_BBOOL yes = CK_TRUE;
  std::vector<CK_ATTRIBUTE> list(4097, CK_ATTRIBUTE{CKA_TOKEN, &yes, 1});
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, list.data(), 4097), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, list.data(), 4096), CKR_OK);
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, 1, list.data(), 4097), CKR_ARGUMENTS_BAD);
  // Over all levels together.
  CK_ATTRIBUTE nested = {CKA_WRAP_TEMPLATE, list.data(), 4096 * sizeof(CK_ATTRIBUTE)};
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, &nested, 1), CKR_ARGUMENTS_BAD);
  nested.ulValueLen = 4095 * sizeof(CK_ATTRIBUTE);
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, &nested, 1), CKR_OK);
}

TEST_F(ArgumentsTest, ATemplateThatContainsItselfIsRefused) {
  Initialize();
  CK_ATTRIBUTE self = {CKA_WRAP_TEMPLATE, nullptr, sizeof(self)};
  self.pValue = &self;
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, &self, 1), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST_F(ArgumentsTest, ANestedTemplateOfOddLengthIsRefused) {
  Initialize();
  CK_ATTRIBUTE inner = {CKA_TOKEN, nullptr, 0};
  CK_ATTRIBUTE list = {CKA_WRAP_TEMPLATE, &inner, sizeof(inner) - 1};
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, &list, 1), CKR_ATTRIBUTE_VALUE_INVALID);
}

// The memory behind these lengths does not exist; it must not be touched.
TEST_F(ArgumentsTest, LengthsBeyondTheFrameLimitAreRefusedWithoutReading) {
  Initialize();
  unsigned char byte = 0;
  unsigned char label[32] = {};
  CK_ULONG size = 1;
  for (const CK_ULONG length : {CK_ULONG{64} << 20, ~CK_ULONG{0}}) {
    EXPECT_EQ(p11_->C_Sign(kSession, &byte, length, &byte, &size), CKR_DATA_LEN_RANGE);
    EXPECT_EQ(p11_->C_Decrypt(kSession, &byte, length, &byte, &size), CKR_ENCRYPTED_DATA_LEN_RANGE);
    EXPECT_EQ(p11_->C_Verify(kSession, &byte, 1, &byte, length), CKR_SIGNATURE_LEN_RANGE);
    EXPECT_EQ(p11_->C_Login(kSession, CKU_USER, &byte, length), CKR_PIN_INCORRECT);
    EXPECT_EQ(p11_->C_InitToken(0, &byte, length, label), CKR_PIN_INCORRECT);
    EXPECT_EQ(p11_->C_InitPIN(kSession, &byte, length), CKR_PIN_LEN_RANGE);
    EXPECT_EQ(p11_->C_SetPIN(kSession, &byte, length, &byte, 1), CKR_PIN_INCORRECT);
    EXPECT_EQ(p11_->C_SetPIN(kSession, &byte, 1, &byte, length), CKR_PIN_LEN_RANGE);
    EXPECT_EQ(p11_->C_Digest(kSession, &byte, length, &byte, &size), CKR_HOST_MEMORY);
    EXPECT_EQ(p11_->C_DigestUpdate(kSession, &byte, length), CKR_HOST_MEMORY);
    EXPECT_EQ(p11_->C_SeedRandom(kSession, &byte, length), CKR_HOST_MEMORY);
    CK_ATTRIBUTE value = {CKA_LABEL, &byte, length};
    EXPECT_EQ(p11_->C_FindObjectsInit(kSession, &value, 1), CKR_ATTRIBUTE_VALUE_INVALID);
    CK_MECHANISM mechanism = {CKM_AES_CBC, &byte, length};
    EXPECT_EQ(p11_->C_SignInit(kSession, &mechanism, 1), CKR_MECHANISM_PARAM_INVALID);
  }
}

TEST_F(ArgumentsTest, ManyLargeAttributesAreRefusedTogether) {
  Initialize();
  std::string value(10u << 20, 'v');
  std::vector<CK_ATTRIBUTE> list(7, CK_ATTRIBUTE{CKA_VALUE, value.data(), value.size()});
  CK_OBJECT_HANDLE object = 0;
  EXPECT_EQ(p11_->C_CreateObject(kSession, list.data(), 7, &object), CKR_HOST_MEMORY);
  EXPECT_TRUE(daemon_->FramesOf(Function::C_CreateObject).empty());
}

// The kernel finds out, not a signal.
TEST_F(ArgumentsTest, LargeDataThatCannotBeReadIsRefused) {
  Initialize();
  CK_ULONG size = 4;
  unsigned char out[4];
  auto* nowhere = reinterpret_cast<CK_BYTE_PTR>(8);
  EXPECT_EQ(p11_->C_Sign(kSession, nowhere, 100'000, out, &size), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

}  // namespace
}  // namespace gw::shim_test

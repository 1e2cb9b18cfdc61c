// Every carried function: the frame it sends, byte by byte, and what it makes of a good reply.
// The bodies are those of proto/wire/WIRE.md, put together without the codec.
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <cstring>
#include <set>
#include <thread>

#include "proto/pkcs11/ck_ibm.h"
#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

struct Row {
  Function function;
  std::uint64_t session;  // in the header
  std::string body;       // of the request
  std::string reply;
  std::function<CK_RV(CK_FUNCTION_LIST&)> call;  // fails the test by itself if results are wrong
  std::function<CK_RV(CK_FUNCTION_LIST_3_0&)> call_v30 = {};  // of functions that are newer

  CK_RV Call(const Module& p11) const { return call ? call(*p11.v240()) : call_v30(*p11.v30()); }
};

constexpr CK_ULONG kSlot = 3;
constexpr CK_OBJECT_HANDLE kKey = 0xA1A2A3A4A5A6A7A8;
constexpr CK_OBJECT_HANDLE kOther = 0x0102030405060708;

const std::string kNull = U64(~std::uint64_t{0});

// One number attribute, one of bytes, one without a value.
struct Template {
  CK_OBJECT_CLASS object_class = CKO_SECRET_KEY;
  std::string label = "key 1";
  CK_ATTRIBUTE list[3] = {{CKA_CLASS, &object_class, sizeof(object_class)},
                          {CKA_LABEL, label.data(), label.size()},
                          {CKA_ID, nullptr, 0}};
  static std::string Encoded() {
    return U32(3) + U64(CKA_CLASS) + U8(0) + Bytes(U64(CKO_SECRET_KEY)) + U64(CKA_LABEL) + U8(0) +
           Bytes("key 1") + U64(CKA_ID) + U8(0) + Bytes("");
  }
};

std::string iv = "0123456789abcdef";
CK_MECHANISM cbc = {CKM_AES_CBC_PAD, iv.data(), 16};
const std::string kCbc = U64(CKM_AES_CBC_PAD) + U8(1) + Bytes("0123456789abcdef");

std::string data = "some data";
CK_ULONG data_len = 9;

Row InitRow(Function function, CK_C_EncryptInit CK_FUNCTION_LIST::*member) {
  return {function, kSession, U8(1) + kCbc + U64(kKey), "",
          [=](CK_FUNCTION_LIST& p11) { return (p11.*member)(kSession, &cbc, kKey); }};
}

Row DataOutRow(Function function, CK_C_Encrypt CK_FUNCTION_LIST::*member) {
  return {function, kSession, Bytes(data) + U64(20), U64(6) + Bytes("result"),
          [=](CK_FUNCTION_LIST& p11) {
            std::string out(20, 'x');
            CK_ULONG size = 20;
            const CK_RV result = (p11.*member)(kSession, Ptr(data), data_len, Ptr(out), &size);
            EXPECT_EQ(out.substr(0, 7), "resultx");
            EXPECT_EQ(size, 6u);
            return result;
          }};
}

Row OutRow(Function function, CK_C_EncryptFinal CK_FUNCTION_LIST::*member) {
  return {function, kSession, U64(20), U64(6) + Bytes("result"), [=](CK_FUNCTION_LIST& p11) {
            std::string out(20, 'x');
            CK_ULONG size = 20;
            const CK_RV result = (p11.*member)(kSession, Ptr(out), &size);
            EXPECT_EQ(out.substr(0, 7), "resultx");
            EXPECT_EQ(size, 6u);
            return result;
          }};
}

Row DataRow(Function function, CK_C_DigestUpdate CK_FUNCTION_LIST::*member) {
  return {function, kSession, Bytes(data), "",
          [=](CK_FUNCTION_LIST& p11) { return (p11.*member)(kSession, Ptr(data), data_len); }};
}

Row SessionRow(Function function, CK_C_CloseSession CK_FUNCTION_LIST::*member) {
  return {function, kSession, "", "",
          [=](CK_FUNCTION_LIST& p11) { return (p11.*member)(kSession); }};
}

// A function whose last argument takes a handle: the reply is a handle.
Row HandleRow(Function function, std::uint64_t session, std::string body,
              std::function<CK_RV(CK_FUNCTION_LIST&, CK_ULONG*)> call) {
  return {function, session, std::move(body), U64(kOther),
          [call = std::move(call)](CK_FUNCTION_LIST& p11) {
            CK_ULONG handle = 0;
            const CK_RV result = call(p11, &handle);
            EXPECT_EQ(handle, kOther);
            return result;
          }};
}

std::string Padded(std::string text, std::size_t size) {
  text.resize(size, ' ');
  return text;
}

template <std::size_t size>
std::string Field(const unsigned char (&field)[size]) {
  return std::string(reinterpret_cast<const char*>(field), size);
}

Row InfoRow() {
  return {Function::C_GetInfo, 0, "",
          U8(2) + U8(40) + Bytes("maker") + Bytes("what it is") + U8(7) + U8(9),
          [](CK_FUNCTION_LIST& p11) {
            CK_INFO info;
            const CK_RV result = p11.C_GetInfo(&info);
            EXPECT_EQ(info.cryptokiVersion.major, 2);
            EXPECT_EQ(info.cryptokiVersion.minor, 40);
            EXPECT_EQ(Field(info.manufacturerID), Padded("maker", 32));
            EXPECT_EQ(Field(info.libraryDescription), Padded("what it is", 32));
            EXPECT_EQ(info.flags, 0u);
            EXPECT_EQ(info.libraryVersion.major, 7);
            EXPECT_EQ(info.libraryVersion.minor, 9);
            return result;
          }};
}

Row SlotInfoRow() {
  return {Function::C_GetSlotInfo, 0, U64(kSlot),
          Bytes("a slot") + Bytes("maker") + U64(5) + U8(1) + U8(2) + U8(3) + U8(4),
          [](CK_FUNCTION_LIST& p11) {
            CK_SLOT_INFO info;
            const CK_RV result = p11.C_GetSlotInfo(kSlot, &info);
            EXPECT_EQ(Field(info.slotDescription), Padded("a slot", 64));
            EXPECT_EQ(Field(info.manufacturerID), Padded("maker", 32));
            EXPECT_EQ(info.flags, 5u);
            EXPECT_EQ(info.hardwareVersion.minor, 2);
            EXPECT_EQ(info.firmwareVersion.major, 3);
            return result;
          }};
}

Row TokenInfoRow() {
  std::string numbers;
  for (std::uint64_t i = 1; i <= 10; ++i) numbers += U64(100 + i);
  return {Function::C_GetTokenInfo, 0, U64(kSlot),
          Bytes("label") + Bytes("maker") + Bytes("GREP11") + Bytes("000/0000") + U64(0x405) +
              numbers + U8(1) + U8(2) + U8(3) + U8(4) + Bytes("2030010203040500"),
          [](CK_FUNCTION_LIST& p11) {
            CK_TOKEN_INFO info;
            const CK_RV result = p11.C_GetTokenInfo(kSlot, &info);
            EXPECT_EQ(Field(info.label), Padded("label", 32));
            EXPECT_EQ(Field(info.manufacturerID), Padded("maker", 32));
            EXPECT_EQ(Field(info.model), Padded("GREP11", 16));
            EXPECT_EQ(Field(info.serialNumber), Padded("000/0000", 16));
            EXPECT_EQ(info.flags, 0x405u);
            EXPECT_EQ(info.ulMaxSessionCount, 101u);
            EXPECT_EQ(info.ulSessionCount, 102u);
            EXPECT_EQ(info.ulMaxRwSessionCount, 103u);
            EXPECT_EQ(info.ulRwSessionCount, 104u);
            EXPECT_EQ(info.ulMaxPinLen, 105u);
            EXPECT_EQ(info.ulMinPinLen, 106u);
            EXPECT_EQ(info.ulTotalPublicMemory, 107u);
            EXPECT_EQ(info.ulFreePublicMemory, 108u);
            EXPECT_EQ(info.ulTotalPrivateMemory, 109u);
            EXPECT_EQ(info.ulFreePrivateMemory, 110u);
            EXPECT_EQ(info.hardwareVersion.major, 1);
            EXPECT_EQ(info.firmwareVersion.minor, 4);
            EXPECT_EQ(Field(info.utcTime), "2030010203040500");
            return result;
          }};
}

Row NumbersRow(Function function, std::string body,
               std::function<CK_RV(CK_FUNCTION_LIST&, CK_ULONG*, CK_ULONG*)> call,
               std::uint64_t session = 0) {
  return {function, session, std::move(body), U64(2) + U32(2) + U64(11) + U64(12),
          [call = std::move(call)](CK_FUNCTION_LIST& p11) {
            CK_ULONG numbers[5] = {};
            CK_ULONG count = 5;
            const CK_RV result = call(p11, numbers, &count);
            EXPECT_EQ(count, 2u);
            EXPECT_THAT(numbers, testing::ElementsAre(11, 12, 0, 0, 0));
            return result;
          }};
}

std::vector<Row> GeneralRows() {
  return {
      {Function::C_Finalize, 0, "", "",
       [](CK_FUNCTION_LIST& p11) { return p11.C_Finalize(nullptr); }},
      InfoRow(),
      NumbersRow(Function::C_GetSlotList, U8(1) + U64(5),
                 [](CK_FUNCTION_LIST& p11, CK_ULONG* numbers, CK_ULONG* count) {
                   return p11.C_GetSlotList(CK_TRUE, numbers, count);
                 }),
      SlotInfoRow(),
      TokenInfoRow(),
      NumbersRow(Function::C_GetMechanismList, U64(kSlot) + U64(5),
                 [](CK_FUNCTION_LIST& p11, CK_ULONG* numbers, CK_ULONG* count) {
                   return p11.C_GetMechanismList(kSlot, numbers, count);
                 }),
      {Function::C_GetMechanismInfo, 0, U64(kSlot) + U64(CKM_ECDSA),
       U64(192) + U64(521) + U64(0x2800),
       [](CK_FUNCTION_LIST& p11) {
         CK_MECHANISM_INFO info;
         const CK_RV result = p11.C_GetMechanismInfo(kSlot, CKM_ECDSA, &info);
         EXPECT_EQ(info.ulMinKeySize, 192u);
         EXPECT_EQ(info.ulMaxKeySize, 521u);
         EXPECT_EQ(info.flags, 0x2800u);
         return result;
       }},
      {Function::C_InitToken, 0,
       U64(kSlot) + U8(1) + Bytes("so pin") + Bytes(Padded("my token", 32)), "",
       [](CK_FUNCTION_LIST& p11) {
         std::string pin = "so pin";
         std::string label = Padded("my token", 32);
         return p11.C_InitToken(kSlot, Ptr(pin), 6, Ptr(label));
       }},
      {Function::C_InitPIN, kSession, U8(1) + Bytes("1234"), "",
       [](CK_FUNCTION_LIST& p11) {
         std::string pin = "1234";
         return p11.C_InitPIN(kSession, Ptr(pin), 4);
       }},
      {Function::C_SetPIN, kSession, U8(1) + Bytes("1234") + U8(1) + Bytes("56789"), "",
       [](CK_FUNCTION_LIST& p11) {
         std::string old_pin = "1234";
         std::string new_pin = "56789";
         return p11.C_SetPIN(kSession, Ptr(old_pin), 4, Ptr(new_pin), 5);
       }},
  };
}

std::vector<Row> SessionRows() {
  return {
      HandleRow(Function::C_OpenSession, 0, U64(kSlot) + U64(CKF_SERIAL_SESSION | CKF_RW_SESSION),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* handle) {
                  return p11.C_OpenSession(kSlot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                           nullptr, handle);
                }),
      SessionRow(Function::C_CloseSession, &CK_FUNCTION_LIST::C_CloseSession),
      {Function::C_CloseAllSessions, 0, U64(kSlot), U32(2) + U64(1) + U64(2),
       [](CK_FUNCTION_LIST& p11) { return p11.C_CloseAllSessions(kSlot); }},
      {Function::C_GetSessionInfo, kSession, "",
       U64(kSlot) + U64(CKS_RW_USER_FUNCTIONS) + U64(6) + U64(99),
       [](CK_FUNCTION_LIST& p11) {
         CK_SESSION_INFO info;
         const CK_RV result = p11.C_GetSessionInfo(kSession, &info);
         EXPECT_EQ(info.slotID, kSlot);
         EXPECT_EQ(info.state, CKS_RW_USER_FUNCTIONS);
         EXPECT_EQ(info.flags, 6u);
         EXPECT_EQ(info.ulDeviceError, 99u);
         return result;
       }},
      {Function::C_Login, kSession, U64(CKU_USER) + U8(1) + Bytes("api key"), "",
       [](CK_FUNCTION_LIST& p11) {
         std::string pin = "api key";
         return p11.C_Login(kSession, CKU_USER, Ptr(pin), 7);
       }},
      SessionRow(Function::C_Logout, &CK_FUNCTION_LIST::C_Logout),
  };
}

Row AttributeValuesRow() {
  return {Function::C_GetAttributeValue, kSession,
          U64(kKey) + U32(4) + U64(CKA_LABEL) + U64(8) + U64(CKA_ID) + kNull + U64(CKA_VALUE) +
              U64(4) + U64(CKA_TOKEN) + U64(1),
          U32(4) + U8(1) + Bytes("key 1") + U8(0) + U64(77) + U8(2) + U8(1) + Bytes("\x01"),
          [](CK_FUNCTION_LIST& p11) {
            std::string label(8, 'x');
            std::string value(4, 'x');
            CK_BBOOL token = 0;
            CK_ATTRIBUTE list[] = {{CKA_LABEL, label.data(), 8},
                                   {CKA_ID, nullptr, 5},
                                   {CKA_VALUE, value.data(), 4},
                                   {CKA_TOKEN, &token, 1}};
            const CK_RV result = p11.C_GetAttributeValue(kSession, kKey, list, 4);
            EXPECT_EQ(label, "key 1xxx");
            EXPECT_EQ(list[0].ulValueLen, 5u);
            EXPECT_EQ(list[1].ulValueLen, 77u);
            EXPECT_EQ(list[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
            EXPECT_EQ(value, "xxxx");
            EXPECT_EQ(token, CK_TRUE);
            return result;
          }};
}

std::vector<Row> ObjectRows() {
  return {
      HandleRow(Function::C_CreateObject, kSession, Template::Encoded(),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* handle) {
                  Template t;
                  return p11.C_CreateObject(kSession, t.list, 3, handle);
                }),
      HandleRow(Function::C_CopyObject, kSession, U64(kKey) + Template::Encoded(),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* handle) {
                  Template t;
                  return p11.C_CopyObject(kSession, kKey, t.list, 3, handle);
                }),
      {Function::C_DestroyObject, kSession, U64(kKey), "",
       [](CK_FUNCTION_LIST& p11) { return p11.C_DestroyObject(kSession, kKey); }},
      HandleRow(Function::C_GetObjectSize, kSession, U64(kKey),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* size) {
                  return p11.C_GetObjectSize(kSession, kKey, size);
                }),
      AttributeValuesRow(),
      {Function::C_SetAttributeValue, kSession, U64(kKey) + Template::Encoded(), "",
       [](CK_FUNCTION_LIST& p11) {
         Template t;
         return p11.C_SetAttributeValue(kSession, kKey, t.list, 3);
       }},
      {Function::C_FindObjectsInit, kSession, Template::Encoded(), U8(0) + U32(0),
       [](CK_FUNCTION_LIST& p11) {
         Template t;
         return p11.C_FindObjectsInit(kSession, t.list, 3);
       }},
      NumbersRow(
          Function::C_FindObjects, U64(5),
          [](CK_FUNCTION_LIST& p11, CK_ULONG* numbers, CK_ULONG* count) {
            return p11.C_FindObjects(kSession, numbers, 5, count);
          },
          kSession),
      SessionRow(Function::C_FindObjectsFinal, &CK_FUNCTION_LIST::C_FindObjectsFinal),
  };
}

std::vector<Row> OperationRows() {
  using L = CK_FUNCTION_LIST;
  return {
      InitRow(Function::C_EncryptInit, &L::C_EncryptInit),
      DataOutRow(Function::C_Encrypt, &L::C_Encrypt),
      DataOutRow(Function::C_EncryptUpdate, &L::C_EncryptUpdate),
      OutRow(Function::C_EncryptFinal, &L::C_EncryptFinal),
      InitRow(Function::C_DecryptInit, &L::C_DecryptInit),
      DataOutRow(Function::C_Decrypt, &L::C_Decrypt),
      DataOutRow(Function::C_DecryptUpdate, &L::C_DecryptUpdate),
      OutRow(Function::C_DecryptFinal, &L::C_DecryptFinal),
      {Function::C_DigestInit, kSession, U8(1) + U64(CKM_SHA256) + U8(0), "",
       [](L& p11) {
         CK_MECHANISM mechanism = {CKM_SHA256, nullptr, 0};
         return p11.C_DigestInit(kSession, &mechanism);
       }},
      DataOutRow(Function::C_Digest, &L::C_Digest),
      DataRow(Function::C_DigestUpdate, &L::C_DigestUpdate),
      OutRow(Function::C_DigestFinal, &L::C_DigestFinal),
      InitRow(Function::C_SignInit, &L::C_SignInit),
      DataOutRow(Function::C_Sign, &L::C_Sign),
      DataRow(Function::C_SignUpdate, &L::C_SignUpdate),
      OutRow(Function::C_SignFinal, &L::C_SignFinal),
      InitRow(Function::C_VerifyInit, &L::C_VerifyInit),
      {Function::C_Verify, kSession, Bytes(data) + Bytes("signature"), "",
       [](L& p11) {
         std::string signature = "signature";
         return p11.C_Verify(kSession, Ptr(data), data_len, Ptr(signature), 9);
       }},
      DataRow(Function::C_VerifyUpdate, &L::C_VerifyUpdate),
      DataRow(Function::C_VerifyFinal, &L::C_VerifyFinal),
      DataRow(Function::C_SeedRandom, &L::C_SeedRandom),
      {Function::C_GenerateRandom, kSession, U64(6), Bytes("random"),
       [](L& p11) {
         std::string out(7, 'x');
         const CK_RV result = p11.C_GenerateRandom(kSession, Ptr(out), 6);
         EXPECT_EQ(out, "randomx");
         return result;
       }},
  };
}

Row KeyPairRow() {
  return {Function::C_GenerateKeyPair, kSession,
          kCbc + Template::Encoded() + U32(1) + U64(CKA_TOKEN) + U8(0) + Bytes("\x01"),
          U64(kKey) + U64(kOther), [](CK_FUNCTION_LIST& p11) {
            Template t;
            CK_BBOOL yes = CK_TRUE;
            CK_ATTRIBUTE list[] = {{CKA_TOKEN, &yes, 1}};
            CK_ULONG keys[2] = {};
            const CK_RV result =
                p11.C_GenerateKeyPair(kSession, &cbc, t.list, 3, list, 1, &keys[0], &keys[1]);
            EXPECT_EQ(keys[0], kKey);
            EXPECT_EQ(keys[1], kOther);
            return result;
          }};
}

std::vector<Row> KeyRows() {
  return {
      HandleRow(Function::C_GenerateKey, kSession, kCbc + Template::Encoded(),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* handle) {
                  Template t;
                  return p11.C_GenerateKey(kSession, &cbc, t.list, 3, handle);
                }),
      KeyPairRow(),
      {Function::C_WrapKey, kSession, kCbc + U64(kKey) + U64(kOther) + U64(20),
       U64(7) + Bytes("wrapped"),
       [](CK_FUNCTION_LIST& p11) {
         std::string out(20, 'x');
         CK_ULONG size = 20;
         const CK_RV result = p11.C_WrapKey(kSession, &cbc, kKey, kOther, Ptr(out), &size);
         EXPECT_EQ(out.substr(0, 8), "wrappedx");
         EXPECT_EQ(size, 7u);
         return result;
       }},
      HandleRow(Function::C_UnwrapKey, kSession,
                kCbc + U64(kKey) + Bytes("wrapped") + Template::Encoded(),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* handle) {
                  Template t;
                  std::string wrapped = "wrapped";
                  return p11.C_UnwrapKey(kSession, &cbc, kKey, Ptr(wrapped), 7, t.list, 3, handle);
                }),
      HandleRow(Function::C_DeriveKey, kSession, kCbc + U64(kKey) + Template::Encoded(),
                [](CK_FUNCTION_LIST& p11, CK_ULONG* handle) {
                  Template t;
                  return p11.C_DeriveKey(kSession, &cbc, kKey, t.list, 3, handle);
                }),
  };
}

std::vector<Row> MoreOperationRows() {
  using L = CK_FUNCTION_LIST;
  return {
      {Function::C_DigestKey, kSession, U64(kKey), "",
       [](L& p11) { return p11.C_DigestKey(kSession, kKey); }},
      InitRow(Function::C_SignRecoverInit, &L::C_SignRecoverInit),
      DataOutRow(Function::C_SignRecover, &L::C_SignRecover),
      InitRow(Function::C_VerifyRecoverInit, &L::C_VerifyRecoverInit),
      DataOutRow(Function::C_VerifyRecover, &L::C_VerifyRecover),
      DataOutRow(Function::C_DigestEncryptUpdate, &L::C_DigestEncryptUpdate),
      DataOutRow(Function::C_DecryptDigestUpdate, &L::C_DecryptDigestUpdate),
      DataOutRow(Function::C_SignEncryptUpdate, &L::C_SignEncryptUpdate),
      DataOutRow(Function::C_DecryptVerifyUpdate, &L::C_DecryptVerifyUpdate),
      {Function::C_SetOperationState, kSession, Bytes(data) + U64(kKey) + U64(kOther), U32(0),
       [](L& p11) { return p11.C_SetOperationState(kSession, Ptr(data), data_len, kKey, kOther); }},
      {Function::C_WaitForSlotEvent, 0, "", U64(kSlot),
       [](L& p11) {
         CK_SLOT_ID slot = 0;
         const CK_RV result = p11.C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, nullptr);
         EXPECT_EQ(slot, kSlot);
         return result;
       }},
  };
}

// Functions of v3.0.
Row NewRow(Function function, std::string body, std::string reply,
           std::function<CK_RV(CK_FUNCTION_LIST_3_0&)> call) {
  return {function, kSession, std::move(body), std::move(reply), nullptr, std::move(call)};
}

std::vector<Row> NewRows() {
  using L = CK_FUNCTION_LIST_3_0;
  static std::string parameter = "parameter";
  static std::string name = "name";
  static std::string out;
  static CK_ULONG size;
  const std::string sent = Bytes(parameter) + Bytes(data);
  return {
      NewRow(Function::C_LoginUser, U64(CKU_USER) + U8(1) + Bytes(data) + Bytes(name), "",
             [](L& p11) {
               return p11.C_LoginUser(kSession, CKU_USER, Ptr(data), data_len, Ptr(name), 4);
             }),
      NewRow(Function::C_SessionCancel, U64(CKF_SIGN), "",
             [](L& p11) { return p11.C_SessionCancel(kSession, CKF_SIGN); }),
      NewRow(Function::C_MessageSignInit, U8(1) + kCbc + U64(kKey), "",
             [](L& p11) { return p11.C_MessageSignInit(kSession, &cbc, kKey); }),
      NewRow(Function::C_MessageVerifyInit, U8(1) + kCbc + U64(kKey), "",
             [](L& p11) { return p11.C_MessageVerifyInit(kSession, &cbc, kKey); }),
      NewRow(Function::C_SignMessageBegin, Bytes(parameter), "",
             [](L& p11) { return p11.C_SignMessageBegin(kSession, Ptr(parameter), 9); }),
      NewRow(Function::C_VerifyMessageBegin, Bytes(parameter), "",
             [](L& p11) { return p11.C_VerifyMessageBegin(kSession, Ptr(parameter), 9); }),
      NewRow(Function::C_SignMessage, sent + U64(20), U64(6) + Bytes("result"),
             [](L& p11) {
               out.assign(20, 'x');
               size = 20;
               const CK_RV result = p11.C_SignMessage(kSession, Ptr(parameter), 9, Ptr(data),
                                                      data_len, Ptr(out), &size);
               EXPECT_EQ(out.substr(0, 7), "resultx");
               EXPECT_EQ(size, 6u);
               return result;
             }),
      NewRow(Function::C_SignMessageNext, sent + U8(0) + U64(0), U64(0) + Bytes(""),
             [](L& p11) {
               return p11.C_SignMessageNext(kSession, Ptr(parameter), 9, Ptr(data), data_len,
                                            nullptr, nullptr);
             }),
      NewRow(Function::C_SignMessageNext, sent + U8(1) + U64(20), U64(6) + Bytes("result"),
             [](L& p11) {
               out.assign(20, 'x');
               size = 20;
               const CK_RV result = p11.C_SignMessageNext(kSession, Ptr(parameter), 9, Ptr(data),
                                                          data_len, Ptr(out), &size);
               EXPECT_EQ(out.substr(0, 7), "resultx");
               return result;
             }),
      NewRow(Function::C_VerifyMessage, sent + Bytes(name), "",
             [](L& p11) {
               return p11.C_VerifyMessage(kSession, Ptr(parameter), 9, Ptr(data), data_len,
                                          Ptr(name), 4);
             }),
      NewRow(Function::C_VerifyMessageNext, sent + U8(0), "",
             [](L& p11) {
               return p11.C_VerifyMessageNext(kSession, Ptr(parameter), 9, Ptr(data), data_len,
                                              nullptr, 0);
             }),
      NewRow(Function::C_VerifyMessageNext, sent + U8(1) + Bytes(name), "",
             [](L& p11) {
               return p11.C_VerifyMessageNext(kSession, Ptr(parameter), 9, Ptr(data), data_len,
                                              Ptr(name), 4);
             }),
      NewRow(Function::C_MessageSignFinal, "", "",
             [](L& p11) { return p11.C_MessageSignFinal(kSession); }),
      NewRow(Function::C_MessageVerifyFinal, "", "",
             [](L& p11) { return p11.C_MessageVerifyFinal(kSession); }),
  };
}

std::vector<Row> AllRows() {
  std::vector<Row> all;
  for (auto* rows : {&GeneralRows, &SessionRows, &ObjectRows, &OperationRows, &MoreOperationRows,
                     &KeyRows, &NewRows})
    for (Row& row : rows()) all.push_back(std::move(row));
  return all;
}

const char* NameOf(Function function) { return wire::RowOf(function).name; }

using RequestsTest = ShimTest;

TEST_F(RequestsTest, EveryCarriedFunctionHasARow) {
  std::set<std::string> rows;
  std::set<std::string> carried;
  for (const Row& row : AllRows()) rows.insert(NameOf(row.function));
  rows.insert("C_GetOperationState");  // saved_state_test.cc: there has to be one
  for (const wire::FunctionRow& row : wire::kFunctions)
    if (row.carried == wire::Carried::kCarried) carried.insert(row.name);
  EXPECT_EQ(rows, carried);
}

TEST_F(RequestsTest, EachBodyIsWhatTheWireDocumentSaysAndGoodRepliesAreDelivered) {
  StartDaemon();
  for (const Row& row : AllRows()) {
    SCOPED_TRACE(NameOf(row.function));
    daemon_->On(row.function, Ok(row.reply));
    daemon_->Forget();
    const CK_RV initialized = p11_->C_Initialize(nullptr);
    ASSERT_TRUE(initialized == CKR_OK || initialized == CKR_CRYPTOKI_ALREADY_INITIALIZED);
    EXPECT_EQ(row.Call(p11_), CKR_OK);
    const std::vector<Frame> frames = daemon_->Frames();
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(NameOf(frames[0].function), std::string(NameOf(row.function)));
    EXPECT_EQ(frames[0].session, row.session);
    EXPECT_EQ(frames[0].flags, 0);
    EXPECT_EQ(Hex(frames[0].body), Hex(row.body));
  }
}

TEST_F(RequestsTest, ErrorsOfTheDaemonReachTheCallerUnchanged) {
  StartDaemon();
  for (const Row& row : AllRows()) {
    if (row.function == Function::C_Finalize) continue;
    SCOPED_TRACE(NameOf(row.function));
    const CK_RV initialized = p11_->C_Initialize(nullptr);
    ASSERT_TRUE(initialized == CKR_OK || initialized == CKR_CRYPTOKI_ALREADY_INITIALIZED);
    constexpr CK_RV kVendorCode = 0x80010001;
    daemon_->On(row.function, Fails(kVendorCode));
    CK_RV result = CKR_OK;
    // The rows' own checks of results do not hold here.
    testing::TestPartResultArray ignored;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &ignored);
      result = row.Call(p11_);
    }
    EXPECT_EQ(result, kVendorCode);
  }
}

// All at once, since each waits until no daemon can be expected any more.
TEST_F(RequestsTest, WithoutADaemonEachFunctionGivesTheAnswerOfItsRow) {
  setenv("GREP11_RECONNECT_S", "1", 1);
  Initialize();
  daemon_->Stop();
  std::vector<Row> rows = AllRows();
  std::erase_if(rows, [](const Row& row) { return row.function == Function::C_Finalize; });
  std::vector<CK_RV> results(rows.size(), CKR_OK);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    threads.emplace_back([&, i] {
      // The rows' own checks of results do not hold here.
      testing::TestPartResultArray ignored;
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &ignored);
      results[i] = rows[i].Call(p11_);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(results[i], wire::RowOf(rows[i].function).no_daemon) << NameOf(rows[i].function);
}

TEST_F(RequestsTest, RequestNumbersAreNeverReused) {
  Initialize();
  for (int i = 0; i < 5; ++i) p11_->C_Logout(kSession);
  std::set<std::uint64_t> numbers;
  for (const Frame& frame : daemon_->Frames()) numbers.insert(frame.request);
  for (const Frame& frame : daemon_->Attaches()) numbers.insert(frame.request);
  EXPECT_EQ(numbers.size(), 6u);
}

TEST_F(RequestsTest, AttachOpensEachConnection) {
  Initialize();
  const std::vector<Frame> attaches = daemon_->Attaches();
  ASSERT_EQ(attaches.size(), 1u);
  const std::string& body = attaches[0].body;
  EXPECT_EQ(body.substr(0, 4), "G11A");
  const std::string version(GW_VERSION);
  EXPECT_EQ(Hex(body.substr(4)), Hex(U16(1) + U16(1) + Bytes(version) + U8(8) + U32(2) +
                                     U8(kBegin) + Bytes("") + U32(0)));
}

// The bytes of one small request, written out.
TEST_F(RequestsTest, AFrameIsItsHeaderAndItsBody) {
  Initialize();
  p11_->C_DestroyObject(0x0807060504030201, 0x1817161514131211);
  const Frame frame = daemon_->Frames().at(0);
  EXPECT_EQ(Hex(Encode(frame.function, frame.flags, 2, frame.session, frame.body)),
            "08000000"
            "1600"
            "0000"
            "0200000000000000"
            "0102030405060708"
            "1112131415161718");
  EXPECT_EQ(frame.body_bytes, 8u);
}

class MechanismTest : public ShimTest {
 protected:
  std::string Sent(CK_MECHANISM mechanism) {
    daemon_->Forget();
    EXPECT_EQ(p11_->C_SignInit(kSession, &mechanism, kKey), CKR_OK);
    const std::string body = daemon_->Frames().at(0).body;
    EXPECT_EQ(Hex(body.substr(0, 1)), "01");
    EXPECT_EQ(Hex(body.substr(body.size() - 8)), Hex(U64(kKey)));
    return Hex(body.substr(1, body.size() - 9));
  }
};

TEST_F(MechanismTest, OaepIsFlattened) {
  Initialize();
  std::string label = "label";
  CK_RSA_PKCS_OAEP_PARAMS params = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, label.data(),
                                    5};
  EXPECT_EQ(Sent({CKM_RSA_PKCS_OAEP, &params, sizeof(params)}),
            Hex(U64(CKM_RSA_PKCS_OAEP) + U8(2) + U64(CKM_SHA256) + U64(CKG_MGF1_SHA256) +
                U64(CKZ_DATA_SPECIFIED) + Bytes("label")));
}

TEST_F(MechanismTest, PssIsFlattenedForEachOfItsMechanisms) {
  Initialize();
  CK_RSA_PKCS_PSS_PARAMS params = {CKM_SHA384, CKG_MGF1_SHA384, 48};
  for (const CK_MECHANISM_TYPE type :
       {CKM_RSA_PKCS_PSS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS,
        CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS}) {
    EXPECT_EQ(Sent({type, &params, sizeof(params)}),
              Hex(U64(type) + U8(3) + U64(CKM_SHA384) + U64(CKG_MGF1_SHA384) + U64(48)));
  }
}

TEST_F(MechanismTest, Ecdh1IsFlattenedForEachOfItsMechanisms) {
  Initialize();
  std::string shared = "shared";
  std::string point = "the point";
  CK_ECDH1_DERIVE_PARAMS params = {CKD_SHA256_KDF, 6, Ptr(shared), 9, Ptr(point)};
  for (const CK_MECHANISM_TYPE type :
       {CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE, CKM_IBM_EC_X25519, CKM_IBM_EC_X448}) {
    EXPECT_EQ(Sent({type, &params, sizeof(params)}),
              Hex(U64(type) + U8(4) + U64(CKD_SHA256_KDF) + Bytes("shared") + Bytes("the point")));
  }
}

TEST_F(MechanismTest, DataThatIsPointedToTravelsAsItself) {
  Initialize();
  std::string blocks = "whole blocks, 24 octets.";
  CK_KEY_DERIVATION_STRING_DATA params = {Ptr(blocks), blocks.size()};
  CK_MECHANISM mechanism = {CKM_DES3_ECB_ENCRYPT_DATA, &params, sizeof(params)};
  EXPECT_EQ(Sent(mechanism), Hex(U64(CKM_DES3_ECB_ENCRYPT_DATA) + U8(1) + Bytes(blocks)));
  mechanism.ulParameterLen = 8;
  EXPECT_EQ(p11_->C_SignInit(kSession, &mechanism, kKey), CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(MechanismTest, AStructureOfAnotherLengthTravelsAsBytes) {
  Initialize();
  std::string bytes(23, 'p');
  EXPECT_EQ(Sent({CKM_RSA_PKCS_PSS, bytes.data(), 23}),
            Hex(U64(CKM_RSA_PKCS_PSS) + U8(1) + Bytes(bytes)));
}

TEST_F(MechanismTest, NoParameterAndZeroLengthAreTheSame) {
  Initialize();
  EXPECT_EQ(Sent({CKM_ECDSA, nullptr, 0}), Hex(U64(CKM_ECDSA) + U8(0)));
  EXPECT_EQ(Sent({CKM_ECDSA, iv.data(), 0}), Hex(U64(CKM_ECDSA) + U8(0)));
}

TEST_F(MechanismTest, NullIsCancel) {
  Initialize();
  EXPECT_EQ(p11_->C_SignInit(kSession, nullptr, kKey), CKR_OK);
  EXPECT_EQ(p11_->C_DigestInit(kSession, nullptr), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  EXPECT_EQ(Hex(frames.at(0).body), Hex(U8(0) + U64(kKey)));
  EXPECT_EQ(Hex(frames.at(1).body), Hex(U8(0)));
}

TEST_F(RequestsTest, NestedTemplatesTravelAsAttributesAndMechanismListsAsBytes) {
  Initialize();
  CK_BBOOL yes = CK_TRUE;
  CK_ATTRIBUTE inner[] = {{CKA_EXTRACTABLE, &yes, 1}};
  CK_MECHANISM_TYPE allowed[] = {CKM_ECDSA};
  CK_ATTRIBUTE list[] = {{CKA_UNWRAP_TEMPLATE, inner, sizeof(inner)},
                         {CKA_ALLOWED_MECHANISMS, allowed, sizeof(allowed)}};
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, list, 2), CKR_OK);
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body),
            Hex(U32(2) + U64(CKA_UNWRAP_TEMPLATE) + U8(1) + U32(1) + U64(CKA_EXTRACTABLE) + U8(0) +
                Bytes("\x01") + U64(CKA_ALLOWED_MECHANISMS) + U8(0) + Bytes(U64(CKM_ECDSA))));
}

TEST_F(RequestsTest, SecretsKnowNullFromEmpty) {
  Initialize();
  std::string pin = "unused";
  p11_->C_Login(kSession, CKU_SO, nullptr, 0);
  p11_->C_Login(kSession, CKU_SO, Ptr(pin), 0);
  const std::vector<Frame> frames = daemon_->Frames();
  EXPECT_EQ(Hex(frames.at(0).body), Hex(U64(CKU_SO) + U8(0)));
  EXPECT_EQ(Hex(frames.at(1).body), Hex(U64(CKU_SO) + U8(1) + Bytes("")));
}

// From 16 KiB on the data is sent from where it lies; the frame must not show it.
TEST_F(RequestsTest, LargeDataGivesTheSameFrames) {
  Initialize();
  daemon_->On(Function::C_Encrypt, [](const Frame& frame) {
    const std::string plain = frame.body.substr(4, frame.body.size() - 12);
    return Ok(U64(plain.size()) + Bytes(plain));
  });
  for (const std::size_t size : {16383u, 16384u, 16385u, 300'000u, 5'000'000u}) {
    SCOPED_TRACE(size);
    daemon_->Forget();
    std::string plain(size, 'p');
    for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<char>(i * 31);
    std::string out(size, 'x');
    CK_ULONG out_size = size;
    ASSERT_EQ(p11_->C_Encrypt(kSession, Ptr(plain), size, Ptr(out), &out_size), CKR_OK);
    EXPECT_EQ(out_size, size);
    EXPECT_TRUE(out == plain);
    EXPECT_TRUE(daemon_->Frames().at(0).body == Bytes(plain) + U64(size));
  }
}

TEST_F(RequestsTest, EncryptionInPlaceWorks) {
  Initialize();
  daemon_->On(Function::C_Encrypt, [](const Frame& frame) {
    std::string text = frame.body.substr(4, frame.body.size() - 12);
    for (char& byte : text) byte = static_cast<char>(byte ^ 1);
    return Ok(U64(text.size()) + Bytes(text));
  });
  std::string text(40'000, 'a');
  CK_ULONG size = text.size();
  ASSERT_EQ(p11_->C_Encrypt(kSession, Ptr(text), text.size(), Ptr(text), &size), CKR_OK);
  EXPECT_TRUE(text == std::string(40'000, 'a' ^ 1));
}

TEST_F(RequestsTest, MuchRandomIsFetchedInPieces) {
  Initialize();
  daemon_->On(Function::C_GenerateRandom, [](const Frame& frame) {
    std::uint64_t size = 0;
    std::memcpy(&size, frame.body.data(), 8);
    return Ok(Bytes(std::string(size, static_cast<char>(size == 5 ? 'b' : 'a'))));
  });
  std::string out((2u << 20) + 5, 'x');
  ASSERT_EQ(p11_->C_GenerateRandom(kSession, Ptr(out), out.size()), CKR_OK);
  EXPECT_TRUE(out == std::string(2u << 20, 'a') + "bbbbb");
  EXPECT_EQ(daemon_->Frames().size(), 3u);
}

TEST_F(RequestsTest, StructuresMayLieAnywhere) {
  Initialize();
  daemon_->On(Function::C_GetAttributeValue, Ok(U32(1) + U8(1) + Bytes("ab")));
  alignas(16) unsigned char memory[256] = {};
  CK_MECHANISM mechanism = cbc;
  Template t;
  std::memcpy(memory + 1, &mechanism, sizeof(mechanism));
  std::memcpy(memory + 27, t.list, sizeof(t.list));
  auto* odd_mechanism = reinterpret_cast<CK_MECHANISM_PTR>(memory + 1);
  auto* odd_list = reinterpret_cast<CK_ATTRIBUTE_PTR>(memory + 27);
  auto* odd_handle = reinterpret_cast<CK_ULONG_PTR>(memory + 111);
  daemon_->On(Function::C_GenerateKey, Ok(U64(kOther)));
  EXPECT_EQ(p11_->C_GenerateKey(kSession, odd_mechanism, odd_list, 3, odd_handle), CKR_OK);
  CK_ULONG handle = 0;
  std::memcpy(&handle, memory + 111, sizeof(handle));
  EXPECT_EQ(handle, kOther);
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body), Hex(kCbc + Template::Encoded()));

  CK_ATTRIBUTE wanted = {CKA_LABEL, memory + 201, 2};
  std::memcpy(memory + 27, &wanted, sizeof(wanted));
  EXPECT_EQ(p11_->C_GetAttributeValue(kSession, kKey, odd_list, 1), CKR_OK);
  EXPECT_EQ(std::memcmp(memory + 201, "ab", 2), 0);
}

}  // namespace
}  // namespace gw::shim_test

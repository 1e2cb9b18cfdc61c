// Room: pkcs11-shim. PKCS #11 v2.40, 5.8 and 5.9: encryption and decryption.
#include "pkcs11-shim/shapes.h"

using gw::shim::DataToOutput;
using gw::shim::Function;
using gw::shim::InitWithKey;
using gw::shim::ToOutput;

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  return InitWithKey(Function::C_EncryptInit, session, mechanism, key);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
                CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len) {
  return DataToOutput(Function::C_Encrypt, session, {data, data_len}, {encrypted, encrypted_len});
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len,
                      CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len) {
  return DataToOutput(Function::C_EncryptUpdate, session, {data, data_len},
                      {encrypted, encrypted_len});
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted, CK_ULONG_PTR encrypted_len) {
  return ToOutput(Function::C_EncryptFinal, session, {encrypted, encrypted_len});
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  return InitWithKey(Function::C_DecryptInit, session, mechanism, key);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted, CK_ULONG encrypted_len,
                CK_BYTE_PTR data, CK_ULONG_PTR data_len) {
  return DataToOutput(Function::C_Decrypt, session, {encrypted, encrypted_len}, {data, data_len},
                      CKR_ENCRYPTED_DATA_LEN_RANGE);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR encrypted, CK_ULONG encrypted_len,
                      CK_BYTE_PTR data, CK_ULONG_PTR data_len) {
  return DataToOutput(Function::C_DecryptUpdate, session, {encrypted, encrypted_len},
                      {data, data_len}, CKR_ENCRYPTED_DATA_LEN_RANGE);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG_PTR data_len) {
  return ToOutput(Function::C_DecryptFinal, session, {data, data_len});
}

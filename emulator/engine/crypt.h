// Room: emulator/engine. Encryption and decryption.
// All functions:  errors of FindMechanism(), OpenFor(), OpenStateOf(); CKR_DATA_LEN_RANGE,
// CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID; Update and Final
// CKR_FUNCTION_NOT_SUPPORTED. `operation` is kEncrypt or kDecrypt.
#pragma once

#include "emulator/engine/block_stream.h"
#include "emulator/engine/card.h"

namespace gw::emulator {

// What a family of block cipher mechanisms is made of.
struct CipherRow {
  Family family;
  BlockCipher cipher;
  BlockMode mode;
  bool padded;
};
// Null for RSA.
const CipherRow* CipherOf(Family family);

struct CryptStep {
  Bytes state;
  Bytes output;  // may be empty
};

Result<Bytes> CryptSingle(Card& card, Operation operation, const Mechanism& mechanism, ByteView key,
                          ByteView data);
Result<Bytes> CryptInit(Card& card, Operation operation, const Mechanism& mechanism, ByteView key);
Result<Bytes> CryptOneShot(Card& card, Operation operation, ByteView state, ByteView data);
Result<CryptStep> CryptUpdate(Card& card, Operation operation, ByteView state, ByteView data);
Result<Bytes> CryptFinal(Card& card, Operation operation, ByteView state);

// From one key to another without showing the cleartext.
struct ReencryptLeg {
  Mechanism mechanism;
  ByteView key;
};
Result<Bytes> Reencrypt(Card& card, const ReencryptLeg& from, const ReencryptLeg& to,
                        ByteView ciphertext);

// The algorithm alone, for an opened key: wrapping uses it under other rights.
Result<Bytes> CryptWith(const MechanismRow& row, const Mechanism& mechanism, const Key& key,
                        Operation operation, ByteView data);

}  // namespace gw::emulator

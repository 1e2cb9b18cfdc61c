// Room: emulator/engine.
#include "emulator/engine/crypt.h"

#include "daemon/core/check.h"
#include "emulator/crypto/rsa.h"

namespace gw::emulator {
namespace {

constexpr CipherRow kCiphers[] = {
    {Family::kAesEcb, kAesCipher, BlockMode::kEcb, false},
    {Family::kAesCbc, kAesCipher, BlockMode::kCbc, false},
    {Family::kAesCbcPad, kAesCipher, BlockMode::kCbc, true},
    {Family::kDes3Ecb, kDes3Cipher, BlockMode::kEcb, false},
    {Family::kDes3Cbc, kDes3Cipher, BlockMode::kCbc, false},
    {Family::kDes3CbcPad, kDes3Cipher, BlockMode::kCbc, true},
};

Direction DirectionOf(Operation operation) {
  return operation == Operation::kEncrypt ? Direction::kEncrypt : Direction::kDecrypt;
}

BlockStream StreamOf(const CipherRow& cipher, const Mechanism& mechanism, Operation operation) {
  const auto* iv = std::get_if<Bytes>(&mechanism.params);
  return BlockStream(cipher.cipher, cipher.mode, cipher.padded, DirectionOf(operation),
                     iv == nullptr ? ByteView() : ByteView(*iv));
}

RsaFormat RsaFormatOf(const Mechanism& mechanism) {
  const auto* oaep = std::get_if<OaepParams>(&mechanism.params);
  if (oaep == nullptr) return {RsaScheme::kPkcs1, HashId::kNone, 0, {}};
  return {RsaScheme::kOaep, HashOfMechanism(oaep->hash), 0, oaep->label};
}

struct Crypter {
  const MechanismRow* row;
  KeyPtr key;
};

Result<Crypter> Prepare(Card& card, Operation operation, const Mechanism& mechanism, ByteView key) {
  const bool encrypt = operation == Operation::kEncrypt;
  GW_TRY(row, FindMechanism(mechanism, encrypt ? CKF_ENCRYPT : CKF_DECRYPT));
  GW_TRY(opened, OpenFor(card, key, *row, encrypt ? kUseEncrypt : kUseDecrypt));
  return Crypter{row, std::move(opened)};
}

struct Resumed {
  OperationState state;
  KeyPtr key;
  BlockStream stream;
};

Result<Resumed> ResumeStream(Card& card, Operation operation, ByteView sealed) {
  GW_TRY(state, OpenStateOf(card, operation, sealed));
  GW_TRY(row, MultiPartRow(state));
  GW_TRY(crypter, Prepare(card, operation, state.mechanism, state.key_blob));
  BlockStream stream = StreamOf(*CipherOf(row->family), state.mechanism, operation);
  GW_TRY_VOID(stream.Import(state.progress));
  return Resumed{std::move(state), std::move(crypter.key), std::move(stream)};
}

}  // namespace

const CipherRow* CipherOf(Family family) {
  for (const CipherRow& row : kCiphers) {
    if (row.family == family) return &row;
  }
  return nullptr;
}

Result<Bytes> CryptWith(const MechanismRow& row, const Mechanism& mechanism, const Key& key,
                        Operation operation, ByteView data) {
  const CipherRow* cipher = CipherOf(row.family);
  if (cipher == nullptr) {
    return operation == Operation::kEncrypt ? RsaEncrypt(*key.pkey, RsaFormatOf(mechanism), data)
                                            : RsaDecrypt(*key.pkey, RsaFormatOf(mechanism), data);
  }
  BlockStream stream = StreamOf(*cipher, mechanism, operation);
  Bytes out = stream.Update(key.value.view(), data);
  GW_TRY(last, stream.Final(key.value.view()));
  Append(out, last);
  return out;
}

Result<Bytes> CryptSingle(Card& card, Operation operation, const Mechanism& mechanism, ByteView key,
                          ByteView data) {
  GW_TRY(crypter, Prepare(card, operation, mechanism, key));
  return CryptWith(*crypter.row, mechanism, *crypter.key, operation, data);
}

Result<Bytes> CryptInit(Card& card, Operation operation, const Mechanism& mechanism, ByteView key) {
  GW_TRY(crypter, Prepare(card, operation, mechanism, key));
  OperationState state;
  state.operation = operation;
  state.mechanism = mechanism;
  BindState(card, *crypter.key, key, state);
  if (const CipherRow* cipher = CipherOf(crypter.row->family)) {
    state.progress = StreamOf(*cipher, mechanism, operation).Export();
  }
  return SealState(card.master(), state);
}

Result<Bytes> CryptOneShot(Card& card, Operation operation, ByteView state, ByteView data) {
  GW_TRY(opened, OpenStateOf(card, operation, state));
  GW_TRY_VOID(RequireFresh(opened));
  return CryptSingle(card, operation, opened.mechanism, opened.key_blob, data);
}

Result<CryptStep> CryptUpdate(Card& card, Operation operation, ByteView state, ByteView data) {
  GW_TRY(resumed, ResumeStream(card, operation, state));
  CryptStep step;
  step.output = resumed.stream.Update(resumed.key->value.view(), data);
  resumed.state.taken += data.size();
  resumed.state.progress = resumed.stream.Export();
  step.state = SealState(card.master(), resumed.state);
  return step;
}

Result<Bytes> CryptFinal(Card& card, Operation operation, ByteView state) {
  GW_TRY(resumed, ResumeStream(card, operation, state));
  return resumed.stream.Final(resumed.key->value.view());
}

Result<Bytes> Reencrypt(Card& card, const ReencryptLeg& from, const ReencryptLeg& to,
                        ByteView ciphertext) {
  GW_TRY(decrypter, Prepare(card, Operation::kDecrypt, from.mechanism, from.key));
  GW_TRY(encrypter, Prepare(card, Operation::kEncrypt, to.mechanism, to.key));
  GW_TRY(plain, CryptWith(*decrypter.row, from.mechanism, *decrypter.key, Operation::kDecrypt,
                          ciphertext));
  Result<Bytes> out =
      CryptWith(*encrypter.row, to.mechanism, *encrypter.key, Operation::kEncrypt, plain);
  Wipe(plain);
  return out;
}

}  // namespace gw::emulator

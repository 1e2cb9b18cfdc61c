// Room: tests/fuzz. Operation states of the emulator behind a good seal: any content, and any
// progress of any mechanism with a key that fits or not, taken up by every function that takes a
// state.
#include <array>

#include "emulator/blob/codec.h"
#include "emulator/blob/envelope.h"
#include "emulator/engine/crypt.h"
#include "emulator/engine/digest.h"
#include "emulator/engine/sign.h"
#include "tests/fuzz/emulator_keys.h"

namespace gw::emulator {
namespace {

const Bytes kData(20, 'd');

void TakeUp(Card& card, ByteView state) {
  static_cast<void>(DigestUpdate(card, state, kData));
  static_cast<void>(DigestFinal(card, state));
  static_cast<void>(DigestOneShot(card, state, kData));
  for (const Operation operation : {Operation::kEncrypt, Operation::kDecrypt}) {
    const auto step = CryptUpdate(card, operation, state, kData);
    if (step) static_cast<void>(CryptFinal(card, operation, step->state));
    static_cast<void>(CryptFinal(card, operation, state));
    static_cast<void>(CryptOneShot(card, operation, state, kData));
  }
  for (const Operation operation : {Operation::kSign, Operation::kVerify}) {
    static_cast<void>(SignatureUpdate(card, operation, state, kData));
  }
  static_cast<void>(SignFinal(card, state));
  static_cast<void>(SignOneShot(card, state, kData));
  static_cast<void>(VerifyFinal(card, state, kData));
  static_cast<void>(VerifyOneShot(card, state, kData, kData));
}

const MechanismParams& ParamsFor(Byte index) {
  static const std::array<MechanismParams, 7> params = {std::monostate{},
                                                        Bytes(16, 9),
                                                        OaepParams{CKM_SHA256, CKG_MGF1_SHA256, {}},
                                                        PssParams{CKM_SHA256, CKG_MGF1_SHA256, 20},
                                                        Ecdh1Params{CKD_NULL, {}, Bytes(65, 4)},
                                                        EcsgParams{kEcsgS256},
                                                        BtcParams{}};
  return params[index % params.size()];
}

// Operation, mechanism, parameters, key, octets taken, then the progress.
OperationState Shaped(ByteView input) {
  Reader reader(input);
  OperationState state;
  state.operation = static_cast<Operation>(reader.U8() % 6);
  state.mechanism.type = MechanismTable()[reader.U8() % MechanismTable().size()].type;
  state.mechanism.params = ParamsFor(reader.U8());
  state.key_blob = FuzzBlobs()[reader.U8() % FuzzBlobs().size()];
  state.taken = reader.U8();
  state.progress = CopyOf(reader.rest());
  return state;
}

void Run(ByteView input) {
  Card card(FuzzUnit(), FuzzConnection);
  TakeUp(card, input);
  TakeUp(card, SealEnvelope(FuzzMaster(), {0, kStateMarker, CopyOf(input)}));
  TakeUp(card, SealState(FuzzMaster(), Shaped(input)));
}

}  // namespace
}  // namespace gw::emulator

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gw::emulator::Run({data, size});
  return 0;
}

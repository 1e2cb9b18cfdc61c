// Room: emulator/blob.
#include "emulator/blob/state.h"

#include <array>

#include "emulator/blob/codec.h"
#include "emulator/blob/envelope.h"

namespace gw::emulator {
namespace {

// The alternatives of MechanismParams by index; a row writes one and reads it back.
void WriteParams(Writer&, const std::monostate&) {}
void WriteParams(Writer& w, const Bytes& bytes) { w.Field(bytes); }
void WriteParams(Writer& w, const OaepParams& p) { w.U64(p.hash).U64(p.mgf).Field(p.label); }
void WriteParams(Writer& w, const PssParams& p) { w.U64(p.hash).U64(p.mgf).U64(p.salt_bytes); }
void WriteParams(Writer& w, const Ecdh1Params& p) {
  w.U64(p.kdf).Field(p.shared_data).Field(p.public_data);
}
void WriteParams(Writer&, const ForeignParams&) {}
void WriteParams(Writer& w, const EcsgParams& p) { w.U64(p.type); }
void WriteParams(Writer& w, const BtcParams& p) {
  w.U64(p.type).U64(p.child_key_index).Field(p.chain_code).U64(p.version);
}
void WriteParams(Writer& w, const KyberParams& p) {
  w.U64(p.version).U64(p.mode).U64(p.kdf).U8(p.prepend ? 1 : 0);
  w.Field(p.ciphertext).Field(p.shared_data).Field(p.blob);
}

MechanismParams ReadBytes(Reader& r) { return CopyOf(r.Field()); }
MechanismParams ReadOaep(Reader& r) {
  OaepParams p;
  p.hash = r.U64();
  p.mgf = r.U64();
  p.label = CopyOf(r.Field());
  return p;
}
MechanismParams ReadPss(Reader& r) {
  PssParams p;
  p.hash = r.U64();
  p.mgf = r.U64();
  p.salt_bytes = r.U64();
  return p;
}
MechanismParams ReadEcdh1(Reader& r) {
  Ecdh1Params p;
  p.kdf = r.U64();
  p.shared_data = CopyOf(r.Field());
  p.public_data = CopyOf(r.Field());
  return p;
}

MechanismParams ReadEcsg(Reader& r) { return EcsgParams{r.U64()}; }
MechanismParams ReadBtc(Reader& r) {
  BtcParams p;
  p.type = r.U64();
  p.child_key_index = r.U64();
  p.chain_code = CopyOf(r.Field());
  p.version = r.U64();
  return p;
}
MechanismParams ReadKyber(Reader& r) {
  KyberParams p;
  p.version = r.U64();
  p.mode = r.U64();
  p.kdf = r.U64();
  p.prepend = r.U8() != 0;
  p.ciphertext = CopyOf(r.Field());
  p.shared_data = CopyOf(r.Field());
  p.blob = CopyOf(r.Field());
  return p;
}

using ReadParams = MechanismParams (*)(Reader&);
constexpr std::array<ReadParams, std::variant_size_v<MechanismParams>> kReaders = {
    [](Reader&) -> MechanismParams { return std::monostate{}; },
    ReadBytes,
    ReadOaep,
    ReadPss,
    ReadEcdh1,
    [](Reader&) -> MechanismParams { return ForeignParams{}; },
    ReadEcsg,
    ReadBtc,
    ReadKyber,
};

Error Damaged() { return CallerError(CKR_ENCRYPTED_DATA_INVALID, "operation state is damaged"); }

}  // namespace

Bytes SealState(const MasterKey& master, const OperationState& state) {
  Writer writer;
  writer.U8(static_cast<Byte>(state.operation)).U64(state.taken).U64(state.mechanism.type);
  writer.U8(static_cast<Byte>(state.mechanism.params.index()));
  std::visit([&writer](const auto& params) { WriteParams(writer, params); },
             state.mechanism.params);
  writer.Field(state.key_blob).Field(state.progress);
  return SealEnvelope(master, {0, kStateMarker, writer.Take(), state.session});
}

Result<OperationState> OpenState(const MasterKey& master, ByteView sealed) {
  if (sealed.empty()) return CallerError(CKR_OPERATION_NOT_INITIALIZED, "no operation state");
  GW_TRY(envelope, OpenEnvelope(master, kStateMarker, sealed));
  Reader reader(envelope.content);
  OperationState state;
  state.session = envelope.session;
  state.operation = static_cast<Operation>(reader.U8());
  state.taken = reader.U64();
  state.mechanism.type = reader.U64();
  const std::size_t params = reader.U8();
  if (params >= kReaders.size()) return Damaged();
  state.mechanism.params = kReaders[params](reader);
  state.key_blob = CopyOf(reader.Field());
  state.progress = CopyOf(reader.Field());
  if (!reader.ok()) return Damaged();
  return state;
}

}  // namespace gw::emulator

// Room: emulator/blob.
#include "emulator/blob/envelope.h"

#include "emulator/blob/codec.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kNonceFieldBytes = 14;

Bytes Header(const MasterKey& master, const Envelope& envelope) {
  return Writer()
      .Raw(envelope.session)
      .Raw(master.wkid())
      .U64(envelope.attributes)
      .U64(kFips2009Mode)
      .U8(static_cast<Byte>(envelope.marker >> 8))
      .U8(static_cast<Byte>(envelope.marker))
      .Take();
}

ByteView KeyFor(const MasterKey& master, std::uint16_t marker) {
  return marker == kBlobMarker ? master.blob_key() : master.state_key();
}

Error Malformed(const char* why) { return CallerError(CKR_ENCRYPTED_DATA_INVALID, why); }

}  // namespace

Bytes SealEnvelope(const MasterKey& master, const Envelope& envelope) {
  Bytes out = Header(master, envelope);
  Bytes nonce = RandomBytes(kGcmNonceBytes);
  const Bytes sealed = GcmSeal(KeyFor(master, envelope.marker), nonce, out, envelope.content);
  nonce.resize(kNonceFieldBytes, 0);
  Append(out, nonce);
  Append(out, sealed);
  return out;
}

Result<Envelope> OpenEnvelope(const MasterKey& master, std::uint16_t marker, ByteView sealed) {
  if (sealed.size() < kEnvelopeOverheadBytes) return Malformed("shorter than an empty blob");
  Reader reader(sealed);
  Envelope envelope;
  std::ranges::copy(reader.Raw(kSessionBytes), envelope.session.begin());
  const ByteView wkid = reader.Raw(kWkidBytes);
  envelope.attributes = reader.U64();
  reader.U64();
  envelope.marker = static_cast<std::uint16_t>(reader.U8() << 8 | reader.U8());
  const ByteView nonce = reader.Raw(kNonceFieldBytes);
  if (envelope.marker != marker) return Malformed("not a blob of this kind");
  if (nonce[kGcmNonceBytes] != 0 || nonce[kGcmNonceBytes + 1] != 0) {
    return Malformed("blob was modified");
  }
  if (!Equal(wkid, master.wkid())) {
    return CallerError(CKR_IBM_WKID_MISMATCH, "wrapped by another master key");
  }
  GW_TRY(content, GcmOpen(KeyFor(master, marker), nonce.first(kGcmNonceBytes),
                          sealed.first(kEnvelopeHeaderBytes), reader.rest()));
  envelope.content = std::move(content);
  return envelope;
}

}  // namespace gw::emulator

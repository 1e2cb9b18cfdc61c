// Room: emulator/crypto.
#include "emulator/crypto/lattice.h"

#include "daemon/core/check.h"
#include "emulator/crypto/dilithium/encoding.h"
#include "emulator/crypto/dilithium/scheme.h"
#include "emulator/crypto/kyber/encoding.h"

namespace gw::emulator {
namespace {

bool IsOffered(const dilithium::StrengthRow& row) {
  return !(row.is_round2() && row.k == 5 && row.l == 4);
}
// The table has no others.
bool IsOffered(const kyber::StrengthRow&) { return true; }

template <typename StrengthRow>
Status RequireOffered(const StrengthRow& row) {
  if (IsOffered(row)) return Ok();
  return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "no card has this strength");
}

template <typename StrengthRow>
Result<const StrengthRow*> Offered(const StrengthRow* row) {
  if (row == nullptr) {
    return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "OID of no strength of the mechanism");
  }
  GW_TRY_VOID(RequireOffered(*row));
  return row;
}

template <typename Public, typename Private>
LatticeKey PairOf(const Private& key) {
  return {LatticeHalves<Public, Private>{key.public_key(), key}};
}

template <typename Public, typename Private>
Result<LatticeKey> ReadPkcs8(ByteView der) {
  GW_TRY(key, Private::FromPkcs8(der));
  GW_TRY_VOID(RequireOffered(key.strength()));
  return PairOf<Public, Private>(key);
}

template <typename Public, typename Private>
Result<LatticeKey> ReadSpki(ByteView der) {
  GW_TRY(key, Public::FromSpki(der));
  GW_TRY_VOID(RequireOffered(key.strength()));
  return LatticeKey{LatticeHalves<Public, Private>{key, std::nullopt}};
}

// Null unless the key is of this scheme.
template <typename Halves>
const Halves* HalvesOf(const PKey& key) {
  return key.lattice() == nullptr ? nullptr : std::get_if<Halves>(&key.lattice()->halves);
}

Error WrongType(const char* why) { return CallerError(CKR_KEY_TYPE_INCONSISTENT, why); }

}  // namespace

CK_KEY_TYPE LatticeKey::type() const {
  const bool is_kyber = std::holds_alternative<KyberHalves>(halves);
  return is_kyber ? CKK_IBM_PQC_KYBER : CKK_IBM_PQC_DILITHIUM;
}

ByteView LatticeKey::strength_oid() const {
  return std::visit([](const auto& h) { return h.public_key.strength().oid_der; }, halves);
}

std::size_t LatticeKey::public_key_bytes() const {
  return std::visit([](const auto& h) { return h.public_key.raw().size(); }, halves);
}

std::size_t LatticeKey::signature_bytes() const {
  const auto* dilithium = std::get_if<DilithiumHalves>(&halves);
  return dilithium == nullptr ? 0 : dilithium->public_key.strength().signature_bytes();
}

Bytes LatticeKey::Spki() const {
  return std::visit([](const auto& h) { return h.public_key.Spki(); }, halves);
}

SecretBytes LatticeKey::Pkcs8() const {
  return std::visit(
      [](const auto& h) {
        GW_CHECK(h.private_key.has_value());
        return h.private_key->Pkcs8();
      },
      halves);
}

bool IsLatticePkcs8(ByteView der) {
  return dilithium::IsDilithiumPkcs8(der) || kyber::IsKyberPkcs8(der);
}

bool IsLatticeSpki(ByteView der) {
  return dilithium::IsDilithiumSpki(der) || kyber::IsKyberSpki(der);
}

Result<const dilithium::StrengthRow*> OfferedDilithium(ByteView oid_der) {
  return Offered(dilithium::FindStrength(oid_der));
}

Result<const kyber::StrengthRow*> OfferedKyber(ByteView oid_der) {
  return Offered(kyber::FindStrength(oid_der));
}

PKey::PKey(std::shared_ptr<const LatticeKey> lattice)
    : lattice_(std::move(lattice)),
      type_(lattice_->type()),
      bits_(8 * lattice_->public_key_bytes()),
      curve_(nullptr) {}

Result<PKey> PKey::GenerateDilithium(ByteView strength) {
  GW_TRY(row, OfferedDilithium(strength));
  return PKey(std::make_shared<const LatticeKey>(
      PairOf<dilithium::PublicKey>(dilithium::PrivateKey::Generate(*row))));
}

Result<PKey> PKey::GenerateKyber(ByteView strength) {
  GW_TRY(row, OfferedKyber(strength));
  return PKey(std::make_shared<const LatticeKey>(
      PairOf<kyber::PublicKey>(kyber::PrivateKey::Generate(*row))));
}

Result<PKey> PKey::LatticeFromPkcs8(ByteView der) {
  GW_TRY(key, kyber::IsKyberPkcs8(der)
                  ? (ReadPkcs8<kyber::PublicKey, kyber::PrivateKey>(der))
                  : (ReadPkcs8<dilithium::PublicKey, dilithium::PrivateKey>(der)));
  return PKey(std::make_shared<const LatticeKey>(std::move(key)));
}

Result<PKey> PKey::LatticeFromSpki(ByteView der) {
  GW_TRY(key, kyber::IsKyberSpki(der)
                  ? (ReadSpki<kyber::PublicKey, kyber::PrivateKey>(der))
                  : (ReadSpki<dilithium::PublicKey, dilithium::PrivateKey>(der)));
  return PKey(std::make_shared<const LatticeKey>(std::move(key)));
}

Result<Bytes> DilithiumSign(const PKey& key, ByteView message) {
  const auto* halves = HalvesOf<DilithiumHalves>(key);
  if (halves == nullptr || !halves->private_key) return WrongType("not a private Dilithium key");
  return dilithium::Sign(*halves->private_key, message);
}

Status DilithiumVerify(const PKey& key, ByteView message, ByteView signature) {
  const auto* halves = HalvesOf<DilithiumHalves>(key);
  if (halves == nullptr) return WrongType("not a Dilithium key");
  return dilithium::Verify(halves->public_key, message, signature);
}

Result<kyber::Encapsulated> KyberEncapsulate(const PKey& key) {
  const auto* halves = HalvesOf<KyberHalves>(key);
  if (halves == nullptr) return WrongType("not a Kyber key");
  return kyber::Encapsulate(halves->public_key);
}

Result<SecretBytes> KyberDecapsulate(const PKey& key, ByteView ciphertext) {
  const auto* halves = HalvesOf<KyberHalves>(key);
  if (halves == nullptr || !halves->private_key) return WrongType("not a private Kyber key");
  return kyber::Decapsulate(*halves->private_key, ciphertext);
}

}  // namespace gw::emulator

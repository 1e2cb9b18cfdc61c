// Room: emulator/crypto.
#include "emulator/crypto/lattice.h"

#include "emulator/crypto/dilithium/scheme.h"

namespace gw::emulator {
namespace {

bool IsOffered(const dilithium::StrengthRow& row) {
  return !(row.is_round2() && row.k == 5 && row.l == 4);
}

Status RequireOffered(const dilithium::StrengthRow& row) {
  if (IsOffered(row)) return Ok();
  return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "no card has this strength");
}

}  // namespace

Result<const dilithium::StrengthRow*> OfferedStrength(ByteView oid_der) {
  const dilithium::StrengthRow* row = dilithium::FindStrength(oid_der);
  if (row == nullptr) {
    return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "OID of no Dilithium strength");
  }
  GW_TRY_VOID(RequireOffered(*row));
  return row;
}

PKey::PKey(std::shared_ptr<const LatticeKey> lattice)
    : lattice_(std::move(lattice)),
      type_(CKK_IBM_PQC_DILITHIUM),
      bits_(8 * lattice_->public_key.strength().public_key_bytes()),
      curve_(nullptr) {}

Result<PKey> PKey::GenerateDilithium(ByteView strength) {
  GW_TRY(row, OfferedStrength(strength));
  const auto key = dilithium::PrivateKey::Generate(*row);
  return PKey(std::make_shared<const LatticeKey>(LatticeKey{key.public_key(), key}));
}

Result<PKey> PKey::LatticeFromPkcs8(ByteView der) {
  GW_TRY(key, dilithium::PrivateKey::FromPkcs8(der));
  GW_TRY_VOID(RequireOffered(key.strength()));
  return PKey(std::make_shared<const LatticeKey>(LatticeKey{key.public_key(), key}));
}

Result<PKey> PKey::LatticeFromSpki(ByteView der) {
  GW_TRY(key, dilithium::PublicKey::FromSpki(der));
  GW_TRY_VOID(RequireOffered(key.strength()));
  return PKey(std::make_shared<const LatticeKey>(LatticeKey{key, std::nullopt}));
}

Result<Bytes> DilithiumSign(const PKey& key, ByteView message) {
  if (key.lattice() == nullptr || !key.lattice()->private_key) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a private Dilithium key");
  }
  return dilithium::Sign(*key.lattice()->private_key, message);
}

Status DilithiumVerify(const PKey& key, ByteView message, ByteView signature) {
  if (key.lattice() == nullptr) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a Dilithium key");
  }
  return dilithium::Verify(key.lattice()->public_key, message, signature);
}

}  // namespace gw::emulator

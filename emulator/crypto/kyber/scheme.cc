// Room: emulator/crypto.
#include "emulator/crypto/kyber/scheme.h"

#include "daemon/core/check.h"
#include "emulator/crypto/kyber/ntt.h"
#include "emulator/crypto/kyber/sampling.h"
#include "emulator/crypto/lattice/shake.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator::kyber {
namespace {

// A bit of the message is a coefficient: 0, or as far from it as there is.
constexpr unsigned kMessageBits = 1;
constexpr std::size_t kPreKeyBytes = 32;

// The encryption below the encapsulation. The same message and coins give the same ciphertext.
WipedBytes Encrypt(const PublicKey& key, ByteView message, ByteView coins) {
  const StrengthRow& row = key.strength();
  const PolyVec r = Transformed(SampleNoise(coins, 0, row.k));
  const PolyVec u = Sum(TransformedBack(MatrixTimes(Transposed(key.matrix(), row.k), r)),
                        SampleNoise(coins, row.k, row.k));
  PolyVec v = Sum(TransformedBack(MatrixTimes(key.t(), r)), SampleNoise(coins, 2 * row.k, 1));
  v = Sum(std::move(v), UnpackRounded(message, kMessageBits));
  WipedBytes ciphertext = PackRounded(u, row.du);
  const WipedBytes packed_v = PackRounded(std::move(v), row.dv);
  ciphertext.insert(ciphertext.end(), packed_v.begin(), packed_v.end());
  return ciphertext;
}

WipedBytes Decrypt(const PrivateKey& key, ByteView ciphertext) {
  const StrengthRow& row = key.strength();
  const PolyVec u = UnpackRounded(ciphertext.first(row.u_bytes()), row.du);
  const PolyVec v = UnpackRounded(ciphertext.last(row.v_bytes()), row.dv);
  const PolyVec mask = TransformedBack(MatrixTimes(key.s(), Transformed(u)));
  return PackRounded(Difference(v, mask), kMessageBits);
}

// Pre-key and coins. With the key's hash in them, one message is another one for each key.
WipedBytes Expanded(const PublicKey& key, ByteView message) {
  return lattice::Sha3_512({message, key.hash()});
}

SecretBytes SecretOf(ByteView pre_key, ByteView ciphertext) {
  return SecretBytes(lattice::Shake256({pre_key, lattice::Sha3_256({ciphertext})}, kSecretBytes));
}

// 0xff if they differ, else 0. Never a bool that a branch could be made of; volatile, so that the
// compiler does not find out that this is a comparison.
Byte MaskIfDifferent(ByteView a, ByteView b) {
  GW_CHECK(a.size() == b.size());
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= std::uint32_t{a[i]} ^ b[i];
  const volatile std::uint32_t opaque = difference;
  return static_cast<Byte>((0 - opaque) >> 8);
}

}  // namespace

Encapsulated Encapsulate(const PublicKey& key) {
  SecretBytes randomness = SecretBytes::OfSize(kMessageBytes);
  FillRandom(randomness.mutable_view());
  return EncapsulateFrom(key, randomness.view());
}

Encapsulated EncapsulateFrom(const PublicKey& key, ByteView randomness) {
  GW_CHECK(randomness.size() == kMessageBytes);
  // Hashed first, so that nobody sees what the generator of random numbers gives out.
  const WipedBytes message = lattice::Sha3_256({randomness});
  const WipedBytes expanded = Expanded(key, message);
  Bytes ciphertext = CopyOf(Encrypt(key, message, ByteView(expanded).subspan(kPreKeyBytes)));
  SecretBytes secret = SecretOf(ByteView(expanded).first(kPreKeyBytes), ciphertext);
  return {std::move(ciphertext), std::move(secret)};
}

Result<SecretBytes> Decapsulate(const PrivateKey& key, ByteView ciphertext) {
  if (ciphertext.size() != key.strength().ciphertext_bytes()) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "Kyber ciphertext of a wrong length");
  }
  const WipedBytes message = Decrypt(key, ciphertext);
  WipedBytes expanded = Expanded(key.public_key(), message);
  const WipedBytes expected =
      Encrypt(key.public_key(), message, ByteView(expanded).subspan(kPreKeyBytes));
  const Byte refused = MaskIfDifferent(expected, ciphertext);
  for (std::size_t i = 0; i < kPreKeyBytes; ++i) {
    expanded[i] = static_cast<Byte>(expanded[i] ^ (refused & (expanded[i] ^ key.z()[i])));
  }
  return SecretOf(ByteView(expanded).first(kPreKeyBytes), ciphertext);
}

}  // namespace gw::emulator::kyber

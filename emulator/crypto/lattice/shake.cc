// Room: emulator/crypto.
#include "emulator/crypto/lattice/shake.h"

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator::lattice {
namespace {

using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;

const EVP_MD* Fetched(const char* name) {
  const EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
  GW_CHECK(md != nullptr);
  return md;
}

const EVP_MD* MdOf(Shake shake) {
  static const EVP_MD* const k128 = Fetched("SHAKE128");
  static const EVP_MD* const k256 = Fetched("SHAKE256");
  return shake == Shake::k128 ? k128 : k256;
}

// A sponge that has taken the parts in; freeing it wipes it.
MdCtxPtr Absorbed(const EVP_MD* hash, std::initializer_list<ByteView> parts) {
  MdCtxPtr md(EVP_MD_CTX_new());
  GW_CHECK(md != nullptr && EVP_DigestInit_ex2(md.get(), hash, nullptr) == 1);
  for (const ByteView part : parts) {
    GW_CHECK(EVP_DigestUpdate(md.get(), part.data(), part.size()) == 1);
  }
  return md;
}

WipedBytes Sha3(HashId hash, std::initializer_list<ByteView> parts) {
  const MdCtxPtr md = Absorbed(emulator::MdOf(hash), parts);
  WipedBytes digest(RowOf(hash).digest_bytes);
  GW_CHECK(EVP_DigestFinal_ex(md.get(), digest.data(), nullptr) == 1);
  return digest;
}

}  // namespace

void ShakeInto(Shake shake, std::initializer_list<ByteView> parts, std::span<Byte> out) {
  const MdCtxPtr md = Absorbed(MdOf(shake), parts);
  GW_CHECK(EVP_DigestFinalXOF(md.get(), out.data(), out.size()) == 1);
}

WipedBytes Shake256(std::initializer_list<ByteView> parts, std::size_t size) {
  WipedBytes out(size);
  ShakeInto(Shake::k256, parts, out);
  return out;
}

WipedBytes Sha3_256(std::initializer_list<ByteView> parts) {
  return Sha3(HashId::kSha3_256, parts);
}

WipedBytes Sha3_512(std::initializer_list<ByteView> parts) {
  return Sha3(HashId::kSha3_512, parts);
}

}  // namespace gw::emulator::lattice

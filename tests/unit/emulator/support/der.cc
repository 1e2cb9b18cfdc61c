// Room: tests.
#include "tests/unit/emulator/support/der.h"

#include <algorithm>

#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

constexpr Byte kDsaOid[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01};
constexpr Byte kDhOid[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01};
constexpr Byte kRsaOidAndNull[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                   0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

Bytes Tagged(Byte tag, ByteView content) {
  Bytes der;
  der.reserve(content.size() + 4);
  der.push_back(tag);
  if (content.size() >= 0x100) {
    der.push_back(0x82);
    der.push_back(static_cast<Byte>(content.size() >> 8));
  } else if (content.size() >= 0x80) {
    der.push_back(0x81);
  }
  der.push_back(static_cast<Byte>(content.size()));
  Append(der, content);
  return der;
}

Bytes Joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) Append(all, part);
  return all;
}

Bytes PrivateKeyInfo(ByteView algorithm, ByteView key) {
  return DerSequence(Joined({DerInteger({}), DerSequence(algorithm), Tagged(0x04, key)}));
}

BignumPtr NumberOf(ByteView octets) {
  return BignumPtr(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

Bytes OctetsOf(const BIGNUM* number) {
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets.data());
  return octets;
}

// d modulo prime - 1.
Bytes CrtExponent(ByteView d, ByteView prime) {
  const BnCtxPtr context(BN_CTX_new());
  const BignumPtr below = NumberOf(prime);
  const BignumPtr rest(BN_new());
  BN_sub_word(below.get(), 1);
  BN_mod(rest.get(), NumberOf(d).get(), below.get(), context.get());
  return OctetsOf(rest.get());
}

Bytes Inverse(ByteView number, ByteView modulus) {
  const BnCtxPtr context(BN_CTX_new());
  const BignumPtr inverse(
      BN_mod_inverse(nullptr, NumberOf(number).get(), NumberOf(modulus).get(), context.get()));
  return OctetsOf(inverse.get());
}

}  // namespace

Bytes DerInteger(ByteView number) {
  const auto first = std::ranges::find_if(number, [](Byte octet) { return octet != 0; });
  Bytes content;
  content.reserve(number.size() + 1);
  if (first == number.end() || *first >= 0x80) content.push_back(0);
  content.insert(content.end(), first, number.end());
  return Tagged(0x02, content);
}

Bytes DerSequence(ByteView content) { return Tagged(0x30, content); }

Bytes DsaPkcs8(ByteView p, ByteView q, ByteView g, ByteView x) {
  const Bytes params = DerSequence(Joined({DerInteger(p), DerInteger(q), DerInteger(g)}));
  return PrivateKeyInfo(Joined({CopyOf(kDsaOid), params}), DerInteger(x));
}

Bytes DhPkcs8(ByteView p, ByteView g, ByteView x) {
  const Bytes params = DerSequence(Joined({DerInteger(p), DerInteger(g)}));
  return PrivateKeyInfo(Joined({CopyOf(kDhOid), params}), DerInteger(x));
}

Bytes RsaPkcs8(ByteView n, ByteView e, ByteView d, ByteView p, ByteView q) {
  const Bytes key = DerSequence(Joined({DerInteger({}), DerInteger(n), DerInteger(e), DerInteger(d),
                                        DerInteger(p), DerInteger(q), DerInteger(CrtExponent(d, p)),
                                        DerInteger(CrtExponent(d, q)), DerInteger(Inverse(q, p))}));
  return PrivateKeyInfo(kRsaOidAndNull, key);
}

Bytes RsaSpki(ByteView n, ByteView e) {
  const Bytes key = DerSequence(Joined({DerInteger(n), DerInteger(e)}));
  return DerSequence(
      Joined({DerSequence(kRsaOidAndNull), Tagged(0x03, Joined({Bytes(1, 0), key}))}));
}

}  // namespace gw::emulator

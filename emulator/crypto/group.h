// Room: emulator/crypto. Points and scalars of the Weierstrass curves, for the algorithms that EVP
// does not have. `curve` is a row of the table, and not that of a raw curve. Threads: any.
#pragma once

#include "daemon/core/bytes.h"
#include "emulator/crypto/curves.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {

// Both live for ever and are never null: OpenSSL has every row of the table.
const EC_GROUP* GroupOf(const CurveRow& curve);
const BIGNUM* OrderOf(const CurveRow& curve);

// A context whose numbers are wiped when it goes.
BnCtxPtr NewBnCtx();
// Zero, marked for the paths of OpenSSL that take the same time for every value.
SecretBignumPtr NewSecretBignum();
// Big-endian, any length; as above.
SecretBignumPtr SecretBignumOf(ByteView big_endian);

// A private key. Null unless it is order_bytes long and in 1..order-1.
SecretBignumPtr ScalarOf(const CurveRow& curve, ByteView big_endian);
// In 1..order-1, from the generator for secrets.
SecretBignumPtr RandomScalar(const CurveRow& curve);
//   scalar  in 0..order-1
SecretBytes BytesOfScalar(const CurveRow& curve, const BIGNUM* scalar);

// `scalar` * G in a time that does not tell the scalar.
//   scalar  in 1..order-1
EcPointPtr TimesGenerator(const CurveRow& curve, const BIGNUM* scalar);

// Null unless `point` is 04 || X || Y of a point on the curve.
EcPointPtr PointOf(const CurveRow& curve, ByteView point);
//   point  not the one at infinity
Bytes UncompressedOf(const CurveRow& curve, const EC_POINT* point);
Bytes CompressedOf(const CurveRow& curve, const EC_POINT* point);

}  // namespace gw::emulator

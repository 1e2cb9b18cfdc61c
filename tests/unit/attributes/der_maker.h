// DER by hand, and the frame of an X.509 certificate, for the tests of this room.
#pragma once

#include <initializer_list>

#include "daemon/core/bytes.h"

namespace gw {

inline Bytes Der(Byte tag, std::initializer_list<Bytes> parts) {
  Bytes content;
  for (const Bytes& part : parts) Append(content, part);
  Bytes der{tag};
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

// A Name with one common name.
inline Bytes NameDer(std::string_view common_name) {
  const Bytes type = Der(0x06, {Bytes{0x55, 0x04, 0x03}});
  const Bytes value = Der(0x0c, {CopyOf(common_name)});
  return Der(0x30, {Der(0x31, {Der(0x30, {type, value})})});
}

// A version 3 certificate; key and signature are filler.
inline Bytes CertificateDer(std::string_view subject) {
  const Bytes version = Der(0xa0, {Bytes{0x02, 0x01, 0x02}});
  const Bytes serial = Der(0x02, {Bytes{0x01, 0x23}});
  const Bytes algorithm = Der(0x30, {Der(0x06, {Bytes{0x2a, 0x03}})});
  const Bytes validity = Der(0x30, {Der(0x17, {Bytes(13, '1')}), Der(0x17, {Bytes(13, '2')})});
  const Bytes key = Der(0x30, {Bytes(300, 0x55)});
  const Bytes to_sign =
      Der(0x30, {version, serial, algorithm, NameDer("issuer"), validity, NameDer(subject), key});
  return Der(0x30, {to_sign, algorithm, Der(0x03, {Bytes(65, 0)})});
}

}  // namespace gw

// Room: pkcs11-shim. Fields of the information structures: fixed size, blank-padded, no end mark
// (PKCS #11 v2.40, 3.1). The daemon sends them as they are meant, the shim pads.
#pragma once

#include <string.h>

#include "pkcs11-shim/ck.h"
#include "proto/wire/codec.h"

namespace gw::shim {

// Longer text is cut, at the beginning of a UTF-8 character.
template <size_t size>
void ReadText(wire::Reader& reader, CK_UTF8CHAR (&field)[size]) {
  const wire::Octets text = reader.Bytes();
  size_t length = text.size < size ? text.size : size;
  while (length < text.size && length > 0 && (text.data[length] & 0xC0) == 0x80) --length;
  memset(field, ' ', size);
  if (length != 0) memcpy(field, text.data, length);
}

inline CK_VERSION ReadVersion(wire::Reader& reader) {
  CK_VERSION version;
  version.major = reader.U8();
  version.minor = reader.U8();
  return version;
}

inline CK_ULONG ReadNumber(wire::Reader& reader) { return static_cast<CK_ULONG>(reader.U64()); }

}  // namespace gw::shim

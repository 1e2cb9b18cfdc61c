// Room: localcrypto, private to it. Touches nothing. DER around secrets: nothing of them is left in
// memory that is not wiped.
#pragma once

#include <initializer_list>

#include "daemon/core/bytes.h"

namespace gw::secret_der {

// One element around the parts.
SecretBytes Element(Byte tag, std::initializer_list<ByteView> parts);
// INTEGER of a big-endian magnitude.
SecretBytes Integer(ByteView magnitude);

}  // namespace gw::secret_der

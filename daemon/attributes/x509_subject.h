// Room: attributes. The one thing that is read out of certificates here.
#pragma once

#include "daemon/core/bytes.h"

namespace gw {

// The DER of the subject's Name in an X.509 certificate: a part of `certificate`, or empty if that
// is no certificate. The signature is not looked at.
//   source  RFC 5280 4.1
ByteView SubjectOf(ByteView certificate);

}  // namespace gw

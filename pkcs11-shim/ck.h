// Room: pkcs11-shim. The only include of the PKCS #11 headers here, and it comes first everywhere:
// the declarations of the C_ functions are made visible by it, all other symbols stay hidden.
#pragma once

#pragma GCC visibility push(default)
#include "proto/pkcs11/ck_v3.h"
#pragma GCC visibility pop
#include "proto/wire/functions.h"

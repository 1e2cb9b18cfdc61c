// Room: localcrypto, private to it. May touch: OpenSSL. Owners for its objects, digests fetched
// once, and its error queue.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>
#include <string>

#include "daemon/mechanism/mechanism_table.h"

namespace gw::openssl {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Pkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free<EVP_MAC_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Free<EVP_KDF_CTX_free>>;

// The digest, fetched at first use and kept for ever: a fetch by name takes a lock of the whole
// library. `hash` must not be Hash::kNone.
const EVP_MD* MdOf(Hash hash);

// What OpenSSL says about the last failure of this thread; empties its queue.
std::string TakeErrors();

}  // namespace gw::openssl

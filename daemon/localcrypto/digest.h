// Room: localcrypto. May include: core, mechanism headers. May touch: OpenSSL, which no other room
// of the daemon includes. Digests computed here instead of in the HSM.
#pragma once

#include <memory>

#include "daemon/core/bytes.h"
#include "daemon/mechanism/mechanism_table.h"

struct evp_md_ctx_st;

namespace gw {

// One running digest. A value that can be moved, owned by the active operation it serves. Thread:
// any, one at a time. The state is wiped when the object dies.
class Digest {
 public:
  // `hash` must not be Hash::kNone: a caller that asks for it has a bug, and the process ends.
  static Digest Start(Hash hash);

  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest();

  void Update(ByteView data);

  // HashBytes(hash) octets. Ends the digest: neither Update nor Finish may follow.
  Bytes Finish();

  // A second digest of the same input so far, for operations whose state is looked at twice.
  Digest Clone() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_md_ctx_st, Free>;
  explicit Digest(Context context);

  Context context_;
};

// Digest of `data` in one call. `hash` must not be Hash::kNone. Thread: any.
Bytes HashOf(Hash hash, ByteView data);

// The DER DigestInfo of PKCS #1 v1.5, so that CKM_SHA256_RSA_PKCS over data becomes CKM_RSA_PKCS
// over DigestInfo(kSha256, digest).
//   digest  exactly HashBytes(hash) octets
//   source  RFC 8017, 9.2 note 1
Bytes DigestInfo(Hash hash, ByteView digest);

}  // namespace gw

// Room: rpc. May include: core. May touch: OpenSSL. What all TLS connections to one place share,
// and the check of who answers there.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/result.h"

namespace gw {

// PEM texts, borrowed. `certificates` and `key` are empty when the other side asks for none.
struct TlsPem {
  std::string_view roots;
  std::string_view certificates;
  std::string_view key;
};

using TlsContext = boost::asio::ssl::context;
using TlsContextPtr = std::shared_ptr<TlsContext>;

// TLS 1.2 and later, the other side's certificate checked against `pem.roots`.
//   errors  CKR_ARGUMENTS_BAD  one of the texts cannot be used
Result<TlsContextPtr> MakeTlsContext(const TlsPem& pem);

// Has the hello and the certificate's check name `host`. An address is checked, but not announced
// (RFC 6066 section 3).
//   errors  CKR_GENERAL_ERROR
Status ExpectServer(SSL* ssl, const std::string& host);

// Why the last call of OpenSSL on `ssl` failed, for people.
std::string TlsTrouble(SSL* ssl);

}  // namespace gw

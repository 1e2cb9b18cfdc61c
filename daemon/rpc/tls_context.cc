// Room: rpc.
#include "daemon/rpc/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

namespace gw {
namespace {

using ErrorCode = boost::system::error_code;

boost::asio::const_buffer BufferOf(std::string_view text) { return {text.data(), text.size()}; }

bool IsAddress(const std::string& host) {
  ErrorCode error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

bool AnnounceName(SSL* ssl, std::string host) {
  // What SSL_set_tlsext_host_name() does, without the cast inside that macro. OpenSSL copies.
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

}  // namespace

Result<TlsContextPtr> MakeTlsContext(const TlsPem& pem) {
  auto tls = std::make_shared<TlsContext>(TlsContext::tls_client);
  ErrorCode error;
  tls->set_options(TlsContext::default_workarounds | TlsContext::no_sslv2 | TlsContext::no_sslv3 |
                       TlsContext::no_tlsv1 | TlsContext::no_tlsv1_1,
                   error);
  if (!error) tls->set_verify_mode(boost::asio::ssl::verify_peer, error);
  if (error) return InternalError("TLS context: " + error.message());
  tls->add_certificate_authority(BufferOf(pem.roots), error);
  if (error) return CallerError(CKR_ARGUMENTS_BAD, "CA certificates: " + error.message());
  if (pem.certificates.empty()) return tls;
  tls->use_certificate_chain(BufferOf(pem.certificates), error);
  if (error) return CallerError(CKR_ARGUMENTS_BAD, "own certificate: " + error.message());
  tls->use_private_key(BufferOf(pem.key), TlsContext::pem, error);
  if (error) return CallerError(CKR_ARGUMENTS_BAD, "own key: " + error.message());
  return tls;
}

Status ExpectServer(SSL* ssl, const std::string& host) {
  if (host.empty()) return InternalError("TLS without a server name");  // it would not be checked
  X509_VERIFY_PARAM* const check = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (IsAddress(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str()) == 1) return Ok();
    return InternalError("TLS server address");
  }
  const bool set = X509_VERIFY_PARAM_set1_host(check, host.data(), host.size()) == 1;
  if (set && AnnounceName(ssl, host)) return Ok();
  return InternalError("TLS server name");
}

std::string TlsTrouble(SSL* ssl) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    return std::string("the certificate of the other side is not accepted: ") +
           X509_verify_cert_error_string(verified);
  }
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "the connection was closed" : reason;
}

}  // namespace gw

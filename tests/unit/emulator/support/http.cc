// Room: tests.
#include "tests/unit/emulator/support/http.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>

#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

using SslCtxPtr = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;

SslCtxPtr TrustOnly(const std::string& ca_pem) {
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  const BioPtr bio(BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
  const X509Ptr ca(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

std::string ReadAll(BIO* bio) {
  std::string text;
  char part[4096];
  for (int got = BIO_read(bio, part, sizeof part); got > 0;
       got = BIO_read(bio, part, sizeof part)) {
    text.append(part, static_cast<std::size_t>(got));
  }
  return text;
}

HttpAnswer Parse(const std::string& text) {
  HttpAnswer answer;
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string::npos || !text.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(text.substr(9, 3));
  answer.body = text.substr(head_end + 4);
  return answer;
}

}  // namespace

HttpAnswer HttpCall(const std::string& base, const std::string& method, const std::string& path,
                    const std::string& body, const std::string& ca_pem) {
  const bool tls = base.starts_with("https://");
  const std::string host = base.substr(tls ? 8 : 7);
  const SslCtxPtr context = tls ? TrustOnly(ca_pem) : nullptr;
  const BioPtr bio(tls ? BIO_new_ssl_connect(context.get()) : BIO_new(BIO_s_connect()));
  BIO_set_conn_hostname(bio.get(), host.c_str());
  if (BIO_do_connect(bio.get()) != 1) return {};
  const std::string request =
      method + " " + path + " HTTP/1.1\r\nHost: " + host +
      "\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  BIO_write(bio.get(), request.data(), static_cast<int>(request.size()));
  return Parse(ReadAll(bio.get()));
}

}  // namespace gw::emulator

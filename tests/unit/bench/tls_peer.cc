// The server side with plain OpenSSL and blocking sockets, so that it shares nothing with the
// client under test.
#include "tests/unit/bench/tls_peer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string_view>

namespace gw::bench {
namespace {

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using File = std::unique_ptr<std::FILE, FreeWith<std::fclose>>;

Certificate SelfSigned(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(certificate.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

// Reads to the end of the body that Content-Length announces.
std::string ReadRequest(SSL* connection) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const int size = SSL_read(connection, buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    const auto body = text.find("\r\n\r\n");
    const auto length = text.find("Content-Length: ");
    if (body == std::string::npos || length == std::string::npos) continue;
    if (text.size() - body - 4 >= std::stoul(text.substr(length + 16))) return text;
  }
}

}  // namespace

TlsPeer::TlsPeer(std::string response) {
  static int instances = 0;
  const std::string stem = ::testing::TempDir() + "tls-peer-" + std::to_string(getpid()) + "-" +
                           std::to_string(++instances);
  ca_file_ = stem + ".pem";
  key_file_ = stem + ".key";
  const Key key(EVP_EC_gen("P-256"));
  PEM_write_X509(File(std::fopen(ca_file_.c_str(), "w")).get(), SelfSigned(key.get()).get());
  PEM_write_PrivateKey(File(std::fopen(key_file_.c_str(), "w")).get(), key.get(), nullptr, nullptr,
                       0, nullptr, nullptr);

  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 1);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, response] { Serve(response); });
}

TlsPeer::~TlsPeer() {
  shutdown(listener_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  close(listener_);
  unlink(ca_file_.c_str());
  unlink(key_file_.c_str());
}

const std::string& TlsPeer::Request() {
  if (thread_.joinable()) thread_.join();
  return request_;
}

void TlsPeer::Serve(std::string response) {
  const int fd = accept(listener_, nullptr, nullptr);
  if (fd < 0) return;
  const Context context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate_file(context.get(), ca_file_.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context.get(), key_file_.c_str(), SSL_FILETYPE_PEM);
  const Connection connection(SSL_new(context.get()));
  SSL_set_fd(connection.get(), fd);
  if (SSL_accept(connection.get()) == 1) {
    request_ = ReadRequest(connection.get());
    if (!response.empty())
      SSL_write(connection.get(), response.data(), static_cast<int>(response.size()));
    SSL_shutdown(connection.get());
  }
  close(fd);
}

}  // namespace gw::bench

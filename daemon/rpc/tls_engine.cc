// Room: rpc.
#include "daemon/rpc/tls_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>

#include "daemon/core/check.h"

namespace gw {
namespace {

constexpr std::array<unsigned char, 3> kAlpn{2, 'h', '2'};
// What HTTP/2 leaves of TLS 1.2 (RFC 9113 section 9.2.2); TLS 1.3 has nothing else.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

int SizeOf(ByteView octets) { return static_cast<int>(octets.size()); }

}  // namespace

void TlsEngine::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

Result<std::unique_ptr<TlsEngine>> TlsEngine::Make(const TlsContextPtr& context,
                                                   const std::string& host) {
  std::unique_ptr<TlsEngine> engine(new TlsEngine(context));
  engine->ssl_.reset(SSL_new(context->native_handle()));
  SSL* const ssl = engine->ssl_.get();
  if (ssl == nullptr) return InternalError("SSL_new");
  engine->from_network_ = BIO_new(BIO_s_mem());
  engine->to_network_ = BIO_new(BIO_s_mem());
  GW_CHECK(engine->from_network_ != nullptr && engine->to_network_ != nullptr);
  SSL_set_bio(ssl, engine->from_network_, engine->to_network_);
  SSL_set_connect_state(ssl);
  // A renegotiation would have a write wait for a read.
  SSL_set_options(ssl, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
  if (SSL_set_cipher_list(ssl, kTls12Ciphers) != 1) return InternalError("TLS ciphers");
  if (SSL_set_alpn_protos(ssl, kAlpn.data(), kAlpn.size()) != 0) return InternalError("TLS ALPN");
  GW_TRY_VOID(ExpectServer(ssl, host));
  return engine;
}

void TlsEngine::Feed(ByteView octets) {
  if (octets.empty()) return;
  const int taken = BIO_write(from_network_, octets.data(), SizeOf(octets));
  GW_CHECK(taken == SizeOf(octets));  // it grows; out of memory aborts
}

TlsEngine::Step TlsEngine::StepOf(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Step::kMore;
    case SSL_ERROR_ZERO_RETURN:
      trouble_ = "the other side closed the connection";
      return Step::kFailed;
    default:
      trouble_ = TlsTrouble(ssl_.get());
      return Step::kFailed;
  }
}

TlsEngine::Step TlsEngine::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return StepOf(result);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  if (Equal({protocol, size}, {kAlpn.data() + 1, kAlpn.size() - 1})) return Step::kDone;
  trouble_ = "the other side does not speak HTTP/2 (it selects no ALPN protocol h2)";
  return Step::kFailed;
}

TlsEngine::Step TlsEngine::Read(std::span<Byte> out, std::size_t& size) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &size);
  return result == 1 ? Step::kDone : StepOf(result);
}

bool TlsEngine::Write(ByteView octets) {
  if (octets.empty()) return true;
  ERR_clear_error();
  std::size_t written = 0;
  // A memory BIO takes everything at once.
  const int result = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &written);
  if (result == 1 && written == octets.size()) return true;
  trouble_ = TlsTrouble(ssl_.get());
  return false;
}

ByteView TlsEngine::Pending() const {
  char* data = nullptr;
  const long size = BIO_get_mem_data(to_network_, &data);
  return {reinterpret_cast<const Byte*>(data), static_cast<std::size_t>(size)};
}

void TlsEngine::Sent(std::size_t octets) {
  std::array<Byte, 4096> passed;
  while (octets > 0) {
    const auto some = static_cast<int>(std::min(octets, passed.size()));
    const int read = BIO_read(to_network_, passed.data(), some);
    GW_CHECK(read == some);
    octets -= static_cast<std::size_t>(some);
  }
}

}  // namespace gw

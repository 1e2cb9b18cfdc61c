// Room: tests/unit/rpc. The engine against OpenSSL's own server, both in memory.
#include "daemon/rpc/tls_engine.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

#include "tests/support/certs.h"

namespace gw {
namespace {

using Step = TlsEngine::Step;

class Server {
 public:
  Server(const test::CertifiedKey& own, const char* protocol) : protocol_(protocol) {
    context_.use_certificate_chain(boost::asio::buffer(own.certificate));
    context_.use_private_key(boost::asio::buffer(own.key), TlsContext::pem);
    SSL_CTX_set_alpn_select_cb(
        context_.native_handle(),
        [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned,
           void* self) {
          const std::string& chosen = static_cast<Server*>(self)->protocol_;
          if (chosen.empty()) return SSL_TLSEXT_ERR_NOACK;
          *out = reinterpret_cast<const unsigned char*>(chosen.data());
          *size = static_cast<unsigned char>(chosen.size());
          return SSL_TLSEXT_ERR_OK;
        },
        this);
    ssl_ = SSL_new(context_.native_handle());
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_accept_state(ssl_);
  }
  ~Server() { SSL_free(ssl_); }

  // Takes what `engine` has to send, and sends what it has.
  void Talk(TlsEngine& engine) {
    const ByteView pending = engine.Pending();
    BIO_write(in_, pending.data(), static_cast<int>(pending.size()));
    engine.Sent(pending.size());
    SSL_do_handshake(ssl_);
    std::array<char, 16384> buffer;
    const int heard = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
    if (heard > 0) heard_.append(buffer.data(), static_cast<std::size_t>(heard));
    for (int size; (size = BIO_read(out_, buffer.data(), static_cast<int>(buffer.size()))) > 0;) {
      engine.Feed({reinterpret_cast<const Byte*>(buffer.data()), static_cast<std::size_t>(size)});
    }
  }
  void Say(const std::string& text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }
  void Close() { SSL_shutdown(ssl_); }
  const std::string& heard() const { return heard_; }

 private:
  const std::string protocol_;
  TlsContext context_{TlsContext::tls_server};
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  std::string heard_;
};

class TlsEngineTest : public testing::Test {
 protected:
  std::unique_ptr<TlsEngine> EngineFor(const std::string& host) {
    const std::string roots = ca_.certificate();
    auto context = MakeTlsContext({roots, {}, {}});
    EXPECT_TRUE(context.ok());
    auto engine = TlsEngine::Make(*context, host);
    EXPECT_TRUE(engine.ok());
    return std::move(*engine);
  }
  static Step ShakeHands(TlsEngine& engine, Server& server) {
    for (int i = 0; i < 10; ++i) {
      const Step step = engine.Handshake();
      server.Talk(engine);
      if (step != Step::kMore) return step;
    }
    return Step::kMore;
  }

  const test::TestCa ca_{"test CA"};
  const test::CertifiedKey own_ = ca_.Issue("hsm", {"DNS:hsm.example", "IP:192.0.2.1"});
};

TEST_F(TlsEngineTest, OctetsGoBothWays) {
  Server server(own_, "h2");
  const auto engine = EngineFor("hsm.example");
  ASSERT_EQ(ShakeHands(*engine, server), Step::kDone) << engine->trouble();
  const std::string large(100'000, 'x');
  EXPECT_TRUE(engine->Write(ViewOf(large)));
  EXPECT_GT(engine->Pending().size(), large.size());
  while (server.heard().size() < large.size()) server.Talk(*engine);
  EXPECT_EQ(server.heard(), large);
  server.Say("answer");
  server.Talk(*engine);
  std::array<Byte, 100> out;
  std::size_t size = 0;
  ASSERT_EQ(engine->Read(out, size), Step::kDone);
  EXPECT_EQ(TextOf({out.data(), size}), "answer");
  EXPECT_EQ(engine->Read(out, size), Step::kMore);
}

TEST_F(TlsEngineTest, WhatTheNetworkTookInPiecesIsSentOnce) {
  Server server(own_, "h2");
  const auto engine = EngineFor("hsm.example");
  ASSERT_EQ(ShakeHands(*engine, server), Step::kDone);
  EXPECT_TRUE(engine->Write(ViewOf(std::string(30'000, 'x'))));
  const Bytes all = CopyOf(engine->Pending());
  engine->Sent(10'000);
  EXPECT_TRUE(Equal(engine->Pending(), ByteView(all).subspan(10'000)));
  engine->Sent(all.size() - 10'000);
  EXPECT_TRUE(engine->Pending().empty());
}

TEST_F(TlsEngineTest, AnAddressIsCheckedToo) {
  Server server(own_, "h2");
  EXPECT_EQ(ShakeHands(*EngineFor("192.0.2.1"), server), Step::kDone);
  Server other(own_, "h2");
  const auto engine = EngineFor("192.0.2.2");
  EXPECT_EQ(ShakeHands(*engine, other), Step::kFailed);
  EXPECT_NE(engine->trouble().find("IP address mismatch"), std::string::npos) << engine->trouble();
}

TEST_F(TlsEngineTest, AnotherNameIsNotAccepted) {
  Server server(own_, "h2");
  const auto engine = EngineFor("other.example");
  EXPECT_EQ(ShakeHands(*engine, server), Step::kFailed);
  EXPECT_NE(engine->trouble().find("hostname mismatch"), std::string::npos) << engine->trouble();
}

TEST_F(TlsEngineTest, AnotherAuthorityIsNotAccepted) {
  const test::TestCa other("other CA");
  Server server(other.Issue("hsm", {"DNS:hsm.example"}), "h2");
  const auto engine = EngineFor("hsm.example");
  EXPECT_EQ(ShakeHands(*engine, server), Step::kFailed);
  EXPECT_NE(engine->trouble().find("not accepted"), std::string::npos) << engine->trouble();
}

TEST_F(TlsEngineTest, AServerWithoutHttp2IsNone) {
  for (const char* protocol : {"", "http/1.1"}) {
    Server server(own_, protocol);
    const auto engine = EngineFor("hsm.example");
    EXPECT_EQ(ShakeHands(*engine, server), Step::kFailed);
    EXPECT_FALSE(engine->trouble().empty());
  }
}

TEST_F(TlsEngineTest, AnEndAndGarbageAreTroubles) {
  Server server(own_, "h2");
  const auto engine = EngineFor("hsm.example");
  ASSERT_EQ(ShakeHands(*engine, server), Step::kDone);
  server.Close();
  server.Talk(*engine);
  std::array<Byte, 100> out;
  std::size_t size = 0;
  EXPECT_EQ(engine->Read(out, size), Step::kFailed);
  EXPECT_NE(engine->trouble().find("closed"), std::string::npos);

  const auto other = EngineFor("hsm.example");
  other->Feed(ViewOf("HTTP/1.1 400 Bad Request\r\n\r\n"));
  EXPECT_EQ(other->Handshake(), Step::kFailed);
  EXPECT_FALSE(other->trouble().empty());
}

TEST(TlsContextTest, TextsThatAreNoneAreRefused) {
  EXPECT_EQ(MakeTlsContext({"no certificate", {}, {}}).error().rv, CKR_ARGUMENTS_BAD);
  const test::TestCa ca("test CA");
  const std::string roots = ca.certificate();
  EXPECT_EQ(MakeTlsContext({roots, "no certificate", "no key"}).error().rv, CKR_ARGUMENTS_BAD);
  const auto own = ca.Issue("daemon", {});
  EXPECT_EQ(MakeTlsContext({roots, own.certificate, "no key"}).error().rv, CKR_ARGUMENTS_BAD);
  EXPECT_TRUE(MakeTlsContext({roots, own.certificate, own.key}).ok());
}

}  // namespace
}  // namespace gw

// Room: bench/floors. floor_server: the least that a GREP11 service can be. GenerateKeyPair makes
// one P-256 key and keeps it, SignSingle calls OpenSSL with it; no blob, no token, no counter. What
// the emulator is measured against. Touches gRPC, OpenSSL and the certificate files.
#include <grpcpp/grpcpp.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "bench/load/run.h"
#include "bench/measure/help_format.h"
#include "grep11.grpc.pb.h"

namespace gw::bench {
namespace {

using grep11::Crypto;

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

constexpr int kHalfBytes = 32;
constexpr std::size_t kMaxDerBytes = 80;
// As long as a blob of the service, so that requests are as long as there.
constexpr std::size_t kBlobBytes = 256;
// Calls that a queue is ready to take at any instant.
constexpr int kAcceptDepth = 64;

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string cert_file;
  std::string key_file;
};

// r || s of the signature over a digest. Empty if OpenSSL refuses it.
std::string Sign(EVP_PKEY* key, const std::string& digest) {
  const ContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  unsigned char der[kMaxDerBytes];
  std::size_t size = sizeof der;
  if (EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), der, &size,
                    reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) != 1) {
    return {};
  }
  const unsigned char* at = der;
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  std::string raw(2 * kHalfBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kHalfBytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kHalfBytes, kHalfBytes);
  return raw;
}

std::string SpkiOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string spki(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return spki;
}

// One call, as gRPC's asynchronous interface has it: waits, is answered, is gone. Owns itself.
class Call {
 public:
  virtual ~Call() = default;
  virtual void OnEvent(bool ok) = 0;
};

struct Service {
  Crypto::AsyncService grpc;
  PkeyPtr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1")};
};

class SignCall final : public Call {
 public:
  SignCall(Service& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue) {
    service_.grpc.RequestSignSingle(&context_, &request_, &writer_, &queue_, &queue_, this);
  }
  void OnEvent(bool ok) override {
    if (!ok || answered_) {
      delete this;
      return;
    }
    new SignCall(service_, queue_);
    answered_ = true;
    response_.set_signature(Sign(service_.key.get(), request_.data()));
    writer_.Finish(response_, grpc::Status::OK, this);
  }

 private:
  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::ServerContext context_;
  grpc::ServerAsyncResponseWriter<grep11::SignSingleResponse> writer_{&context_};
  grep11::SignSingleRequest request_;
  grep11::SignSingleResponse response_;
  bool answered_ = false;
};

class KeyCall final : public Call {
 public:
  KeyCall(Service& service, grpc::ServerCompletionQueue& queue) : service_(service), queue_(queue) {
    service_.grpc.RequestGenerateKeyPair(&context_, &request_, &writer_, &queue_, &queue_, this);
  }
  void OnEvent(bool ok) override {
    if (!ok || answered_) {
      delete this;
      return;
    }
    new KeyCall(service_, queue_);
    answered_ = true;
    response_.set_pubkeybytes(SpkiOf(service_.key.get()));
    response_.mutable_privkey()->add_keyblobs(std::string(kBlobBytes, 'k'));
    writer_.Finish(response_, grpc::Status::OK, this);
  }

 private:
  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  grpc::ServerContext context_;
  grpc::ServerAsyncResponseWriter<grep11::GenerateKeyPairResponse> writer_{&context_};
  grep11::GenerateKeyPairRequest request_;
  grep11::GenerateKeyPairResponse response_;
  bool answered_ = false;
};

std::string TextOfFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const Options& options) {
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({TextOfFile(options.key_file), TextOfFile(options.cert_file)});
  return grpc::SslServerCredentials(tls);
}

// Serves until SIGTERM or SIGINT, with a queue and a thread for each core.
int Serve(const Options& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.listen, CredentialsOf(options), &port);
  builder.RegisterService(&service.grpc);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < cores; ++i) queues.push_back(builder.AddCompletionQueue());
  const auto server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "floor_server: cannot listen on " << options.listen << '\n';
    return kExitCannotStart;
  }
  std::vector<std::thread> threads;
  for (auto& queue : queues) {
    new KeyCall(service, *queue);
    for (int i = 0; i < kAcceptDepth; ++i) new SignCall(service, *queue);
    threads.emplace_back([&queue] {
      void* tag = nullptr;
      bool ok = false;
      while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->OnEvent(ok);
    });
  }
  std::cout << "127.0.0.1:" << port << std::endl;
  int received = 0;
  sigwait(&signals, &received);
  server->Shutdown();
  for (auto& queue : queues) queue->Shutdown();
  for (std::thread& thread : threads) thread.join();
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "floor_server - the least that a GREP11 service can be: SignSingle calls OpenSSL with the "
      "one "
      "P-256 key that there is.\n\nPrints its address when it serves; SIGTERM ends it.",
      "floor_server");
  app.formatter(ManualFormatter());
  app.set_help_flag("-h,--help", "This text");
  Options options;
  app.add_option("--listen", options.listen, "Address; port 0 picks one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--tls-cert", options.cert_file, "Certificate, PEM")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->required();
  app.add_option("--tls-key", options.key_file, "Its key, PEM")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->required();
  app.footer("\nEXAMPLE\n  floor_server --tls-cert certs/server.pem --tls-key certs/server.key");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return Serve(options);
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) { return gw::bench::Main(argc, argv); }

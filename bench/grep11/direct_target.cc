// Room: bench/grep11. Blocking signatures, one channel per process.
#include "bench/grep11/direct_target.h"

#include <grpcpp/client_context.h>

#include "bench/grep11/ecdsa_check.h"
#include "bench/grep11/grep11_link.h"
#include "bench/load/workload_functions.h"

namespace gw::bench {
namespace {

constexpr std::size_t kP256SignatureBytes = 64;

class DirectCaller final : public Caller {
 public:
  DirectCaller(const Grep11Link& link, const Grep11KeyPair& key, Bytes digest)
      : link_(link), key_(key), digest_(std::move(digest)), request_(EcdsaRequest(key, digest_)) {}

  CK_RV Call() override {
    grpc::ClientContext context;
    link_.Prepare(context);
    return RvOf(link_.stub().SignSingle(&context, request_, &reply_));
  }

  Verdict Check(bool thorough) override {
    const std::string& signature = reply_.signature();
    if (signature.size() != kP256SignatureBytes) return Verdict::kWrong;
    if (!thorough) return Verdict::kPlausible;
    return EcdsaSignatureHolds(key_.spki, digest_, ViewOf(signature)) ? Verdict::kVerified
                                                                      : Verdict::kWrong;
  }

 private:
  const Grep11Link& link_;
  const Grep11KeyPair& key_;
  Bytes digest_;
  grep11::SignSingleRequest request_;
  grep11::SignSingleResponse reply_;
};

class DirectTarget final : public Target {
 public:
  DirectTarget(Grep11Link link, Grep11KeyPair key, std::size_t size_bytes,
               std::chrono::nanoseconds attach_time)
      : link_(std::move(link)),
        key_(std::move(key)),
        size_bytes_(size_bytes),
        attach_time_(attach_time) {}

  Result<std::unique_ptr<Caller>> NewCaller() override {
    return std::unique_ptr<Caller>(
        std::make_unique<DirectCaller>(link_, key_, TestOctets(size_bytes_)));
  }
  std::chrono::nanoseconds AttachTime() const override { return attach_time_; }

 private:
  Grep11Link link_;
  Grep11KeyPair key_;
  std::size_t size_bytes_;
  std::chrono::nanoseconds attach_time_;
};

}  // namespace

// The attach time includes the key: before that first call there is no connection.
Result<std::unique_ptr<Target>> OpenDirectTarget(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  GW_TRY(link, Grep11Link::Open(options.grep11));
  GW_TRY(key, link.MakeEcKey());
  const auto attach_time = std::chrono::steady_clock::now() - start;
  const std::size_t size = options.size_bytes.value_or(FindWorkload(options.op)->default_size);
  return std::unique_ptr<Target>(
      std::make_unique<DirectTarget>(std::move(link), std::move(key), size, attach_time));
}

}  // namespace gw::bench

// Room: tests/fuzz. The frame decoder and everything behind it, up to the HSM: an input is what one
// connection sends. Attached, in a session and logged in before the first byte, so that every
// handler can be reached; a session number of 1 in the input stands for that session.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/core/check.h"
#include "daemon/dispatch/dispatcher.h"
#include "daemon/keystore/memory_keystore.h"
#include "tests/support/agreeable_hsm.h"

namespace gw::fuzz {
namespace {

constexpr std::uint64_t kSlot = 0;
constexpr std::size_t kMostFrames = 64;

std::shared_ptr<Config> MakeConfig() {
  auto config = std::make_shared<Config>();
  config->gateway.times.application_grace = std::chrono::milliseconds(0);
  config->gateway.limits.gathered_bytes = 4096;
  return config;
}

TokenConfig MakeTokenConfig() {
  TokenConfig config;
  config.slot = kSlot;
  config.endpoints.resize(1);  // the configuration has at least one
  config.private_keystore = "00000000-0000-0000-0000-000000000001";
  config.public_keystore = "00000000-0000-0000-0000-000000000002";
  config.anonymous_api_key = std::make_shared<const SecretBytes>(ViewOf("anonymous"));
  return config;
}

struct BodyBuffer {
  Bytes octets;
  std::uint8_t* Extend(std::size_t bytes) {
    octets.resize(octets.size() + bytes);
    return octets.data() + octets.size() - bytes;
  }
};
using BodyWriter = wire::Writer<BodyBuffer>;

// A daemon without socket, disk and HSM. One for the whole run; each input is an application.
class Target {
 public:
  Target() {
    auto token = std::make_unique<Token>(MakeTokenConfig(), hsm_, &iam_, *keystore_);
    tokens_.Add(std::move(token));
  }

  void Run(const std::uint8_t* data, std::size_t size) {
    Attachment attachment;
    const std::uint64_t session = Prepare(attachment);
    for (std::size_t frames = 0; frames < kMostFrames; ++frames) {
      if (!Next(attachment, session, data, size)) break;
    }
    dispatcher_.Detach(attachment);
    Settle();
  }

 private:
  // One frame of the input; false at its end, or when the daemon would close the connection.
  bool Next(Attachment& attachment, std::uint64_t session, const std::uint8_t*& data,
            std::size_t& size) {
    if (size < wire::kHeaderBytes) return false;
    std::uint8_t bytes[wire::kHeaderBytes];
    std::copy_n(data, wire::kHeaderBytes, bytes);
    wire::Header header = wire::DecodeHeader(bytes);
    data += wire::kHeaderBytes;
    size -= wire::kHeaderBytes;
    const std::size_t body_bytes = std::min<std::size_t>(header.body_bytes, size);
    header.body_bytes = static_cast<std::uint32_t>(body_bytes);
    if (header.session_or_result == 1) header.session_or_result = session;
    Bytes body(data, data + body_bytes);
    data += body_bytes;
    size -= body_bytes;
    return Answer(attachment, header, body);
  }

  bool Answer(Attachment& attachment, wire::Header header, Bytes& body) {
    auto verdict = Dispatcher::Verdict::kClose;
    boost::asio::co_spawn(loop_, AnswerOne(attachment, header, body, verdict),
                          boost::asio::detached);
    Settle();
    return verdict == Dispatcher::Verdict::kReply;
  }

  Awaitable<void> AnswerOne(Attachment& attachment, wire::Header header, Bytes& body,
                            Dispatcher::Verdict& verdict) {
    reply_.Clear();
    verdict = co_await dispatcher_.Answer(attachment, header, body, reply_);
  }

  void Settle() {
    loop_.restart();
    loop_.run();
  }

  // Attach, C_OpenSession, C_Login. Returns the session.
  std::uint64_t Prepare(Attachment& attachment) {
    BodyBuffer attach;
    BodyWriter writer(attach);
    writer.U32(wire::kAttachMagic);
    writer.U16(wire::kVersionMin);
    writer.U16(wire::kVersionMax);
    writer.Bytes("fuzz", 4);
    writer.U8(sizeof(CK_ULONG));
    writer.U32(0);
    writer.U8(static_cast<std::uint8_t>(wire::Manner::kBegin));
    writer.Bytes(nullptr, 0);
    writer.U32(0);
    Must(attachment, wire::Function::kAttach, 0, attach);
    BodyBuffer open;
    BodyWriter open_writer(open);
    open_writer.U64(kSlot);
    open_writer.U64(CKF_SERIAL_SESSION | CKF_RW_SESSION);
    Must(attachment, wire::Function::C_OpenSession, 0, open);
    wire::Reader reply(reply_.octets().data() + wire::kHeaderBytes, sizeof(std::uint64_t));
    const std::uint64_t session = reply.U64();
    BodyBuffer login;
    BodyWriter login_writer(login);
    login_writer.U64(CKU_USER);
    login_writer.U8(1);
    login_writer.Bytes("pin", 3);
    Must(attachment, wire::Function::C_Login, session, login);
    return session;
  }

  void Must(Attachment& attachment, wire::Function function, std::uint64_t session,
            BodyBuffer& body) {
    wire::Header header;
    header.function = static_cast<std::uint16_t>(function);
    header.body_bytes = static_cast<std::uint32_t>(body.octets.size());
    header.session_or_result = session;
    GW_CHECK(Answer(attachment, header, body.octets));
  }

  boost::asio::io_context loop_{1};
  boost::asio::thread_pool blocking_{1};
  test::AgreeableHsm hsm_;
  test::AcceptAll iam_;
  std::unique_ptr<Keystore> keystore_ = MakeMemoryKeystore();
  TokenTable tokens_;
  ApplicationTable applications_{tokens_, 1000};
  ops::Services services_{tokens_, applications_, blocking_, MakeConfig()};
  RecordKeeper records_{SecretBytes::OfSize(Sealer::kKeyBytes), tokens_, applications_};
  Dispatcher dispatcher_{services_, records_, loop_.get_executor()};
  ReplyBuffer reply_;
};

}  // namespace
}  // namespace gw::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Token objects outlive their input, as they should; a new daemon now and then forgets them.
  constexpr std::uint64_t kInputsPerTarget = 2000;
  static std::uint64_t inputs = 0;
  static std::unique_ptr<gw::fuzz::Target> target;
  if (inputs++ % kInputsPerTarget == 0) {
    spdlog::set_level(spdlog::level::off);
    target = std::make_unique<gw::fuzz::Target>();
  }
  target->Run(data, size);
  return 0;
}

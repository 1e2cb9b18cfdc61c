// Room: bench/micro.
#include "bench/micro/memory_daemon.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <map>

#include "daemon/core/check.h"
#include "daemon/keystore/memory_keystore.h"

namespace gw::micro {
namespace {

constexpr std::uint64_t kSlot = 0;
constexpr std::size_t kMostApplications = 16;
constexpr std::size_t kBlobOctets = 2000;  // about what an EP11 blob of a P-256 key has
constexpr Byte kP256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

TokenConfig MakeTokenConfig() {
  TokenConfig config;
  config.slot = kSlot;
  config.endpoints.resize(1);  // the configuration has at least one
  config.private_keystore = "00000000-0000-0000-0000-000000000001";
  config.public_keystore = "00000000-0000-0000-0000-000000000002";
  return config;
}

std::string TextOfLabel(std::size_t key) { return "key " + std::to_string(key); }

// As many attributes as the keys of a real token have, so that a scan has as much to read.
AttributeList AttributesOf(std::size_t key) {
  AttributeList attributes;
  attributes.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  attributes.SetUlong(CKA_KEY_TYPE, CKK_EC);
  attributes.SetText(CKA_LABEL, TextOfLabel(key));
  attributes.Set(CKA_ID, UlongBytes(key));
  attributes.Set(CKA_EC_PARAMS, Bytes(std::begin(kP256), std::end(kP256)));
  for (CK_ATTRIBUTE_TYPE type : {CKA_TOKEN, CKA_PRIVATE, CKA_SIGN, CKA_SENSITIVE, CKA_MODIFIABLE})
    attributes.SetBool(type, true);
  for (CK_ATTRIBUTE_TYPE type : {CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE, CKA_EXTRACTABLE, CKA_LOCAL})
    attributes.SetBool(type, false);
  return attributes;
}

KeystoreContents ContentsOf(std::size_t keys) {
  KeystoreContents contents;
  contents.records.reserve(keys);
  // The blobs of a hundred thousand keys would be all that the memory holds; no lookup reads them.
  const std::size_t blob_octets = keys == 1 ? kBlobOctets : 16;
  for (std::size_t key = 0; key < keys; ++key) {
    contents.records.push_back({.number = key + 1,
                                .keystore = MakeTokenConfig().private_keystore,
                                .attributes = AttributesOf(key),
                                .key = KeyBlob{Bytes(blob_octets, 0x5a)},
                                .version = 1});
  }
  return contents;
}

// For a coroutine that cannot fail: an exception is the end.
void Rethrow(std::exception_ptr exception) {
  if (exception != nullptr) std::rethrow_exception(exception);
}

}  // namespace

Frame FrameOf(wire::Function function, std::uint64_t session) {
  Frame frame;
  frame.header.function = static_cast<std::uint16_t>(function);
  frame.header.session_or_result = session;
  return frame;
}

MemoryDaemon::MemoryDaemon(std::size_t keys)
    : keystore_(MakeMemoryKeystore()),
      applications_(tokens_, kMostApplications),
      services_{tokens_, applications_, blocking_, std::make_shared<Config>()},
      records_(SecretBytes::OfSize(Sealer::kKeyBytes), tokens_, applications_),
      dispatcher_(services_, records_, loop_.get_executor()) {
  spdlog::set_level(spdlog::level::warn);
  auto token = std::make_unique<Token>(MakeTokenConfig(), hsm_, &iam_, *keystore_);
  KeystoreContents contents = ContentsOf(keys);
  token->Adopt(contents);
  tokens_.Add(std::move(token));
  LogIn();
}

AttributeList MemoryDaemon::LabelOf(std::size_t key) {
  AttributeList wanted;
  wanted.SetText(CKA_LABEL, TextOfLabel(key));
  return wanted;
}

ObjectHandle MemoryDaemon::HandleOf(std::size_t key) {
  return application().HandleOf(*token().objects().Find(key + 1));
}

Awaitable<CK_RV> MemoryDaemon::Send(Frame& frame) {
  frame.header.body_bytes = static_cast<std::uint32_t>(frame.body.size());
  frame.header.request = ++request_;
  reply_.Clear();
  const auto verdict = co_await dispatcher_.Answer(attachment_, frame.header, frame.body, reply_);
  if (verdict == Dispatcher::Verdict::kClose) co_return CKR_DEVICE_REMOVED;
  std::uint8_t header[wire::kHeaderBytes];
  std::ranges::copy(reply_.octets().first(wire::kHeaderBytes), header);
  co_return wire::DecodeHeader(header).session_or_result;
}

Awaitable<CK_RV> MemoryDaemon::SendAll(std::vector<Frame>& frames) {
  for (Frame& frame : frames) {
    const CK_RV rv = co_await Send(frame);
    if (rv != CKR_OK) co_return rv;
  }
  co_return CKR_OK;
}

void MemoryDaemon::Run(Awaitable<void> work) {
  boost::asio::co_spawn(loop_, std::move(work), Rethrow);
  loop_.restart();
  loop_.run();
}

void MemoryDaemon::Measure(benchmark::State& state, std::vector<Frame> frames) {
  Run(Repeat(state, frames));
}

Awaitable<void> MemoryDaemon::Repeat(benchmark::State& state, std::vector<Frame>& frames) {
  for (auto _ : state) {
    const CK_RV rv = co_await SendAll(frames);
    if (rv == CKR_OK) continue;
    state.SkipWithError(std::string(NameOfRv(rv)).c_str());
    break;
  }
}

// Attach, C_OpenSession, C_Login.
void MemoryDaemon::LogIn() {
  Frame attach = FrameOf(wire::Function::kAttach);
  FrameWriter writer(attach);
  writer.U32(wire::kAttachMagic);
  writer.U16(wire::kVersionMin);
  writer.U16(wire::kVersionMax);
  writer.Bytes("micro", 5);
  writer.U8(sizeof(CK_ULONG));
  writer.U32(0);
  writer.U8(static_cast<std::uint8_t>(wire::Manner::kBegin));
  writer.Bytes(nullptr, 0);
  writer.U32(0);
  Must(std::move(attach));

  Frame open = FrameOf(wire::Function::C_OpenSession);
  FrameWriter open_writer(open);
  open_writer.U64(kSlot);
  open_writer.U64(CKF_SERIAL_SESSION | CKF_RW_SESSION);
  Must(std::move(open));
  wire::Reader opened(reply_.octets().data() + wire::kHeaderBytes, sizeof(std::uint64_t));
  session_ = opened.U64();

  Frame login = FrameOf(wire::Function::C_Login, session_);
  FrameWriter login_writer(login);
  login_writer.U64(CKU_USER);
  login_writer.U8(1);
  login_writer.Bytes("pin", 3);
  Must(std::move(login));
}

void MemoryDaemon::Must(Frame frame) {
  CK_RV rv = CKR_GENERAL_ERROR;
  const auto send = [](MemoryDaemon& daemon, Frame& sent, CK_RV& result) -> Awaitable<void> {
    result = co_await daemon.Send(sent);
  };
  Run(send(*this, frame, rv));
  GW_CHECK(rv == CKR_OK);
}

MemoryDaemon& DaemonWith(std::size_t keys) {
  static std::map<std::size_t, std::unique_ptr<MemoryDaemon>> daemons;
  std::unique_ptr<MemoryDaemon>& daemon = daemons[keys];
  if (daemon == nullptr) daemon = std::make_unique<MemoryDaemon>(keys);
  return *daemon;
}

}  // namespace gw::micro

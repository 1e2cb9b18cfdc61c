// Room: tests. A token with a scripted HSM and a keystore in memory, and one application with a
// session.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "daemon/keystore/memory_keystore.h"
#include "daemon/ops/call_scope.h"
#include "tests/unit/ops/scripted_hsm.h"

namespace gw {

class OpsTest : public testing::Test {
 protected:
  OpsTest() : keystore_(MakeMemoryKeystore()), blocking_(1) {
    auto config = std::make_shared<Config>();
    TokenConfig token;
    token.iam.enabled = false;
    token.so_name = "Administrator";
    token.endpoints.push_back({});
    token.private_keystore = "9b8c0f1e-0000-4000-8000-000000000001";
    token.public_keystore = "9b8c0f1e-0000-4000-8000-000000000002";
    config->tokens.push_back(token);
    config_ = config;
    tokens_.Add(std::make_unique<Token>(token, hsm_, nullptr, *keystore_));
    services_.emplace(ops::Services{tokens_, applications_, blocking_, config_});
    application_ = *applications_.Create(ApplicationId{}, Peer{}, Owner{}, FirstNumbers{});
  }

  Token& token() { return *tokens_.Find(SlotId{0}); }

  // Changes the configuration for what follows.
  GatewayConfig& gateway() { return config_->gateway; }

  ops::CallScope Session(bool read_write = true) {
    return {.services = *services_,
            .application = application_,
            .deadline = Deadline{},
            .token = &token(),
            .session = application_->OpenSession(token(), read_write)};
  }

  void LogInAs(UserState user) { application_->LogIn(token(), user, nullptr); }

  // Runs a coroutine to its end on this thread and gives its result.
  template <typename T>
  T Run(Awaitable<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(loop_, Keep(std::move(work), result),
                          [](std::exception_ptr exception) { EXPECT_EQ(exception, nullptr); });
    loop_.restart();
    loop_.run();
    EXPECT_TRUE(result.has_value());
    return std::move(*result);
  }

  template <typename T>
  static Awaitable<void> Keep(Awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
  }

  boost::asio::io_context loop_;
  ScriptedHsm hsm_;
  std::unique_ptr<Keystore> keystore_;
  boost::asio::thread_pool blocking_;
  TokenTable tokens_;
  ApplicationTable applications_{tokens_, 16};
  std::shared_ptr<Config> config_;
  std::optional<ops::Services> services_;
  ApplicationPtr application_;
};

// An object as if the HSM had made it.
inline Object KeyObject(CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type,
                        CK_ATTRIBUTE_TYPE usage) {
  AttributeList attributes;
  attributes.SetUlong(CKA_CLASS, object_class);
  attributes.SetUlong(CKA_KEY_TYPE, key_type);
  attributes.SetBool(usage, true);
  attributes.SetBool(CKA_PRIVATE, false);
  attributes.SetBool(CKA_TOKEN, false);
  if (key_type == CKK_EC) {
    attributes.Set(CKA_EC_PARAMS,
                   Bytes{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07});
  }
  if (key_type == CKK_RSA) attributes.Set(CKA_MODULUS, Bytes(256, 0xc5));
  if (key_type == CKK_AES) attributes.SetUlong(CKA_VALUE_LEN, 16);
  return ObjectFrom(std::move(attributes), KeyBlob{Bytes(96, 0x01)});
}

// The CK_RV of a Result: CKR_OK for a value.
template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result ? CKR_OK : result.error().rv;
}

}  // namespace gw

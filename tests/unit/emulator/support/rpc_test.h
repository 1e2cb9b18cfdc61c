// Room: tests. What conformance tests of keys have in common: a started emulator, one client, and
// the RPCs as functions. After each of them Rv() is its code.
#pragma once

#include <initializer_list>
#include <string>
#include <variant>

#include "tests/unit/emulator/support/client.h"

namespace gw::emulator {

// A template in one expression.
struct Attribute {
  CK_ATTRIBUTE_TYPE type;
  std::variant<bool, std::uint64_t, Bytes> value;
};
WireMap Template(std::initializer_list<Attribute> attributes);
WireMap Plus(WireMap attributes, const Attribute& more);

class RpcTest : public EmulatorTest {
 protected:
  void SetUp() override;
  Client& client() { return *client_; }
  CK_RV Rv() const { return client_->Rv(); }
  // Of the last call, for messages of failing tests.
  std::string Why() const { return client_->status().error_message() + " " + Detail(); }

  std::string Sign(const grep11::Mechanism& mechanism, const std::string& key,
                   const std::string& data);
  CK_RV Verify(const grep11::Mechanism& mechanism, const std::string& key, const std::string& data,
               const std::string& signature);
  // Init, then the one-shot.
  std::string SignOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data);
  CK_RV VerifyOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature);
  // Init, two Updates, Final; stops at the first that fails.
  std::string SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data);
  CK_RV VerifyInParts(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature);

  grep11::GenerateKeyPairResponse GeneratePair(CK_MECHANISM_TYPE type,
                                               const WireMap& private_template,
                                               const WireMap& public_template);
  grep11::DeriveKeyResponse Derive(const grep11::Mechanism& mechanism, const std::string& base,
                                   const WireMap& attributes);
  std::string Wrap(const grep11::Mechanism& mechanism, const std::string& key,
                   const std::string& kek);
  grep11::UnwrapKeyResponse Unwrap(const grep11::Mechanism& mechanism, const std::string& wrapped,
                                   const std::string& kek, const WireMap& attributes);
  WireMap Attributes(const std::string& blob, std::initializer_list<CK_ATTRIBUTE_TYPE> types);
  std::string SetAttribute(const std::string& blob, CK_ATTRIBUTE_TYPE type, bool value);

  // The recipes of the documentation, with CKM_AES_CBC_PAD under kek(): a clear value becomes a
  // blob, and an extractable key its clear value.
  const std::string& kek();
  grep11::UnwrapKeyResponse Import(ByteView clear, const WireMap& attributes);
  std::string Export(const std::string& blob);
  // A bare SPKI becomes a MACed one.
  std::string ImportPublic(const std::string& spki, const WireMap& attributes);

 private:
  std::string Detail() const { return DetailOf(client_->status()).detail(); }
  std::string SignState(const grep11::Mechanism& mechanism, const std::string& key);
  std::string VerifyState(const grep11::Mechanism& mechanism, const std::string& key);

  std::unique_ptr<Client> client_;
  std::string kek_;
};

}  // namespace gw::emulator

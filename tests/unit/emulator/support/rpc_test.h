// Room: tests. What tests over the wire have in common: a started emulator, one client, and the
// RPCs as functions. After each of them Rv() is its code.
#pragma once

#include <memory>

#include "tests/unit/emulator/support/calls.h"

namespace gw::emulator {

class RpcTest : public EmulatorTest {
 protected:
  // Parts of a message: two halves.
  static constexpr std::size_t kHalves = 0;

  void SetUp() override;
  Client& client() { return *client_; }
  CK_RV Rv() const { return client_->Rv(); }
  // Of the last call, for messages of failing tests.
  std::string Why() const { return client_->status().error_message() + " " + Detail(); }

  std::string Encrypt(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& plain);
  std::string Decrypt(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& ciphered);
  std::string Sign(const grep11::Mechanism& mechanism, const std::string& key,
                   const std::string& data);
  CK_RV Verify(const grep11::Mechanism& mechanism, const std::string& key, const std::string& data,
               const std::string& signature);
  std::string Digest(CK_MECHANISM_TYPE type, const std::string& data);

  std::string SignInit(const grep11::Mechanism& mechanism, const std::string& key);
  std::string VerifyInit(const grep11::Mechanism& mechanism, const std::string& key);
  // Init, then one call with all data.
  std::string SignOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data);
  CK_RV VerifyOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature);
  // Init, Updates of `part` octets each, Final; stops at the first that fails. States keep their
  // length.
  std::string EncryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& plain, std::size_t part);
  std::string DecryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& ciphered, std::size_t part);
  std::string DigestInParts(CK_MECHANISM_TYPE type, const std::string& data, std::size_t part);
  std::string SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data, std::size_t part = kHalves);
  CK_RV VerifyInParts(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature,
                      std::size_t part = kHalves);
  // An Update right after Init.
  CK_RV SignUpdateRv(const grep11::Mechanism& mechanism, const std::string& key);

  grep11::GenerateKeyResponse Generate(CK_MECHANISM_TYPE type, const WireMap& attributes);
  grep11::GenerateKeyPairResponse GeneratePair(CK_MECHANISM_TYPE type,
                                               const WireMap& private_template,
                                               const WireMap& public_template);
  // Only the blobs.
  PairBlobs MakePair(CK_MECHANISM_TYPE type, const WireMap& private_template,
                     const WireMap& public_template);
  grep11::DeriveKeyResponse Derive(const grep11::Mechanism& mechanism, const std::string& base,
                                   const WireMap& attributes, const std::string& data = "");
  std::string Wrap(const grep11::Mechanism& mechanism, const std::string& key,
                   const std::string& kek);
  grep11::UnwrapKeyResponse Unwrap(const grep11::Mechanism& mechanism, const std::string& wrapped,
                                   const std::string& kek, const WireMap& attributes);
  WireMap Attributes(const std::string& blob, std::initializer_list<CK_ATTRIBUTE_TYPE> types);
  std::string SetAttribute(const std::string& blob, CK_ATTRIBUTE_TYPE type, bool value);

  // The recipes of the documentation, with CKM_AES_CBC_PAD under kek(): a clear value becomes a
  // blob, and an extractable key its clear value.
  const std::string& kek();
  grep11::UnwrapKeyResponse Import(const std::string& clear, const WireMap& attributes);
  grep11::UnwrapKeyResponse Import(ByteView clear, const WireMap& attributes);
  std::string Export(const std::string& blob);
  // A bare SPKI becomes a MACed one.
  std::string ImportPublic(const std::string& spki, const WireMap& attributes);

 private:
  std::string Detail() const { return DetailOf(client_->status()).detail(); }

  std::unique_ptr<Client> client_;
  std::string kek_;
};

}  // namespace gw::emulator

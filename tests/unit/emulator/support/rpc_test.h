// Room: tests. A started emulator, and its RPCs as functions. The code of the last call is Rv().
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "tests/unit/emulator/support/client.h"

namespace gw::emulator {

// A template in one expression.
struct Attribute {
  CK_ATTRIBUTE_TYPE type;
  std::variant<bool, std::uint64_t, Bytes> value;
};
WireMap Template(std::initializer_list<Attribute> attributes);

class RpcTest : public EmulatorTest {
 protected:
  void SetUp() override;
  Client& client() { return *client_; }
  CK_RV Rv() const { return client_->Rv(); }

  std::string Encrypt(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& plain);
  std::string Decrypt(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& ciphered);
  // Init, Updates of `part` octets each, Final.
  std::string EncryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& plain, std::size_t part);
  std::string DecryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& ciphered, std::size_t part);

  std::string Digest(CK_MECHANISM_TYPE type, const std::string& data);
  std::string DigestInParts(CK_MECHANISM_TYPE type, const std::string& data, std::size_t part);

  std::string Sign(const grep11::Mechanism& mechanism, const std::string& key,
                   const std::string& data);
  CK_RV Verify(const grep11::Mechanism& mechanism, const std::string& key, const std::string& data,
               const std::string& signature);
  std::string SignInit(const grep11::Mechanism& mechanism, const std::string& key);
  // Init, then one call with all data.
  std::string SignOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data);
  std::string SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data, std::size_t part);
  CK_RV VerifyInParts(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature, std::size_t part);
  // An Update right after Init.
  CK_RV SignUpdateRv(const grep11::Mechanism& mechanism, const std::string& key);

  grep11::GenerateKeyResponse Generate(CK_MECHANISM_TYPE type, const WireMap& attributes);
  PairBlobs GeneratePair(CK_MECHANISM_TYPE type, const WireMap& private_template,
                         const WireMap& public_template);
  std::string Wrap(const grep11::Mechanism& mechanism, const std::string& key,
                   const std::string& kek);
  grep11::UnwrapKeyResponse Unwrap(const grep11::Mechanism& mechanism, const std::string& wrapped,
                                   const std::string& kek, const WireMap& attributes);
  grep11::DeriveKeyResponse Derive(const grep11::Mechanism& mechanism, const std::string& base,
                                   const WireMap& attributes, const std::string& data = "");
  grep11::GetAttributeValueResponse GetAttributes(const std::string& blob,
                                                  const std::vector<CK_ATTRIBUTE_TYPE>& types);

  // The import and export recipes, with an AES key made for it.
  grep11::UnwrapKeyResponse Import(const std::string& plain, const WireMap& attributes);
  std::string Export(const std::string& key);

 private:
  const std::string& Kek();

  std::unique_ptr<Client> client_;
  std::string kek_;
};

}  // namespace gw::emulator

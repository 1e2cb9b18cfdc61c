// Room: tests. RPCs in one expression each, for tests that are about something else. The code of a
// failed call is client.Rv().
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

std::string Generate(Client& client, CK_MECHANISM_TYPE type, const WireMap& attributes);
PairBlobs GeneratePair(Client& client, CK_MECHANISM_TYPE type, const WireMap& private_template,
                       const WireMap& public_template);
// A P-256 pair with what silent templates give.
PairBlobs PlainEcPair(Client& client);

std::string Encrypt(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                    const std::string& plain);
std::string Decrypt(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                    const std::string& ciphered);
std::string Sign(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                 const std::string& data);
CK_RV Verify(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
             const std::string& data, const std::string& signature);

std::string Wrap(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                 const std::string& kek, const std::string& mac_key = {});
std::string Unwrap(Client& client, const grep11::Mechanism& mechanism, const std::string& wrapped,
                   const std::string& kek, const WireMap& attributes,
                   const std::string& mac_key = {});

grep11::AttributeValue GetAttribute(Client& client, const std::string& blob,
                                    CK_ATTRIBUTE_TYPE type);
std::string SetAttribute(Client& client, const std::string& blob, CK_ATTRIBUTE_TYPE type,
                         bool value);

grep11::RewrapKeyBlobResponse Rewrap(Client& client, const std::string& blob);

}  // namespace gw::emulator

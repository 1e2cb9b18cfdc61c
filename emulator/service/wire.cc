// Room: emulator/service.
#include "emulator/service/wire.h"

#include "emulator/crypto/symmetric.h"

namespace gw::emulator {
namespace {

// Enumerations of the interface cannot hold bit 31; it travels as bit 23.
constexpr std::uint64_t kWireVendorBit = 0x800000;
constexpr std::uint64_t kVendorBit = 0x80000000;
constexpr std::size_t kIdBytes = 16;

std::uint64_t FromEnum(int value) {
  const auto number = static_cast<std::uint64_t>(value);
  return (number & kWireVendorBit) != 0 ? (number & ~kWireVendorBit) | kVendorBit : number;
}

MechanismParams OaepOf(const grep11::RSAOAEPParm& parm) {
  OaepParams params;
  params.hash = parm.hashmech();
  params.mgf = FromEnum(parm.mgf());
  params.label = CopyOf(parm.encodingparm());
  return params;
}

MechanismParams PssOf(const grep11::RSAPSSParm& parm) {
  return PssParams{parm.hashmech(), FromEnum(parm.mgf()), parm.saltbytecount()};
}

MechanismParams Ecdh1Of(const grep11::ECDH1DeriveParm& parm) {
  Ecdh1Params params;
  params.kdf = FromEnum(parm.kdf());
  params.shared_data = CopyOf(parm.shareddata());
  params.public_data = CopyOf(parm.publicdata());
  return params;
}

MechanismParams BtcOf(const grep11::BTCDeriveParm& parm) {
  BtcParams params;
  params.type = FromEnum(parm.type());
  params.child_key_index = parm.childkeyindex();
  params.chain_code = CopyOf(parm.chaincode());
  params.version = parm.version();
  return params;
}

MechanismParams KyberOf(const grep11::KyberKEMParm& parm) {
  KyberParams params;
  params.version = parm.version();
  params.mode = FromEnum(parm.mode());
  params.kdf = FromEnum(parm.kdf());
  params.prepend = parm.prepend();
  params.ciphertext = CopyOf(parm.ciphertext());
  params.shared_data = CopyOf(parm.shareddata());
  params.blob = CopyOf(parm.blob());
  return params;
}

MechanismParams ParamsOf(const grep11::Mechanism& mechanism) {
  switch (mechanism.Parameter_case()) {
    case grep11::Mechanism::PARAMETER_NOT_SET:
      return std::monostate{};
    case grep11::Mechanism::kParameterB:
      return CopyOf(mechanism.parameterb());
    case grep11::Mechanism::kRSAOAEPParameter:
      return OaepOf(mechanism.rsaoaepparameter());
    case grep11::Mechanism::kRSAPSSParameter:
      return PssOf(mechanism.rsapssparameter());
    case grep11::Mechanism::kECDH1DeriveParameter:
      return Ecdh1Of(mechanism.ecdh1deriveparameter());
    case grep11::Mechanism::kBTCDeriveParameter:
      return BtcOf(mechanism.btcderiveparameter());
    case grep11::Mechanism::kECSGParameter:
      return EcsgParams{FromEnum(mechanism.ecsgparameter().type())};
    case grep11::Mechanism::kKyberKEMParameter:
      return KyberOf(mechanism.kyberkemparameter());
    case grep11::Mechanism::kECAGGParameter:
      return ForeignParams{};
  }
  return ForeignParams{};
}

AttributeValue ValueOf(const grep11::AttributeValue& value) {
  switch (value.one_attr_case()) {
    case grep11::AttributeValue::kAttributeB:
      return CopyOf(value.attributeb());
    case grep11::AttributeValue::kAttributeTF:
      return value.attributetf();
    case grep11::AttributeValue::kAttributeI:
      return value.attributei();
    case grep11::AttributeValue::ONE_ATTR_NOT_SET:
      return std::monostate{};
  }
  return std::monostate{};
}

void SetValue(const std::monostate&, grep11::AttributeValue&) {}
void SetValue(const Bytes& bytes, grep11::AttributeValue& out) { out.set_attributeb(Text(bytes)); }
void SetValue(bool value, grep11::AttributeValue& out) { out.set_attributetf(value); }
void SetValue(std::int64_t value, grep11::AttributeValue& out) { out.set_attributei(value); }

}  // namespace

Mechanism FromWire(const grep11::Mechanism& mechanism) {
  return {mechanism.mechanism(), ParamsOf(mechanism)};
}

AttributeMap FromWire(const WireAttributes& attributes) {
  AttributeMap out;
  for (const auto& [type, value] : attributes) out[type] = ValueOf(value);
  return out;
}

ByteView BlobOf(const grep11::KeyBlob& key) {
  return key.keyblobs().empty() ? ByteView() : ViewOf(key.keyblobs(0));
}

void ToWire(const AttributeMap& attributes, WireAttributes* out) {
  for (const auto& [type, value] : attributes) {
    grep11::AttributeValue& slot = (*out)[type];
    std::visit([&slot](const auto& held) { SetValue(held, slot); }, value);
  }
}

void ToWire(const Card& card, const NewKey& key, grep11::KeyBlob* out) {
  out->set_keyblobid(Text(RandomBytes(kIdBytes)));
  out->set_version(1);
  out->set_txid(Text(RandomBytes(kIdBytes)));
  ToWire(DescribeKey(card, key.key), out->mutable_attributes());
  out->add_keyblobs(Text(key.blob));
}

}  // namespace gw::emulator

// Room: pkcs11-shim. Touches application memory, to read.
#include "pkcs11-shim/marshal.h"

#include "proto/pkcs11/ck_parameters.h"

namespace gw::shim {
namespace {

// From here on sending the caller's bytes in place beats copying them.
constexpr CK_ULONG kBorrowedFrom = 16ul << 10;

// No body has more than this around its one large argument.
constexpr uint32_t kFixedFields = 128;

// Mechanisms whose parameter is a structure that must be flattened.
struct FlattenedParameter {
  CK_MECHANISM_TYPE type;
  wire::ParameterForm form;
  CK_ULONG size = 0;  // of the structure; 0: SizeOf(form)
};
constexpr FlattenedParameter kFlattened[] = {
    {CKM_RSA_PKCS_OAEP, wire::ParameterForm::kOaep},
    {CKM_RSA_PKCS_PSS, wire::ParameterForm::kPss},
    {CKM_SHA1_RSA_PKCS_PSS, wire::ParameterForm::kPss},
    {CKM_SHA224_RSA_PKCS_PSS, wire::ParameterForm::kPss},
    {CKM_SHA256_RSA_PKCS_PSS, wire::ParameterForm::kPss},
    {CKM_SHA384_RSA_PKCS_PSS, wire::ParameterForm::kPss},
    {CKM_SHA512_RSA_PKCS_PSS, wire::ParameterForm::kPss},
    {CKM_ECDH1_DERIVE, wire::ParameterForm::kEcdh1},
    {CKM_ECDH1_COFACTOR_DERIVE, wire::ParameterForm::kEcdh1},
    {CKM_IBM_EC_X25519, wire::ParameterForm::kEcdh1},
    {CKM_IBM_EC_X448, wire::ParameterForm::kEcdh1},

    // Curves and lattices. Kyber's has two forms: with a key object and with a key blob.
    {CKM_IBM_ECDSA_OTHER, wire::ParameterForm::kEcsg, sizeof(CK_IBM_ECDSA_OTHER_PARAMS)},
    {CKM_IBM_ECDSA_OTHER, wire::ParameterForm::kEcsg, sizeof(int32_t)},
    {CKM_EDDSA, wire::ParameterForm::kEddsa, sizeof(CK_EDDSA_PARAMS)},
    {CKM_IBM_BTC_DERIVE, wire::ParameterForm::kBtc, sizeof(CK_IBM_BTC_DERIVE_PARAMS)},
    {CKM_IBM_KYBER, wire::ParameterForm::kKyber, sizeof(CK_IBM_KYBER_PARAMS)},
    {CKM_IBM_KYBER, wire::ParameterForm::kKyber, sizeof(XCP_KYBER_KEM_PARAMS_t)},
};

CK_ULONG SizeOf(wire::ParameterForm form) {
  switch (form) {
    case wire::ParameterForm::kOaep:
      return sizeof(CK_RSA_PKCS_OAEP_PARAMS);
    case wire::ParameterForm::kPss:
      return sizeof(CK_RSA_PKCS_PSS_PARAMS);
    case wire::ParameterForm::kEcdh1:
      return sizeof(CK_ECDH1_DERIVE_PARAMS);
    case wire::ParameterForm::kNone:
    case wire::ParameterForm::kBytes:
    case wire::ParameterForm::kEcsg:
    case wire::ParameterForm::kEddsa:
    case wire::ParameterForm::kBtc:
    case wire::ParameterForm::kKyber:
      break;
  }
  return 0;
}

// A length that is not the structure's is the daemon's to refuse: such a parameter travels as
// bytes.
wire::ParameterForm FormOf(const CK_MECHANISM& mechanism) {
  if (mechanism.pParameter == nullptr || mechanism.ulParameterLen == 0)
    return wire::ParameterForm::kNone;
  for (const FlattenedParameter& row : kFlattened) {
    const CK_ULONG size = row.size != 0 ? row.size : SizeOf(row.form);
    if (row.type == mechanism.mechanism && size == mechanism.ulParameterLen) return row.form;
  }
  return wire::ParameterForm::kBytes;
}

constexpr CK_ULONG kChainCodeBytes = 32;

// The first members of both forms of Kyber's are the same.
static_assert(offsetof(CK_IBM_KYBER_PARAMS, hSecret) == offsetof(XCP_KYBER_KEM_PARAMS_t, pBlob));

}  // namespace

ParameterOutput OutputOf(const CK_MECHANISM& mechanism) {
  ParameterOutput output;
  auto* at = static_cast<uint8_t*>(mechanism.pParameter);
  const wire::ParameterForm form = FormOf(mechanism);
  if (form == wire::ParameterForm::kBtc) {
    const auto params = LoadFrom<CK_IBM_BTC_DERIVE_PARAMS>(at);
    // The vendor's callers say 0 before a master key and have room for its chain code.
    output = {true, params.pChainCode, kChainCodeBytes,
              at + offsetof(CK_IBM_BTC_DERIVE_PARAMS, ulChainCodeLen)};
  } else if (form == wire::ParameterForm::kKyber) {
    const auto mode = LoadFrom<CK_ULONG>(at + offsetof(CK_IBM_KYBER_PARAMS, mode));
    output.comes = true;
    if (mode != CK_IBM_KEM_ENCAPSULATE) return output;
    output.data = LoadFrom<CK_BYTE_PTR>(at + offsetof(CK_IBM_KYBER_PARAMS, pCipher));
    output.size = at + offsetof(CK_IBM_KYBER_PARAMS, ulCipherLen);
    output.capacity = LoadFrom<CK_ULONG>(output.size);
  }
  return output;
}

uint64_t CapacityOf(const void* data, CK_ULONG size) {
  if (data == nullptr) return wire::kNullBuffer;
  return size < wire::kNullBuffer ? size : wire::kNullBuffer - 1;
}

uint64_t CapacityOf(const CK_ATTRIBUTE& wanted) {
  const CK_ULONG unit = HoldsTemplate(wanted.type) ? sizeof(CK_ATTRIBUTE) : 1;
  return CapacityOf(wanted.pValue, wanted.ulValueLen / unit);
}

// One step: `write` gets a Writer, unless something was refused before.
template <typename Write>
Encoder& Encoder::Do(Write write) {
  if (refusal_ != CKR_OK) return *this;
  wire::Writer<Buffer> writer(*buffer_);
  write(writer);
  if (!writer.ok() || buffer_->size() - wire::kHeaderBytes > body_limit_) Refuse(CKR_HOST_MEMORY);
  return *this;
}

// What one argument may take of a body.
CK_ULONG Encoder::LargestData() const {
  return body_limit_ > kFixedFields ? body_limit_ - kFixedFields : 0;
}

Encoder& Encoder::U8(uint8_t value) {
  return Do([=](auto& writer) { writer.U8(value); });
}

Encoder& Encoder::U16(uint16_t value) {
  return Do([=](auto& writer) { writer.U16(value); });
}

Encoder& Encoder::U32(uint32_t value) {
  return Do([=](auto& writer) { writer.U32(value); });
}

Encoder& Encoder::Octets(wire::Octets octets) {
  return Do([=](auto& writer) { writer.Bytes(octets); });
}

Encoder& Encoder::U64(uint64_t value) {
  return Do([=](auto& writer) { writer.U64(value); });
}

Encoder& Encoder::Pointer(const void* pointer) {
  if (pointer == nullptr) Refuse(CKR_ARGUMENTS_BAD);
  return *this;
}

Encoder& Encoder::Bytes(const void* data, CK_ULONG size, CK_RV null_refusal, CK_RV too_long) {
  if (data == nullptr && size != 0) Refuse(null_refusal);
  if (size > LargestData()) Refuse(too_long);
  return Do([=](auto& writer) { writer.Bytes(data, size); });
}

Encoder& Encoder::Data(Input input, CK_RV too_long) {
  const bool borrow = input.data != nullptr && input.size >= kBorrowedFrom &&
                      input.size <= LargestData() && borrowed_.size == 0;
  if (!borrow) return Bytes(input.data, input.size, CKR_ARGUMENTS_BAD, too_long);
  if (refusal_ != CKR_OK) return *this;
  Do([&](auto& writer) { writer.U32(static_cast<uint32_t>(input.size)); });
  borrowed_ = {static_cast<const uint8_t*>(input.data), input.size};
  borrowed_at_ = buffer_->size();
  return *this;
}

Encoder& Encoder::Secret(Input input, CK_RV too_long) {
  if (input.data == nullptr && input.size == 0) return U8(0);
  return U8(1).Bytes(input.data, input.size, CKR_ARGUMENTS_BAD, too_long);
}

Encoder& Encoder::Capacity(Output output) {
  if (output.size == nullptr) Refuse(CKR_ARGUMENTS_BAD);
  if (refusal_ != CKR_OK) return *this;
  return U64(CapacityOf(output.data, LoadFrom<CK_ULONG>(output.size)));
}

Encoder& Encoder::Capacity(NumberList list) { return Capacity(Output{list.data, list.count}); }

// Writes the parameter structures, field by field in the order of WIRE.md.
class Parameters {
 public:
  static void Oaep(const void* parameter, Encoder& to) {
    const auto params = LoadFrom<CK_RSA_PKCS_OAEP_PARAMS>(parameter);
    to.U64(params.hashAlg).U64(params.mgf).U64(params.source);
    Inner(params.pSourceData, params.ulSourceDataLen, to);
  }

  static void Pss(const void* parameter, Encoder& to) {
    const auto params = LoadFrom<CK_RSA_PKCS_PSS_PARAMS>(parameter);
    to.U64(params.hashAlg).U64(params.mgf).U64(params.sLen);
  }

  static void StringData(const void* parameter, Encoder& to) {
    const auto params = LoadFrom<CK_KEY_DERIVATION_STRING_DATA>(parameter);
    Inner(params.pData, params.ulLen, to);
  }

  static void Ecdh1(const void* parameter, Encoder& to) {
    const auto params = LoadFrom<CK_ECDH1_DERIVE_PARAMS>(parameter);
    to.U64(params.kdf);
    Inner(params.pSharedData, params.ulSharedDataLen, to);
    Inner(params.pPublicData, params.ulPublicDataLen, to);
  }

  static void Ecsg(const CK_MECHANISM& mechanism, Encoder& to) {
    const void* parameter = mechanism.pParameter;
    if (mechanism.ulParameterLen == sizeof(int32_t)) {
      to.U64(static_cast<uint32_t>(LoadFrom<int32_t>(parameter)));
    } else {
      to.U64(LoadFrom<CK_IBM_ECDSA_OTHER_PARAMS>(parameter).submechanism);
    }
  }

  static void Eddsa(const void* parameter, Encoder& to) {
    const auto params = LoadFrom<CK_EDDSA_PARAMS>(parameter);
    to.U8(params.phFlag != CK_FALSE);
    Inner(params.pContextData, params.ulContextDataLen, to);
  }

  static void Btc(const void* parameter, Encoder& to) {
    const auto params = LoadFrom<CK_IBM_BTC_DERIVE_PARAMS>(parameter);
    to.U64(params.type).U64(params.childKeyIndex);
    Inner(params.pChainCode, params.ulChainCodeLen, to);
    to.U64(params.version);
  }

  // What both forms begin with, then the secret of a hybrid derivation.
  static void Kyber(const CK_MECHANISM& mechanism, Encoder& to) {
    XCP_KYBER_KEM_PARAMS_t params = {};
    CK_OBJECT_HANDLE secret = 0;
    if (mechanism.ulParameterLen == sizeof params) {
      params = LoadFrom<XCP_KYBER_KEM_PARAMS_t>(mechanism.pParameter);
    } else {
      memcpy(&params, mechanism.pParameter, offsetof(CK_IBM_KYBER_PARAMS, hSecret));
      secret = LoadFrom<CK_IBM_KYBER_PARAMS>(mechanism.pParameter).hSecret;
    }
    to.U64(params.version).U64(params.mode).U64(params.kdf).U8(params.prepend != CK_FALSE);
    // Filled by an encapsulation, read by its counterpart.
    const bool filled = params.mode == CK_IBM_KEM_ENCAPSULATE;
    Inner(filled ? nullptr : params.pCipher, filled ? 0 : params.ulCipherLen, to);
    to.U64(filled ? CapacityOf(params.pCipher, params.ulCipherLen) : wire::kNullBuffer);
    Inner(params.pSharedData, params.ulSharedDataLen, to);
    to.U64(secret);
    Inner(params.pBlob, params.ulBlobLen, to);
  }

 private:
  static void Inner(const void* data, CK_ULONG size, Encoder& to) {
    to.Bytes(data, size, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID);
  }
};

void Encoder::MechanismBody(CK_MECHANISM_PTR pointer) {
  const auto mechanism = LoadFrom<CK_MECHANISM>(pointer);
  if (mechanism.pParameter == nullptr && mechanism.ulParameterLen != 0) Refuse(CKR_ARGUMENTS_BAD);
  const wire::ParameterForm form = FormOf(mechanism);
  const bool points_to_data = mechanism.mechanism == CKM_DES3_ECB_ENCRYPT_DATA;
  if (points_to_data && mechanism.ulParameterLen != sizeof(CK_KEY_DERIVATION_STRING_DATA))
    Refuse(CKR_MECHANISM_PARAM_INVALID);
  U64(mechanism.mechanism).U8(static_cast<uint8_t>(form));
  if (refusal_ != CKR_OK) return;
  switch (form) {
    case wire::ParameterForm::kNone:
      return;
    case wire::ParameterForm::kBytes:
      if (points_to_data) return Parameters::StringData(mechanism.pParameter, *this);
      Bytes(mechanism.pParameter, mechanism.ulParameterLen, CKR_ARGUMENTS_BAD,
            CKR_MECHANISM_PARAM_INVALID);
      return;
    case wire::ParameterForm::kOaep:
      return Parameters::Oaep(mechanism.pParameter, *this);
    case wire::ParameterForm::kPss:
      return Parameters::Pss(mechanism.pParameter, *this);
    case wire::ParameterForm::kEcdh1:
      return Parameters::Ecdh1(mechanism.pParameter, *this);
    case wire::ParameterForm::kEcsg:
      return Parameters::Ecsg(mechanism, *this);
    case wire::ParameterForm::kEddsa:
      return Parameters::Eddsa(mechanism.pParameter, *this);
    case wire::ParameterForm::kBtc:
      return Parameters::Btc(mechanism.pParameter, *this);
    case wire::ParameterForm::kKyber:
      return Parameters::Kyber(mechanism, *this);
  }
}

Encoder& Encoder::Mechanism(CK_MECHANISM_PTR mechanism) {
  Pointer(mechanism);
  if (refusal_ == CKR_OK) MechanismBody(mechanism);
  return *this;
}

Encoder& Encoder::MechanismOrNone(CK_MECHANISM_PTR mechanism) {
  if (mechanism == nullptr) return U8(0);
  return U8(1).Mechanism(mechanism);
}

bool Encoder::CountAttributes(const void* attributes, CK_ULONG count) {
  if (attributes == nullptr && count != 0) Refuse(CKR_ARGUMENTS_BAD);
  if (count > attributes_left_) Refuse(CKR_ARGUMENTS_BAD);
  if (refusal_ != CKR_OK) return false;
  attributes_left_ -= static_cast<uint32_t>(count);
  return true;
}

void Encoder::Attribute(const CK_ATTRIBUTE& attribute, uint32_t depth) {
  const bool nested = HoldsTemplate(attribute.type);
  const auto form = nested ? wire::ValueForm::kNested : wire::ValueForm::kBytes;
  U64(attribute.type).U8(static_cast<uint8_t>(form));
  if (!nested) {
    Bytes(attribute.pValue, attribute.ulValueLen, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID);
    return;
  }
  if (attribute.ulValueLen % sizeof(CK_ATTRIBUTE) != 0 || depth == wire::kMaxNesting)
    Refuse(CKR_ATTRIBUTE_VALUE_INVALID);
  List(static_cast<const uint8_t*>(attribute.pValue), attribute.ulValueLen / sizeof(CK_ATTRIBUTE),
       depth + 1);
}

// `depth` counts the lists around this one, itself included.
void Encoder::List(const uint8_t* attributes, CK_ULONG count, uint32_t depth) {
  if (!CountAttributes(attributes, count)) return;
  Do([=](auto& writer) { writer.U32(static_cast<uint32_t>(count)); });
  for (CK_ULONG i = 0; i < count && refusal_ == CKR_OK; ++i)
    Attribute(LoadFrom<CK_ATTRIBUTE>(attributes + i * sizeof(CK_ATTRIBUTE)), depth);
}

Encoder& Encoder::Attributes(CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  List(reinterpret_cast<const uint8_t*>(attributes), count, 1);
  return *this;
}

Encoder& Encoder::Wanted(CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  if (!CountAttributes(attributes, count)) return *this;
  Do([=](auto& writer) { writer.U32(static_cast<uint32_t>(count)); });
  const auto* at = reinterpret_cast<const uint8_t*>(attributes);
  for (CK_ULONG i = 0; i < count; ++i) {
    const auto wanted = LoadFrom<CK_ATTRIBUTE>(at + i * sizeof(CK_ATTRIBUTE));
    U64(wanted.type).U64(CapacityOf(wanted));
  }
  return *this;
}

}  // namespace gw::shim

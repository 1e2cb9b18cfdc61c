// Room: pkcs11-shim. The wall of application memory: pointers and structures of the caller go in,
// bytes of a frame come out (proto/wire/WIRE.md). Memory of the application is read with memcpy
// alone, because its structures may be unaligned.
#pragma once

#include <string.h>

#include "pkcs11-shim/buffer.h"
#include "pkcs11-shim/ck.h"
#include "proto/wire/codec.h"

namespace gw::shim {

// Bytes of the application.
struct Input {
  const void* data;
  CK_ULONG size;
};

// A buffer of the application with the place of its length; data == nullptr asks for the length.
struct Output {
  void* data;
  CK_ULONG_PTR size;
};

// An array of CK_ULONG with the place of its count.
struct NumberList {
  CK_ULONG_PTR data;
  CK_ULONG_PTR count;
};

template <typename T>
T LoadFrom(const void* from) {
  T value;
  memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
void StoreTo(void* to, const T& value) {
  memcpy(to, &value, sizeof(T));
}

// What a caller's buffer holds, as it travels. A size of all ones with a buffer is a caller's error
// that must not look like a length query.
uint64_t CapacityOf(const void* data, CK_ULONG size);

// The same of an attribute that is asked for: octets, or entries where its value is a template.
uint64_t CapacityOf(const CK_ATTRIBUTE& wanted);

// Where a mechanism's parameter takes something back: the chain code of a wallet key, the
// ciphertext of an encapsulation.
struct ParameterOutput {
  bool comes = false;    // the reply has it
  void* data = nullptr;  // nullptr: nobody wants it
  CK_ULONG capacity = 0;
  void* size = nullptr;  // of its length, in the structure; nullptr: there is none to tell
};
ParameterOutput OutputOf(const CK_MECHANISM& mechanism);

// Writes the body of one request. The first refusal is kept and ends the writing: steps may be
// chained without looking in between. Refusals:
//   CKR_ARGUMENTS_BAD             a NULL that the standard does not allow, or more attributes than
//                                 the daemon takes
//   CKR_MECHANISM_PARAM_INVALID   a NULL with a length inside a parameter structure
//   CKR_ATTRIBUTE_VALUE_INVALID   a nested template that is none, or a value beyond the frame limit
//   `too_long`                    data beyond the frame limit
//   CKR_HOST_MEMORY               the body in all is beyond the frame limit, or no memory
class Encoder {
 public:
  // Encoding without a buffer refuses with `refusal` from the start.
  explicit Encoder(CK_RV refusal) : refusal_(refusal) {}
  Encoder(Buffer* buffer, uint32_t body_limit, uint32_t attribute_limit)
      : buffer_(buffer), body_limit_(body_limit), attributes_left_(attribute_limit) {}

  Encoder& U8(uint8_t value);
  Encoder& U16(uint16_t value);
  Encoder& U32(uint32_t value);
  Encoder& U64(uint64_t value);
  // The shim's own octets, always copied.
  Encoder& Octets(wire::Octets octets);
  // The pointer must not be NULL.
  Encoder& Pointer(const void* pointer);
  Encoder& Data(Input input, CK_RV too_long = CKR_DATA_LEN_RANGE);
  // A PIN. `too_long`: one that is only compared is wrong, one that is to become somebody's has a
  // bad length.
  Encoder& Secret(Input input, CK_RV too_long = CKR_PIN_INCORRECT);
  Encoder& Capacity(Output output);
  Encoder& Capacity(NumberList list);
  Encoder& Mechanism(CK_MECHANISM_PTR mechanism);
  Encoder& MechanismOrNone(CK_MECHANISM_PTR mechanism);
  Encoder& Attributes(CK_ATTRIBUTE_PTR attributes, CK_ULONG count);
  Encoder& Wanted(CK_ATTRIBUTE_PTR attributes, CK_ULONG count);

  void Refuse(CK_RV refusal) {
    if (refusal_ == CKR_OK) refusal_ = refusal;
  }
  CK_RV refusal() const { return refusal_; }

  // Large data is not copied: the frame is the buffer up to `borrowed_at`, these bytes, the rest.
  wire::Octets borrowed() const { return borrowed_; }
  size_t borrowed_at() const { return borrowed_at_; }

 private:
  friend class Parameters;

  template <typename Write>
  Encoder& Do(Write write);
  CK_ULONG LargestData() const;
  Encoder& Bytes(const void* data, CK_ULONG size, CK_RV null_refusal, CK_RV too_long);
  void MechanismBody(CK_MECHANISM_PTR mechanism);
  void List(const uint8_t* attributes, CK_ULONG count, uint32_t depth);
  void Attribute(const CK_ATTRIBUTE& attribute, uint32_t depth);
  bool CountAttributes(const void* attributes, CK_ULONG count);

  Buffer* buffer_ = nullptr;
  uint32_t body_limit_ = 0;
  uint32_t attributes_left_ = 0;
  CK_RV refusal_ = CKR_OK;
  wire::Octets borrowed_;
  size_t borrowed_at_ = 0;
};

// An attribute whose value is an array of CK_ATTRIBUTE.
constexpr bool HoldsTemplate(CK_ATTRIBUTE_TYPE type) {
  return (type & CKF_ARRAY_ATTRIBUTE) != 0 && type != CKA_ALLOWED_MECHANISMS;
}

}  // namespace gw::shim

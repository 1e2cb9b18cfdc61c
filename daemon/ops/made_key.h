// Room: ops. What the HSM's answer adds to the attributes of a key it made.
#pragma once

#include "daemon/core/attribute_list.h"
#include "daemon/core/result.h"
#include "daemon/upstream/hsm_client.h"

namespace gw::ops {

// Secret keys: CKA_CHECK_VALUE of AES and DES keys and CKA_VALUE_LEN from the check sum. Private
// keys: the public components from the SPKI in the check sum. Both: CKA_GREP11_WKID.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  the template has a CKA_CHECK_VALUE that is not the key's
//   (behaviour R234)
//           CKR_DEVICE_ERROR             a check sum that is none
//   source  wire sheet 3.7, 4.3
Status AddMadeParts(AttributeList& attributes, const MadeKey& made);

// CKA_GREP11_WKID: 16 octets of the blob's clear header, which name the master key that wraps it.
void AddWrappingKeyId(AttributeList& attributes, const KeyBlob& key);

}  // namespace gw::ops

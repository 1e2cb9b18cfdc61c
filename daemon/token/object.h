// Room: token. May include: core, mechanism, keystore/keystore.h.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/core/attribute_list.h"
#include "daemon/core/ck.h"
#include "daemon/core/key_blob.h"
#include "daemon/keystore/keystore.h"

namespace gw {

// A PKCS #11 object: a token object (its record is in the keystore) or a session object (it dies
// with its session). Immutable: a change makes a new Object that replaces the old one in its index;
// calls that hold the old one finish with it.
struct Object {
  std::uint64_t number =
      0;  // token object: the record's number; session object: unique within the application
  std::uint64_t version = 0;
  bool token = false;
  bool is_private = false;
  CK_OBJECT_CLASS object_class = CKO_DATA;
  CK_KEY_TYPE key_type = CK_UNAVAILABLE_INFORMATION;
  SlotId slot{};
  SessionHandle owner{};  // session object: the session that made it
  AttributeList attributes;
  KeyBlob key;    // empty for certificates and data
  KeyBlob other;  // as Record::other
};
using ObjectPtr = std::shared_ptr<const Object>;

// Fills the members that repeat attributes: class, key type, private.
Object ObjectFrom(AttributeList attributes, KeyBlob key);

// Gives the object other blobs of the same key, and what of its attributes tells of them.
void SetKeys(Object& object, KeyBlob key, KeyBlob other);

Record RecordOf(const Object& object, std::string keystore);
ObjectPtr ObjectOf(Record record, SlotId slot);

}  // namespace gw

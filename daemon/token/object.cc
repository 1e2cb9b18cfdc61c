// Room: token.
#include "daemon/token/object.h"

namespace gw {

Object ObjectFrom(AttributeList attributes, KeyBlob key) {
  Object object;
  object.object_class = attributes.GetUlong(CKA_CLASS).value_or(CKO_DATA);
  object.key_type = attributes.GetUlong(CKA_KEY_TYPE).value_or(CK_UNAVAILABLE_INFORMATION);
  object.is_private = attributes.BoolOr(CKA_PRIVATE, false);
  object.token = attributes.BoolOr(CKA_TOKEN, false);
  object.attributes = std::move(attributes);
  object.key = std::move(key);
  return object;
}

Record RecordOf(const Object& object, std::string keystore) {
  return {.number = object.number,
          .keystore = std::move(keystore),
          .attributes = object.attributes,
          .key = object.key,
          .version = object.version};
}

ObjectPtr ObjectOf(Record record, SlotId slot) {
  auto object =
      std::make_shared<Object>(ObjectFrom(std::move(record.attributes), std::move(record.key)));
  object->number = record.number;
  object->version = record.version;
  object->token = true;
  object->slot = slot;
  return object;
}

}  // namespace gw

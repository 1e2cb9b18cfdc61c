// Room: token.
#include "daemon/token/object.h"

#include "daemon/core/key_twins.h"

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

void SetKeys(Object& object, KeyBlob key, KeyBlob other) {
  object.key = std::move(key);
  object.other = std::move(other);
  // "changes after re-wrapping" (behaviour R238). Public keys do not show it.
  if (object.attributes.Find(CKA_GREP11_WKID) == nullptr) return;
  object.attributes.Set(CKA_GREP11_WKID, CopyOf(WrappingKeyOf(object.key.view())));
}

Record RecordOf(const Object& object, std::string keystore) {
  return {.number = object.number,
          .keystore = std::move(keystore),
          .attributes = object.attributes,
          .key = object.key,
          .other = object.other,
          .version = object.version};
}

ObjectPtr ObjectOf(Record record, SlotId slot) {
  auto object =
      std::make_shared<Object>(ObjectFrom(std::move(record.attributes), std::move(record.key)));
  object->number = record.number;
  object->version = record.version;
  object->token = true;
  object->slot = slot;
  object->other = std::move(record.other);
  return object;
}

}  // namespace gw

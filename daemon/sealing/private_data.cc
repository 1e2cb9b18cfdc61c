// Room: sealing.
#include "daemon/sealing/private_data.h"

#include <string>
#include <utility>

namespace gw {
namespace {

// Stands in the stored attributes in the place of CKA_VALUE. No template can name it: it is in no
// table of attributes.
constexpr CK_ATTRIBUTE_TYPE kSealedValue = CKA_VENDOR_DEFINED | 0x47570001;

bool IsPrivateData(const AttributeList& attributes) {
  return attributes.GetUlong(CKA_CLASS) == CKO_DATA && attributes.GetBool(CKA_PRIVATE) == true;
}

// A value cannot be given to an object of another keystore.
Bytes BindingOf(const Record& record) {
  return CopyOf("value of a private data object of keystore " + record.keystore);
}

}  // namespace

PrivateDataKeystore::PrivateDataKeystore(std::unique_ptr<Keystore> engine, SecretBytes key)
    : engine_(std::move(engine)), sealer_(std::move(key)) {}

Result<KeystoreContents> PrivateDataKeystore::Load() {
  GW_TRY(contents, engine_->Load());
  in_the_clear_.clear();
  std::erase_if(contents.records, [&](Record& record) {
    if (Open(record)) return false;
    contents.refused.push_back("object " + std::to_string(record.number) + " of keystore " +
                               record.keystore + ": its value was sealed with another key");
    return true;
  });
  return std::move(contents);
}

Awaitable<Result<std::vector<std::uint64_t>>> PrivateDataKeystore::Commit(Mutation mutation) {
  for (Record& record : mutation.puts) Seal(record);
  for (Record& record : mutation.rewraps) Seal(record);
  return engine_->Commit(std::move(mutation));
}

void PrivateDataKeystore::Seal(Record& record) const {
  if (!IsPrivateData(record.attributes)) return;
  const Bytes* value = record.attributes.Find(CKA_VALUE);
  if (value == nullptr) return;
  record.attributes.Set(kSealedValue, sealer_.Seal(*value, BindingOf(record)));
  record.attributes.Set(CKA_VALUE, Bytes());  // wipes what was there
  record.attributes.Remove(CKA_VALUE);
}

bool PrivateDataKeystore::Open(Record& record) {
  const Bytes* sealed = record.attributes.Find(kSealedValue);
  if (sealed == nullptr) {
    const bool clear =
        IsPrivateData(record.attributes) && record.attributes.Find(CKA_VALUE) != nullptr;
    if (clear) in_the_clear_.push_back(record.number);
    return true;
  }
  const Result<SecretBytes> value = sealer_.Unseal(*sealed, BindingOf(record));
  if (!value) return false;
  record.attributes.Remove(kSealedValue);
  record.attributes.Set(CKA_VALUE, CopyOf(value->view()));
  return true;
}

}  // namespace gw

// Room: emulator/service. Source: the two wire generations of the service's interface.
#include "emulator/service/older_fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>
#include <string_view>

#include "grep11.pb.h"

namespace gw::emulator {
namespace {

using google::protobuf::Message;
using google::protobuf::UnknownField;

struct OlderField {
  std::string_view message;
  int older;
  int today;
};

constexpr auto kOlderFields = std::to_array<OlderField>({
    {"DigestKeyRequest", 2, 3},
    {"EncryptInitRequest", 3, 4},
    {"DecryptInitRequest", 3, 4},
    {"EncryptSingleRequest", 1, 5},
    {"DecryptSingleRequest", 1, 5},
    {"SignInitRequest", 3, 4},
    {"VerifyInitRequest", 3, 4},
    {"SignSingleRequest", 1, 5},
    {"VerifySingleRequest", 1, 5},
    {"ReencryptSingleRequest", 1, 7},
    {"ReencryptSingleRequest", 2, 8},
    {"WrapKeyRequest", 1, 6},
    {"WrapKeyRequest", 2, 7},
    {"WrapKeyRequest", 3, 8},
    {"UnwrapKeyRequest", 2, 11},
    {"UnwrapKeyRequest", 3, 12},
    {"DeriveKeyRequest", 3, 10},
});

void Adopt(Message& request, int today, const std::string& octets) {
  const auto* field = request.GetDescriptor()->FindFieldByNumber(today);
  auto& key =
      static_cast<grep11::KeyBlob&>(*request.GetReflection()->MutableMessage(&request, field));
  if (key.keyblobs().empty()) key.add_keyblobs(octets);
}

}  // namespace

void AdoptOlderFields(Message& request) {
  const auto& unknown = request.GetReflection()->GetUnknownFields(request);
  if (unknown.empty()) return;
  for (const OlderField& row : kOlderFields) {
    if (row.message != request.GetDescriptor()->name()) continue;
    // From the last: of a field that comes twice, protobuf takes the later value.
    for (int i = unknown.field_count() - 1; i >= 0; --i) {
      const UnknownField& field = unknown.field(i);
      if (field.number() != row.older || field.type() != UnknownField::TYPE_LENGTH_DELIMITED) {
        continue;
      }
      Adopt(request, row.today, field.length_delimited());
      break;
    }
  }
}

}  // namespace gw::emulator

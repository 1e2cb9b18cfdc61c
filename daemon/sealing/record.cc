// Room: sealing. The octets of a record: one that names the kind, then its members in their order;
// numbers big-endian, octets behind their u32 length.
#include "daemon/sealing/record.h"

#include "daemon/core/attribute_codec.h"

namespace gw {
namespace {

enum class Kind : Byte { kOwner = 1, kSession, kLogin, kObject };

class Encoder {
 public:
  explicit Encoder(Kind kind) { Number(static_cast<Byte>(kind), 1); }

  Encoder& Number(std::uint64_t value, int bytes = 8) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      octets_.push_back(static_cast<Byte>(value >> shift));
    return *this;
  }
  Encoder& Octets(ByteView octets) {
    Number(octets.size(), 4);
    Append(octets_, octets);
    return *this;
  }
  SecretBytes Finish() {
    SecretBytes secret{ByteView(octets_)};
    Wipe(octets_);
    return secret;
  }

 private:
  Bytes octets_;
};

class Decoder {
 public:
  explicit Decoder(ByteView octets) : left_(octets) {}

  std::uint64_t Number(std::size_t bytes = 8) {
    std::uint64_t value = 0;
    for (Byte byte : Take(bytes)) value = value << 8 | byte;
    return value;
  }
  ByteView Octets() { return Take(Number(4)); }
  bool AtEnd() const { return !failed_ && left_.empty(); }

 private:
  ByteView Take(std::size_t bytes) {
    failed_ = failed_ || bytes > left_.size();
    if (failed_) return {};
    const ByteView taken = left_.first(bytes);
    left_ = left_.subspan(bytes);
    return taken;
  }

  ByteView left_;
  bool failed_ = false;
};

SecretBytes Encode(const OwnerRecord& record) {
  return Encoder(Kind::kOwner).Number(record.owner.uid).Octets(ViewOf(record.owner.unit)).Finish();
}

SecretBytes Encode(const SessionRecord& record) {
  return Encoder(Kind::kSession)
      .Number(ToNumber(record.handle))
      .Number(ToNumber(record.slot))
      .Number(record.read_write ? 1 : 0, 1)
      .Finish();
}

SecretBytes Encode(const LoginRecord& record) {
  return Encoder(Kind::kLogin)
      .Number(ToNumber(record.slot))
      .Number(static_cast<Byte>(record.user), 1)
      .Number(record.generation, 4)
      .Octets(record.api_key.view())
      .Finish();
}

SecretBytes Encode(const ObjectRecord& record) {
  const Object& object = record.object;
  Encoder out(Kind::kObject);
  out.Number(object.number)
      .Number(object.version)
      .Number(ToNumber(object.slot))
      .Number(ToNumber(object.owner))
      .Octets(EncodeAttributes(object.attributes))
      .Octets(object.key.view());
  // Only while the HSM's master key is being changed, and after it.
  if (!object.other.empty()) out.Octets(object.other.view());
  return out.Finish();
}

ApplicationRecord DecodeOwner(Decoder& in) {
  OwnerRecord record;
  record.owner.uid = static_cast<uid_t>(in.Number());
  record.owner.unit = TextOf(in.Octets());
  return record;
}

ApplicationRecord DecodeSession(Decoder& in) {
  SessionRecord record;
  record.handle = SessionHandle{in.Number()};
  record.slot = SlotId{in.Number()};
  record.read_write = in.Number(1) != 0;
  return record;
}

ApplicationRecord DecodeLogin(Decoder& in) {
  LoginRecord record;
  record.slot = SlotId{in.Number()};
  record.user = static_cast<UserState>(in.Number(1));
  record.generation = static_cast<std::uint32_t>(in.Number(4));
  record.api_key = SecretBytes(in.Octets());
  return record;
}

Result<ApplicationRecord> DecodeObject(Decoder& in) {
  const std::uint64_t number = in.Number();
  const std::uint64_t version = in.Number();
  const SlotId slot{in.Number()};
  const SessionHandle owner{in.Number()};
  GW_TRY(attributes, DecodeAttributes(in.Octets()));
  Object object = ObjectFrom(std::move(attributes), KeyBlob{CopyOf(in.Octets())});
  if (!in.AtEnd()) object.other.octets = CopyOf(in.Octets());
  object.number = number;
  object.version = version;
  object.token = false;
  object.slot = slot;
  object.owner = owner;
  return ApplicationRecord(ObjectRecord{std::move(object)});
}

Error Unsound() {
  return CallerError(CKR_ENCRYPTED_DATA_INVALID, "a record of another version of the daemon");
}

Result<ApplicationRecord> DecodeKind(Kind kind, Decoder& in) {
  switch (kind) {
    case Kind::kOwner:
      return DecodeOwner(in);
    case Kind::kSession:
      return DecodeSession(in);
    case Kind::kLogin:
      return DecodeLogin(in);
    case Kind::kObject:
      return DecodeObject(in);
  }
  return Unsound();
}

}  // namespace

SecretBytes EncodeRecord(const ApplicationRecord& record) {
  return std::visit([](const auto& each) { return Encode(each); }, record);
}

Result<ApplicationRecord> DecodeRecord(ByteView octets) {
  Decoder in(octets);
  const Kind kind{static_cast<Byte>(in.Number(1))};
  auto record = DecodeKind(kind, in);
  if (!record || !in.AtEnd()) return Unsound();
  return record;
}

}  // namespace gw

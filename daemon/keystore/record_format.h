// Room: keystore. May include: core. What a stored row is authenticated over. Touches nothing.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/core/attribute_list.h"
#include "daemon/core/bytes.h"
#include "daemon/keystore/keystore.h"

namespace gw {

// Gives the integrity tag of octets. Implementations hold the keystore key; this room has no
// cryptography of its own. Thread: any.
class RowAuthenticator {
 public:
  virtual ~RowAuthenticator() = default;
  virtual Bytes Tag(ByteView octets) const = 0;
};

// One row of the object table, as every engine stores it. Borrows from the record, or from the
// engine's buffers.
struct ObjectRow {
  std::uint64_t number = 0;
  std::string_view keystore;
  // Copies of attributes, so that tools can search and list without decoding.
  std::uint64_t object_class = 0;
  std::optional<std::uint64_t> key_type;
  std::optional<ByteView> label;
  std::optional<ByteView> id;
  std::optional<ByteView> unique_id;
  // attribute_codec.h
  ByteView attributes;
  ByteView key_blob;
  ByteView other_blob;
  std::uint64_t version = 0;
  std::int64_t created_ms = 0;  // since 1970, UTC
  std::int64_t modified_ms = 0;
};

// One row of the table of requests that were done. Borrows like ObjectRow.
struct RequestRow {
  ByteView application;
  std::uint64_t number = 0;
  ByteView inserted;         // EncodeNumbers of FirstAnswer::inserted
  std::uint64_t whole = 1;   // 0 or 1
  std::int64_t done_ms = 0;  // since 1970, UTC
};

// The row of `record`. `encoded_attributes` is EncodeAttributes(record.attributes); both outlive
// the row.
ObjectRow RowOf(const Record& record, ByteView encoded_attributes);

// errors  CKR_DEVICE_ERROR  attributes cannot be decoded
Result<Record> RecordOf(const ObjectRow& row);

// The octets that the tag of a row is computed over: a domain name, then every column in the order
// of the struct; numbers as u64 big-endian, everything else as u32 length and octets, a column that
// may be missing behind one octet 0 or 1. The format never changes; another one gets another domain
// name. An object row with an other blob has one of its own, with that blob last; one without is
// what it was before there were any.
Bytes CanonicalObject(const ObjectRow& row);
Bytes CanonicalSetting(std::string_view name, ByteView value, std::int64_t modified_ms);
Bytes CanonicalRequest(const RequestRow& row);

// 8 octets each, big-endian.
Bytes EncodeNumbers(const std::vector<std::uint64_t>& numbers);
// nullopt: not a multiple of 8 octets.
std::optional<std::vector<std::uint64_t>> DecodeNumbers(ByteView octets);

}  // namespace gw

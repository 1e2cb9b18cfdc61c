// Room: attributes.
#include "daemon/attributes/x509_subject.h"

namespace gw {
namespace {

constexpr Byte kInteger = 0x02;
constexpr Byte kSequence = 0x30;
constexpr Byte kVersion = 0xa0;

// Takes DER elements off the front; `failed` stays set once something was not there.
struct DerReader {
  ByteView left;
  bool failed = false;

  bool NextIs(Byte tag) const { return !left.empty() && left.front() == tag; }

  // The whole element, tag and length included; `content` gets what is inside.
  ByteView Take(Byte tag, ByteView* content = nullptr) {
    const std::size_t header = HeaderBytes();
    const std::size_t size = failed ? 0 : ContentBytes(header);
    if (failed || !NextIs(tag) || size > left.size() - header) {
      failed = true;
      return {};
    }
    const ByteView element = left.first(header + size);
    left = left.subspan(header + size);
    if (content != nullptr) *content = element.subspan(header);
    return element;
  }

 private:
  // One octet of tag and one to four of length: certificates have no more.
  std::size_t HeaderBytes() {
    if (left.size() < 2) failed = true;
    if (failed || left[1] < 0x80) return 2;
    const std::size_t more = left[1] & 0x7fU;
    if (more < 1 || more > 4 || left.size() < 2 + more) failed = true;
    return 2 + more;
  }
  std::size_t ContentBytes(std::size_t header) const {
    if (header == 2) return left[1];
    std::size_t size = 0;
    for (Byte byte : left.subspan(2, header - 2)) size = size << 8 | byte;
    return size;
  }
};

}  // namespace

ByteView SubjectOf(ByteView certificate) {
  ByteView inside;
  DerReader outer{certificate};
  outer.Take(kSequence, &inside);
  DerReader signed_part{inside};
  signed_part.Take(kSequence, &inside);
  DerReader fields{inside, outer.failed || signed_part.failed};
  if (fields.NextIs(kVersion)) fields.Take(kVersion);
  fields.Take(kInteger);   // serial number
  fields.Take(kSequence);  // signature algorithm
  fields.Take(kSequence);  // issuer
  fields.Take(kSequence);  // validity
  const ByteView subject = fields.Take(kSequence);
  return fields.failed ? ByteView() : subject;
}

}  // namespace gw

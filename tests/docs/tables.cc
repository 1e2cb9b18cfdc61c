// Each table of docs/pkcs11.md from the rows that the product works by.
#include "tests/docs/tables.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "daemon/localcrypto/curve.h"
#include "proto/wire/functions.h"
#include "tests/docs/words.h"

namespace gw::docs {
namespace {

std::string Line(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string Head(const std::vector<std::string>& names) {
  return Line(names) + Line(std::vector<std::string>(names.size(), "---"));
}

std::string Code(std::string_view name) { return "`" + std::string(name) + "`"; }

std::string WordsOfCarried(const wire::FunctionRow& row) {
  switch (row.carried) {
    case wire::Carried::kCarried:
      return "the daemon";
    case wire::Carried::kLocal:
      return "the module alone";
    case wire::Carried::kAbsent:
      break;
  }
  return "`CKR_FUNCTION_NOT_SUPPORTED`";
}

// What is missing for a function to work, or why it does not.
std::string LackOf(const wire::FunctionRow& row, std::span<const Promise> promises) {
  const std::string id = std::string(row.name) + " CKR_OK";
  const auto promise = std::ranges::find(promises, id, &Promise::id);
  return promise == promises.end() || promise->state == "met" ? "-" : promise->reason;
}

std::string Functions(std::span<const Promise> promises) {
  std::string table =
      Head({"function", "section", "answered by", "sent again", "without a daemon", "lacks"});
  for (const wire::FunctionRow& row : wire::kFunctions) {
    const bool carried = row.carried == wire::Carried::kCarried;
    const std::string again = row.retry == wire::Retry::kAgain ? "as it is" : "done once";
    table += Line({Code(row.name), row.section, WordsOfCarried(row), carried ? again : "-",
                   carried ? Code(NameOfRv(row.no_daemon)) : "-", LackOf(row, promises)});
  }
  return table;
}

std::string Mechanisms() {
  const std::span<const MechanismRow> all = AllMechanisms();
  std::vector<MechanismRow> rows(all.begin(), all.end());
  std::ranges::stable_sort(rows, {}, &MechanismRow::key_type);
  std::string table = Head({"mechanism", "for", "key type", "key sizes", "parameter", "in parts"});
  for (const MechanismRow& row : rows) {
    const std::string parts = row.multi_part ? "yes" : "gathered";
    table +=
        Line({Code(NameOfMechanism(row.type)), WordsOfFlags(row.flags), WordsOfKeyTypes(row),
              WordsOfSizes(row), WordsOfParameter(row), TakesMessages(row.flags) ? parts : "-"});
  }
  return table;
}

std::string_view WordsOfCurveKind(CurveKind kind) {
  switch (kind) {
    case CurveKind::kWeierstrass:
      return "Weierstrass";
    case CurveKind::kMontgomery:
      return "Montgomery";
    case CurveKind::kEdwards:
      return "Edwards";
    case CurveKind::kPairing:
      break;
  }
  return "pairing";
}

std::string Hex(ByteView octets) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const Byte octet : octets) hex += {kDigits[octet >> 4U], kDigits[octet & 15U]};
  return hex;
}

std::string Curves() {
  std::string table = Head({"curve", "OpenSSL's name", "`CKA_EC_PARAMS`", "form", "bits",
                            "bytes of a point", "bytes of a signature", "verified by"});
  for (const Curve& curve : AllCurves()) {
    table += Line({Code(curve.name), curve.openssl_name.empty() ? "-" : Code(curve.openssl_name),
                   Code(Hex(curve.der_oid)), std::string(WordsOfCurveKind(curve.kind)),
                   std::to_string(curve.bits), std::to_string(curve.PointBytes()),
                   curve.order_bytes == 0 ? "-" : std::to_string(2 * curve.order_bytes),
                   curve.order_bytes == 0 ? "-"
                   : curve.local_verify   ? "the daemon"
                                          : "the HSM"});
  }
  return table;
}

// The sections of the attribute tables. An attribute stands in the first section that it fills, and
// in those of which it has a part.
struct Section {
  std::string_view title;
  KindSet kinds;
};
constexpr auto kSections = std::to_array<Section>({
    {"All objects", kAllKinds},
    {"All keys", kKeys},
    {"Public keys", kPublicKeys},
    {"Private keys", kPrivateKeys},
    {"Secret keys", kSecretKeys},
    {"Certificates", kCertificates},
    {"Data objects", KindsOf(ObjectKind::kData)},
    {"Domain parameters", KindsOf(ObjectKind::kDomainParameters)},
});

// A rule that holds for a part of the objects says for which.
std::string Limited(const std::string& words, KindSet part, KindSet whole, std::string_view none) {
  if (part == 0) return std::string(none);
  return part == whole ? words : words + " (" + WordsOfKinds(part) + ")";
}

std::string AttributeLine(const AttributeRow& row, KindSet whole) {
  const KindSet has = row.applies & whole;
  std::string name = Code(row.name);
  if (has != whole) name += " (" + WordsOfKinds(has) + ")";
  KindSet in_blob = 0;
  for (KindSet rest = has; rest != 0; rest &= rest - 1) {
    const auto kind = static_cast<ObjectKind>(std::countr_zero(rest));
    if (IsInBlob(row, kind)) in_blob |= KindsOf(kind);
  }
  return Line({name, WordsOfPurposes(row.given), WordsOfFallback(row.fallback),
               Limited(WordsOfChange(row.change), row.changeable & has, has, "never"),
               Limited("never", row.sensitive & has, has, "yes"),
               Limited("yes", in_blob, has, "-")});
}

bool Belongs(const AttributeRow& row, const Section& section) {
  if (row.applies == kAllKinds || section.kinds == kAllKinds) return row.applies == section.kinds;
  const bool fills_keys = (row.applies & kKeys) == kKeys;
  const bool about_keys = (section.kinds & ~kKeys) == 0;
  if (about_keys && fills_keys != (section.kinds == kKeys)) return false;
  return (row.applies & section.kinds) != 0;
}

std::string Attributes() {
  std::string text;
  for (const Section& section : kSections) {
    text += (text.empty() ? "**" : "\n**") + std::string(section.title) + "**\n\n" +
            Head({"attribute", "given to", "default", "changes", "readable", "in the key blob"});
    for (const AttributeRow& row : AllAttributes()) {
      if (Belongs(row, section)) text += AttributeLine(row, section.kinds);
    }
  }
  return text;
}

std::string_view WordsOfUsage(UsageRule rule) {
  switch (rule) {
    case UsageRule::kGranted:
      return "**TRUE**";
    case UsageRule::kAsked:
      return "FALSE";
    case UsageRule::kHostOnly:
      return "(FALSE)";
    case UsageRule::kImpossible:
      break;
  }
  return "-";
}

std::string Usages() {
  static constexpr auto kUsages = std::to_array<CK_ATTRIBUTE_TYPE>(
      {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER,
       CKA_WRAP, CKA_UNWRAP, CKA_DERIVE});
  std::vector<std::string> names{"keys"};
  for (const CK_ATTRIBUTE_TYPE usage : kUsages) names.push_back(Code(NameOfAttribute(usage)));
  std::string table = Head(names);
  for (KindSet rest = kKeys; rest != 0; rest &= rest - 1) {
    const auto kind = static_cast<ObjectKind>(std::countr_zero(rest));
    std::vector<std::string> cells{WordsOfKind(kind)};
    for (const CK_ATTRIBUTE_TYPE usage : kUsages)
      cells.emplace_back(WordsOfUsage(UsageOf(kind, usage)));
    table += Line(cells);
  }
  return table;
}

// Requirements have a number; what functions and mechanisms lack has an id of two words.
bool IsRequirement(const Promise& promise) { return promise.Subject() == promise.id; }

constexpr std::string_view kNone = "None.\n";

std::string Requirements(std::span<const Promise> promises, std::string_view state,
                         const std::string& reason) {
  std::string lines;
  for (const Promise& promise : promises) {
    if (promise.state != state || !IsRequirement(promise)) continue;
    lines += Line({promise.id, promise.text, promise.reason});
  }
  return lines.empty() ? std::string(kNone) : Head({"", "wanted", reason}) + lines;
}

// The other rows, those with the same reason in one line.
std::string Codes(std::span<const Promise> promises, std::string_view state) {
  std::vector<std::pair<std::string, std::string>> groups;  // reason, ids
  for (const Promise& promise : promises) {
    if (promise.state != state || IsRequirement(promise)) continue;
    const auto same =
        std::ranges::find(groups, promise.reason, &decltype(groups)::value_type::first);
    if (same == groups.end()) {
      groups.emplace_back(promise.reason, Code(promise.id));
    } else {
      same->second += ", " + Code(promise.id);
    }
  }
  if (groups.empty()) return std::string(kNone);
  std::string table = Head({"what", "why"});
  for (const auto& [reason, ids] : groups) table += Line({ids, reason});
  return table;
}

std::string Counts(std::span<const Promise> promises) {
  const auto of = [&](std::string_view state) {
    return std::to_string(std::ranges::count(promises, state, &Promise::state));
  };
  return "Of " + std::to_string(promises.size()) + " rows " + of("met") + " are met, " +
         of("open") + " are open, and " + of("n/a") + " are not for this product to meet.\n";
}

}  // namespace

Tables TablesOfPkcs11(std::span<const Promise> promises) {
  return {{"functions", Functions(promises)},
          {"mechanisms", Mechanisms()},
          {"curves", Curves()},
          {"attributes", Attributes()},
          {"usages", Usages()},
          {"counts", Counts(promises)},
          {"open requirements", Requirements(promises, "open", "why not")},
          {"open codes", Codes(promises, "open")},
          {"requirements met otherwise", Requirements(promises, "n/a", "instead")},
          {"codes met otherwise", Codes(promises, "n/a")}};
}

}  // namespace gw::docs

// Room: mechanism.
#include "daemon/mechanism/offered_mechanisms.h"

#include <algorithm>

#include "daemon/mechanism/hsm_names.h"

namespace gw {
namespace {

// The functions that an unknown mechanism can serve: where what it makes is not described by the
// mechanism, it is by the application's template.
constexpr CK_FLAGS kForStrange = CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY |
                                 CKF_GENERATE | CKF_GENERATE_KEY_PAIR | CKF_WRAP | CKF_UNWRAP |
                                 CKF_DERIVE;

MechanismRow RowFor(CK_MECHANISM_TYPE type, const MechanismFacts& facts) {
  return {type,
          Family::kOther,
          facts.flags & kForStrange,
          CK_UNAVAILABLE_INFORMATION,
          facts.min_key_size,
          facts.max_key_size,
          ParameterRule::kOctets,
          0,
          Hash::kNone,
          type,
          false};
}

}  // namespace

std::vector<CK_MECHANISM_TYPE> OfferedMechanisms::Strange(
    std::span<const CK_MECHANISM_TYPE> types) const {
  std::vector<CK_MECHANISM_TYPE> strange;
  std::ranges::copy_if(types, std::back_inserter(strange), [this](CK_MECHANISM_TYPE type) {
    return FindMechanism(type) == nullptr && !strange_.contains(type);
  });
  return strange;
}

void OfferedMechanisms::Learn(std::vector<CK_MECHANISM_TYPE> types,
                              const std::map<CK_MECHANISM_TYPE, MechanismFacts>& facts) {
  at_hsm_ = std::move(types);
  std::ranges::sort(at_hsm_);
  for (const auto& [type, fact] : facts) strange_.try_emplace(type, RowFor(type, fact));
  has_row_of_table_.clear();
  for (const MechanismRow& row : AllMechanisms())
    has_row_of_table_.push_back(HsmServes(at_hsm_, row.type));
  known_ = true;
}

const MechanismRow* OfferedMechanisms::Find(CK_MECHANISM_TYPE type) const {
  if (const MechanismRow* row = FindMechanism(type)) {
    const auto place = static_cast<std::size_t>(row - AllMechanisms().data());
    return !known_ || has_row_of_table_[place] ? row : nullptr;
  }
  const auto at = strange_.find(type);
  const bool offered = at != strange_.end() && std::ranges::binary_search(at_hsm_, type);
  return offered ? &at->second : nullptr;
}

std::vector<const MechanismRow*> OfferedMechanisms::All() const {
  std::vector<const MechanismRow*> all;
  for (const MechanismRow& row : AllMechanisms()) {
    if (Find(row.type) != nullptr) all.push_back(&row);
  }
  for (const auto& [type, row] : strange_) {
    if (Find(type) != nullptr) all.push_back(&row);
  }
  std::ranges::sort(all, {}, &MechanismRow::type);
  return all;
}

}  // namespace gw

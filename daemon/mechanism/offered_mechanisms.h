// Room: mechanism. May include: core. What one HSM serves: rows of the table, and rows made from
// what it says itself of mechanisms that the table does not know.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "daemon/mechanism/mechanism_table.h"

namespace gw {

// Rows live as long as this; they may be kept while new lists are learned. Thread: one at a time.
class OfferedMechanisms {
 public:
  // False: the HSM was not asked yet, and all that the table knows counts as offered.
  bool known() const { return known_; }

  // Those of `types` that no row has yet: the HSM has to be asked for their facts.
  std::vector<CK_MECHANISM_TYPE> Strange(std::span<const CK_MECHANISM_TYPE> types) const;
  // The HSM's list as it is now. Strange ones without facts are left out.
  void Learn(std::vector<CK_MECHANISM_TYPE> types,
             const std::map<CK_MECHANISM_TYPE, MechanismFacts>& facts);

  // nullptr: not offered.
  const MechanismRow* Find(CK_MECHANISM_TYPE type) const;
  // All that are, sorted by type.
  std::vector<const MechanismRow*> All() const;

 private:
  bool known_ = false;
  std::vector<CK_MECHANISM_TYPE> at_hsm_;  // sorted
  std::vector<bool> has_row_of_table_;     // by the place in AllMechanisms()
  std::map<CK_MECHANISM_TYPE, MechanismRow> strange_;
};

}  // namespace gw

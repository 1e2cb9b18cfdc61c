// Room: tests/stack. Random arguments of Cryptoki calls, made from the attribute and mechanism
// tables: what is valid, what is nearly so, and garbage. The same seed makes the same.
#pragma once

#include <deque>
#include <random>
#include <span>
#include <string>

#include "tests/stack/subjects.h"

namespace gw::stack {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Number() { return engine_(); }
  // 0 to `bound` - 1.
  std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
  bool Chance(unsigned per_mille) { return Below(1000) < per_mille; }
  Octets Some(std::size_t bytes);
  template <typename List>
  auto& Pick(List& list) {
    return list[Below(std::size(list))];
  }

 private:
  std::mt19937_64 engine_;
};

// The memory of the arguments of one call, and what must not be written to.
class Memory {
 public:
  // Lives as long as this does, at the same place.
  CK_BYTE* Keep(Octets octets);
  template <typename T>
  T* KeepObject(const T& object) {
    const auto* from = reinterpret_cast<const CK_BYTE*>(&object);
    return reinterpret_cast<T*>(Keep(Octets(from, from + sizeof object)));
  }
  // A buffer with guards behind it.
  CK_BYTE* Room(std::size_t bytes);
  bool GuardsHold() const;

 private:
  struct Guarded {
    const CK_BYTE* end;
  };
  std::deque<Octets> kept_;
  std::vector<Guarded> guarded_;
};

// How a template is used: decides which one it begins as.
enum class TemplateUse { kCreate, kSecretKey, kPublicHalf, kPrivateHalf, kChange, kSearch };

struct Template {
  CK_ATTRIBUTE* list;
  CK_ULONG count;
};

// `spoil`: nothing is wrong on purpose if false. A pair of templates for one pair of keys is drawn
// with the same `kind`.
Template DrawTemplate(Random& random, Memory& memory, const Subjects& subjects, TemplateUse use,
                      unsigned kind, bool spoil);

// An attribute list that asks for values, with buffers of all sorts.
Template DrawQuery(Random& random, Memory& memory);

// A mechanism for functions with `flag`; *row is its row, nullptr if it has none.
CK_MECHANISM* DrawMechanism(Random& random, Memory& memory, const Subjects& subjects, CK_FLAGS flag,
                            bool spoil, const MechanismRow** row);

// A mechanism type that need not be one.
CK_MECHANISM_TYPE DrawMechanismType(Random& random);

// A length that belongs to no memory: the callee has to refuse it unseen.
CK_ULONG DrawHugeLength(Random& random);

std::string Describe(const Template& attributes);
std::string Describe(const CK_MECHANISM* mechanism);

}  // namespace gw::stack

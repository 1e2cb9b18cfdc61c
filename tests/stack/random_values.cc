// Room: tests/stack. See random_values.h.
#include "tests/stack/random_values.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace gw::stack {
namespace {

constexpr std::size_t kGuardBytes = 32;
constexpr CK_BYTE kGuard = 0xA5;

// Values that many tables know, and such that none knows.
constexpr CK_MECHANISM_TYPE kOddTypes[] = {CKM_RC4,
                                           CKM_DES_CBC,
                                           CKM_AES_CTR,
                                           CKM_MD5,
                                           CKM_PBE_SHA1_RC4_128,
                                           CKM_VENDOR_DEFINED,
                                           CKM_VENDOR_DEFINED + 0x777,
                                           CK_UNAVAILABLE_INFORMATION};

// One thing of the parameter that is not as it should be.
void SpoilParameter(Random& random, Memory& memory, CK_MECHANISM* mechanism) {
  const CK_ULONG bytes = mechanism->ulParameterLen;
  switch (random.Below(8)) {
    case 0:
      mechanism->pParameter = nullptr;
      break;
    case 1:
      mechanism->ulParameterLen = DrawHugeLength(random);
      if (mechanism->pParameter == nullptr) mechanism->pParameter = memory.Keep(Octets(64));
      break;
    case 2:
      mechanism->ulParameterLen = 0;
      break;
    case 3:
      mechanism->ulParameterLen = bytes == 0 ? 1 : random.Below(bytes);
      if (bytes == 0) mechanism->pParameter = memory.Keep(random.Some(64));
      break;
    case 4:
      mechanism->pParameter = nullptr;
      mechanism->ulParameterLen = 0;
      break;
    default: {  // a number inside, which may be a pointer's length or an algorithm
      if (bytes % sizeof(CK_ULONG) != 0 || bytes <= 16) {
        mechanism->ulParameterLen = random.Below(40);
        mechanism->pParameter = memory.Keep(random.Some(64));
        return;
      }
      // Two numbers stand first in each structure, before the pointers.
      CK_ULONG* field = static_cast<CK_ULONG*>(mechanism->pParameter) + random.Below(2);
      *field = random.Below(2) == 0 ? random.Below(8) : random.Number();
    }
  }
}

CK_MECHANISM* Copied(Memory& memory, const CK_MECHANISM& mechanism, std::size_t bytes) {
  CK_MECHANISM copy = mechanism;
  if (copy.pParameter != nullptr) {
    const auto* from = static_cast<const CK_BYTE*>(copy.pParameter);
    copy.pParameter = memory.Keep(Octets(from, from + bytes));
  }
  return memory.KeepObject(copy);
}

// What the parameter points to goes with the FittingMechanism that it is a copy of.
void KeepWhatItPointsTo(Memory& memory, const Subjects& subjects, ParameterRule rule,
                        void* parameter) {
  if (rule == ParameterRule::kEcdh1) {
    static_cast<CK_ECDH1_DERIVE_PARAMS*>(parameter)->pPublicData = memory.Keep(subjects.point);
  } else if (rule == ParameterRule::kBtc) {
    static_cast<CK_IBM_BTC_DERIVE_PARAMS*>(parameter)->pChainCode = memory.Keep(Octets(32));
  } else if (rule == ParameterRule::kKyber) {
    auto* kyber = static_cast<CK_IBM_KYBER_PARAMS*>(parameter);
    kyber->pCipher = memory.Keep(Octets(kyber->ulCipherLen));
  }
}

}  // namespace

Octets Random::Some(std::size_t bytes) {
  Octets octets(bytes);
  for (CK_BYTE& octet : octets) octet = static_cast<CK_BYTE>(Number());
  return octets;
}

CK_BYTE* Memory::Keep(Octets octets) {
  if (octets.empty()) octets.resize(1);  // a pointer that is not NULL
  return kept_.emplace_back(std::move(octets)).data();
}

CK_BYTE* Memory::Room(std::size_t bytes) {
  CK_BYTE* room = Keep(Octets(bytes + kGuardBytes, kGuard));
  guarded_.push_back({room + bytes});
  return room;
}

bool Memory::GuardsHold() const {
  return std::ranges::all_of(guarded_, [](const Guarded& guarded) {
    return std::all_of(guarded.end, guarded.end + kGuardBytes,
                       [](CK_BYTE octet) { return octet == kGuard; });
  });
}

CK_ULONG DrawHugeLength(Random& random) {
  constexpr CK_ULONG kHuge[] = {CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION - 1,
                                CK_ULONG{1} << 63, CK_ULONG{1} << 32, (CK_ULONG{64} << 20) + 1};
  return random.Pick(kHuge);
}

CK_MECHANISM_TYPE DrawMechanismType(Random& random) {
  const auto rows = AllMechanisms();
  if (random.Chance(750)) return rows[random.Below(rows.size())].type;
  return random.Chance(800) ? random.Pick(kOddTypes) : random.Number();
}

CK_MECHANISM* DrawMechanism(Random& random, Memory& memory, const Subjects& subjects, CK_FLAGS flag,
                            bool spoil, const MechanismRow** row) {
  *row = nullptr;
  if (spoil && random.Chance(20)) return nullptr;
  if (spoil && random.Chance(200)) {
    CK_MECHANISM odd{DrawMechanismType(random), nullptr, random.Below(64)};
    *row = FindMechanism(odd.mechanism);
    if (random.Chance(500)) odd.pParameter = memory.Keep(random.Some(64));
    // Random octets are no structure with pointers, and no structure has this size.
    const auto rule = *row == nullptr ? ParameterRule::kNone : (*row)->parameter;
    if (rule != ParameterRule::kNone && rule != ParameterRule::kIv) odd.ulParameterLen = 17;
    if (odd.pParameter == nullptr) odd.ulParameterLen = 0;
    return memory.KeepObject(odd);
  }
  std::vector<const MechanismRow*> fitting;
  for (const MechanismRow& candidate : AllMechanisms()) {
    if ((candidate.flags & flag) != 0) fitting.push_back(&candidate);
  }
  *row = fitting[random.Below(fitting.size())];
  FittingMechanism good(**row, subjects);
  CK_MECHANISM* made = Copied(memory, *good.get(), good.get()->ulParameterLen);
  KeepWhatItPointsTo(memory, subjects, (*row)->parameter, made->pParameter);
  if (spoil && random.Chance(300)) SpoilParameter(random, memory, made);
  return made;
}

std::string Describe(const CK_MECHANISM* mechanism) {
  if (mechanism == nullptr) return "NULL";
  std::ostringstream text;
  text << NameOfMechanism(mechanism->mechanism) << "(" << mechanism->pParameter << ", "
       << mechanism->ulParameterLen << ")";
  return text.str();
}

}  // namespace gw::stack

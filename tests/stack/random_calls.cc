// Room: tests/stack. See random_calls.h.
#include "tests/stack/random_calls.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>
#include <utility>

namespace gw::stack {
namespace {

using Word = std::uintptr_t;

constexpr std::size_t kRoom = 512;
// More than any function gives here: behind lengths that are greater than their memory.
constexpr std::size_t kLargestOutput = std::size_t{256} << 10;

template <typename Argument>
Argument As(Word word) {
  if constexpr (std::is_pointer_v<Argument>) {
    return reinterpret_cast<Argument>(word);
  } else {
    return static_cast<Argument>(word);
  }
}

template <typename... A, std::size_t... I>
CK_RV Apply(CK_RV (*function)(A...), const std::vector<Word>& words, std::index_sequence<I...>) {
  return function(As<A>(words.at(I))...);
}

template <typename... A>
CK_RV Apply(CK_RV (*function)(A...), const std::vector<Word>& words) {
  if (words.size() != sizeof...(A)) std::abort();  // the row of the shape is wrong
  return Apply(function, words, std::index_sequence_for<A...>());
}

CK_RV CallByName(std::string_view name, const std::vector<Word>& words) {
#define GW_FN(function, number, carried, retry, operation, no_daemon, section) \
  if (name == #function) return Apply(P11v3().function, words);
#include "proto/wire/functions.def"
#undef GW_FN
  std::abort();
}

struct StructureRow {
  std::string_view function;
  std::size_t bytes;
};
constexpr StructureRow kStructures[] = {
    {"C_GetInfo", sizeof(CK_INFO)},
    {"C_GetSlotInfo", sizeof(CK_SLOT_INFO)},
    {"C_GetTokenInfo", sizeof(CK_TOKEN_INFO)},
    {"C_GetMechanismInfo", sizeof(CK_MECHANISM_INFO)},
    {"C_GetSessionInfo", sizeof(CK_SESSION_INFO)},
};

// Functions that use the private half of a pair.
constexpr CK_FLAGS kPrivateFlags =
    CKF_SIGN | CKF_SIGN_RECOVER | CKF_DECRYPT | CKF_UNWRAP | CKF_DERIVE;

CK_RV NoMutex(void*) { return CKR_OK; }
CK_RV NoNewMutex(void**) { return CKR_OK; }

}  // namespace

Arguments::Arguments(const Shape& shape, World& world, Random& random, bool spoil)
    : shape_(shape),
      world_(world),
      random_(random),
      spoil_(spoil),
      // RSA keys take their time.
      kind_(random.Chance(15) ? CKK_RSA : CKK_EC) {
  for (const char* letter = shape.letters; *letter != '\0'; ++letter) Draw(*letter);
}

CK_RV Arguments::Call() const { return CallByName(shape_.function, words_); }

void Arguments::PutOctets(Octets octets) {
  const CK_ULONG bytes = octets.size();
  Put(memory_.Keep(std::move(octets)));
  Put(bytes);
}

void Arguments::PutPlace() {
  if (Spoilt(30)) return Put(nullptr);
  places_.push_back(reinterpret_cast<CK_ULONG*>(memory_.Room(sizeof(CK_ULONG))));
  Put(places_.back());
}

void Arguments::DrawMechanism() {
  CK_MECHANISM* mechanism = stack::DrawMechanism(random_, memory_, world_.subjects(), shape_.flag,
                                                 spoil_, &world_.last_mechanism);
  if (shape_.flag == CKF_GENERATE_KEY_PAIR && mechanism != nullptr && !Spoilt(50)) {
    mechanism->mechanism = kind_ == CKK_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
  }
  drawn_mechanisms_.push_back(mechanism);
  Put(mechanism);
}

void Arguments::DrawTemplateWords() {
  // The second of a pair is the private half's.
  const bool second = templates_++ == 1;
  const TemplateUse use = second ? TemplateUse::kPrivateHalf : shape_.use;
  const Template drawn =
      DrawTemplate(random_, memory_, world_.subjects(), use, kind_, spoil_ && random_.Chance(700));
  drawn_templates_.push_back(drawn);
  Put(drawn.list);
  Put(drawn.count);
}

void Arguments::DrawKey() {
  const bool state = std::string_view(shape_.letters).find('j') != std::string_view::npos;
  if (state && random_.Chance(600)) return Put(Word{CK_INVALID_HANDLE});
  const bool first = keys_++ == 0;
  if (shape_.flag == 0 || Spoilt(150) || world_.last_mechanism == nullptr) {
    return Put(world_.DrawObject(random_));
  }
  if (!first) return Put(random_.Chance(700) ? world_.subjects().aes : world_.DrawObject(random_));
  const KeyPair keys = world_.subjects().KeysFor(*world_.last_mechanism);
  Put((shape_.flag & kPrivateFlags) != 0 ? keys.private_key : keys.public_key);
}

// What the function would like to see, as far as it is known.
Octets Arguments::FittingOctets() {
  const std::string_view name = shape_.function;
  const unsigned nth = inputs_++;
  const bool many = name.find("Message") != std::string_view::npos;
  if (many && nth == 0) return {};  // parameters of a message: none has any
  const CK_MECHANISM_TYPE type =
      world_.last_mechanism == nullptr ? CK_UNAVAILABLE_INFORMATION : world_.last_mechanism->type;
  const Octets* fitting = nullptr;
  if (name.starts_with("C_Decrypt")) {
    fitting = world_.CiphertextFor(type);
  } else if (name == "C_UnwrapKey") {
    fitting = world_.WrappedFor(type);
  } else if (name == "C_VerifyFinal" || name == "C_VerifyRecover" || nth == (many ? 2U : 1U)) {
    fitting = world_.SignatureFor(type);
  }
  return fitting == nullptr ? World::Message() : *fitting;
}

void Arguments::DrawOctets() {
  Octets octets = FittingOctets();
  if (!Spoilt(400)) return PutOctets(std::move(octets));
  switch (random_.Below(7)) {
    case 0:
      Put(nullptr);
      return Put(Word{0});
    case 1:
      Put(nullptr);
      return Put(1 + random_.Below(100));
    case 2:
      Put(memory_.Keep(std::move(octets)));
      return Put(DrawHugeLength(random_));
    case 3:
      octets.resize(random_.Below(octets.size() + 1));
      break;
    case 4:
      octets.push_back(0);
      break;
    case 5:
      if (!octets.empty()) octets[random_.Below(octets.size())] ^= 1;
      break;
    default:
      octets = random_.Some(random_.Chance(950) ? random_.Below(300) : 20000);
      break;
  }
  PutOctets(std::move(octets));
}

void Arguments::DrawOutput(std::size_t unit) {
  CK_ULONG units = kRoom / unit;
  CK_BYTE* room = nullptr;
  if (Spoilt(20)) {
    units = DrawHugeLength(random_);
    room = memory_.Room(kLargestOutput);
  } else if (!Spoilt(200)) {
    if (Spoilt(400)) units = random_.Below(140);
    room = memory_.Room(units * unit);
  }
  CK_ULONG* size = reinterpret_cast<CK_ULONG*>(memory_.Room(sizeof(CK_ULONG)));
  *size = units;
  output_ = room;
  output_size_ = size;
  Put(room);
  Put(Spoilt(30) ? nullptr : size);
}

void Arguments::DrawFound() {
  CK_ULONG most = random_.Below(20);
  CK_BYTE* room = nullptr;
  if (Spoilt(30)) {
    most = DrawHugeLength(random_);
    room = memory_.Room(kLargestOutput);
  } else if (!Spoilt(30)) {
    room = memory_.Room(most * sizeof(CK_OBJECT_HANDLE));
  }
  Put(room);
  Put(most);
  Put(Spoilt(30) ? nullptr : memory_.Room(sizeof(CK_ULONG)));
}

void Arguments::DrawRandomRoom() {
  const CK_ULONG bytes = random_.Chance(900) ? random_.Below(64) : random_.Below(8192);
  if (Spoilt(100)) {
    Put(nullptr);
    return Put(random_.Chance(500) ? bytes : DrawHugeLength(random_));
  }
  Put(memory_.Room(bytes));
  Put(bytes);
}

void Arguments::DrawPin() {
  const std::string_view name = shape_.function;
  const bool officer = name == "C_InitToken" || random_.Chance(200);
  // Each PIN that may be one is IAM's to judge, which takes its time.
  if (!Spoilt(name == "C_SetPIN" || name == "C_InitPIN" ? 850 : 400))
    return PutOctets(OctetsOf(Env(officer ? "SO_PIN" : "USER_PIN")));
  switch (random_.Below(5)) {
    case 0:
      Put(nullptr);
      return Put(Word{0});
    case 1:
      Put(nullptr);
      return Put(random_.Below(100));
    case 2:
      Put(memory_.Keep(OctetsOf("1234")));
      return Put(DrawHugeLength(random_));
    case 3:
      return PutOctets(random_.Chance(200) ? OctetsOf("wrong") : Octets{});
    default:
      return PutOctets(
          random_.Some(random_.Chance(500) ? random_.Below(5) : 1020 + random_.Below(9)));
  }
}

void Arguments::DrawStructure() {
  if (Spoilt(50)) return Put(nullptr);
  const auto* row =
      std::ranges::find(kStructures, std::string_view(shape_.function), &StructureRow::function);
  Put(memory_.Room(row == std::end(kStructures) ? kRoom : row->bytes));
}

void Arguments::DrawFlags() {
  if (Spoilt(150)) return Put(random_.Chance(500) ? random_.Below(8) : random_.Number());
  const std::string_view name = shape_.function;
  if (name == "C_OpenSession") return Put(Word{CKF_SERIAL_SESSION | CKF_RW_SESSION});
  Put(name == "C_SessionCancel" ? random_.Number() & kAllOperations : Word{0});
}

void Arguments::DrawInitialize() {
  if (random_.Chance(300)) return Put(nullptr);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = random_.Chance(800) ? random_.Below(4) : random_.Number();
  if (random_.Chance(300)) arguments.CreateMutex = NoNewMutex;
  if (random_.Chance(300)) arguments.DestroyMutex = NoMutex;
  if (random_.Chance(300)) arguments.LockMutex = NoMutex;
  if (random_.Chance(300)) arguments.UnlockMutex = NoMutex;
  if (random_.Chance(100)) arguments.pReserved = &world_;
  Put(memory_.KeepObject(arguments));
}

void Arguments::Draw(char letter) {
  switch (letter) {
    case 's':
      return Put(world_.DrawSession(random_));
    case 'S':
      return Put(Spoilt(60) ? random_.Number() : Spoilt(60) ? random_.Below(9) : Slot());
    case 'h':
      return DrawKey();
    case 'm':
      return DrawMechanism();
    case 'M':
      return Put(DrawMechanismType(random_));
    case 't':
      return DrawTemplateWords();
    case 'a':
      drawn_templates_.push_back(DrawQuery(random_, memory_));
      Put(drawn_templates_.back().list);
      return Put(drawn_templates_.back().count);
    case 'i':
      return DrawOctets();
    case 'j':
      if (Spoilt(300)) return DrawOctets();
      return PutOctets(world_.saved_state);
    case 'o':
      return DrawOutput(1);
    case 'N':
      return DrawOutput(sizeof(CK_ULONG));
    case 'X':
      return DrawOutput(sizeof(CK_INTERFACE));
    case 'F':
      return DrawFound();
    case 'r':
      return DrawRandomRoom();
    case 'p':
      return DrawPin();
    case 'l':
      return Put(Spoilt(50) ? nullptr : memory_.Keep(Octets(32, ' ')));
    case 'b':
      return Put(random_.Chance(900) ? random_.Below(2) : random_.Below(256));
    case 'u':
      return Put(random_.Chance(900) ? random_.Below(4) : random_.Number());
    case 'f':
      return DrawFlags();
    case 'd':
      return Put(CKF_DONT_BLOCK | (Spoilt(100) ? random_.Number() : 0));
    case 'I':
      return DrawStructure();
    case 'K':
      return PutPlace();
    case 'P':
      return Put(Spoilt(100) ? nullptr : memory_.Room(sizeof(void*)));
    case 'R':
      return Put(random_.Chance(800) ? nullptr : memory_.Keep(Octets(64)));
    case 'n':
      if (random_.Chance(300)) return Put(nullptr);
      return Put(memory_.Keep(Octets{'P', 'K', 'C', 'S', ' ', '1',
                                     random_.Chance(800) ? CK_BYTE{'1'} : CK_BYTE{'2'}, 0}));
    case 'v':
      if (random_.Chance(300)) return Put(nullptr);
      return Put(
          memory_.KeepObject(CK_VERSION{static_cast<CK_BYTE>(random_.Below(5)),
                                        static_cast<CK_BYTE>(random_.Chance(500) ? 0 : 40)}));
    case 'A':
      return DrawInitialize();
    default:
      std::abort();
  }
}

std::vector<CK_ULONG> Arguments::stored() const {
  std::vector<CK_ULONG> numbers;
  for (const CK_ULONG* place : places_) numbers.push_back(*place);
  return numbers;
}

Octets Arguments::output() const {
  if (output_ == nullptr || output_size_ == nullptr || *output_size_ > kLargestOutput) return {};
  return {output_, output_ + *output_size_};
}

std::string Arguments::Describe() const {
  std::ostringstream text;
  text << shape_.function << "(" << std::hex;
  for (const Word word : words_) text << (word == words_.front() ? "" : ", ") << "0x" << word;
  text << std::dec << ")";
  for (const CK_MECHANISM* mechanism : drawn_mechanisms_) text << " " << stack::Describe(mechanism);
  for (const Template& drawn : drawn_templates_) text << " " << stack::Describe(drawn);
  return text.str();
}

}  // namespace gw::stack

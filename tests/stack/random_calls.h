// Room: tests/stack. One random call of any function: the table of what its arguments are, drawing
// them, making the call, saying what it was.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/stack/random_world.h"

namespace gw::stack {

// What the arguments of a function are, a letter each:
//   s session   S slot         h object      m mechanism   M mechanism type   t template
//   a template to be filled    i octets in   o octets out  p PIN              l label
//   b CK_BBOOL  u user type    f flags       d flags without waiting          j a saved state
//   I structure out            K number out  N numbers out F found objects    r random octets
//   P pointer out              X interfaces out            R reserved, NULL   n name
//   v version                  A arguments of C_Initialize
struct Shape {
  const char* function;
  const char* letters;
  CK_FLAGS flag = 0;  // of mechanisms that serve it
  TemplateUse use = TemplateUse::kChange;
  // What has to have begun before.
  const char* begun[2] = {nullptr, nullptr};
};
// nullptr: no row.
const Shape* FindShape(std::string_view function);

// The arguments of one call, as words, and the memory behind them.
class Arguments {
 public:
  // `spoil`: some of them may be wrong.
  Arguments(const Shape& shape, World& world, Random& random, bool spoil);
  CK_RV Call() const;
  std::string Describe() const;

  const Memory& memory() const { return memory_; }
  // What the call stored where handles go.
  std::vector<CK_ULONG> stored() const;
  // What came out, if the length says that something did.
  Octets output() const;

 private:
  using Word = std::uintptr_t;
  void Draw(char letter);
  void DrawMechanism();
  void DrawTemplateWords();
  void DrawKey();
  void DrawOctets();
  Octets FittingOctets();
  void DrawOutput(std::size_t unit);
  void DrawFound();
  void DrawRandomRoom();
  void DrawPin();
  void DrawStructure();
  void DrawFlags();
  void DrawInitialize();
  void PutOctets(Octets octets);
  void PutPlace();
  bool Spoilt(unsigned per_mille) { return spoil_ && random_.Chance(per_mille); }
  void Put(Word word) { words_.push_back(word); }
  void Put(const void* pointer) { words_.push_back(reinterpret_cast<Word>(pointer)); }

  const Shape& shape_;
  World& world_;
  Random& random_;
  const bool spoil_;
  Memory memory_;
  std::vector<Word> words_;
  unsigned kind_ = 0;  // of the pair that is made
  unsigned keys_ = 0;  // drawn so far
  unsigned inputs_ = 0;
  unsigned templates_ = 0;
  std::vector<CK_ULONG*> places_;  // of handles
  CK_BYTE* output_ = nullptr;      // and the place of its length, for functions that have one
  CK_ULONG* output_size_ = nullptr;
  // What words do not show.
  std::vector<CK_MECHANISM*> drawn_mechanisms_;
  std::vector<Template> drawn_templates_;
};

}  // namespace gw::stack

// Room: tests/stack. The rows of the buffer test: each function that gives output, for each
// mechanism that serves it, with the way to the state in which it gives it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/stack/subjects.h"

namespace gw::stack {

// One session of a logged-in user, and the subjects.
class BufferStage {
 public:
  BufferStage();
  ~BufferStage();
  BufferStage(const BufferStage&) = delete;
  BufferStage& operator=(const BufferStage&) = delete;
  CK_SESSION_HANDLE session() const { return session_; }
  const Subjects& subjects() const { return subjects_; }
  CK_MECHANISM* Mechanism(const MechanismRow& row);
  KeyPair Keys(const MechanismRow& row) const { return subjects_.KeysFor(row); }
  // Ends whatever the session has begun.
  void Clear() const;

 private:
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  Subjects subjects_;
  std::unique_ptr<FittingMechanism> mechanism_;
};

// What a call reads and where it writes. Functions without input look at the output alone.
struct BufferCall {
  Octets input;
  CK_BYTE* input_at = nullptr;  // &input[0], or NULL
  void* output = nullptr;
  CK_ULONG* size = nullptr;
};

// A function with output of a length that depends.
struct BufferRow {
  std::string name;  // "C_Sign_CKM_ECDSA"
  std::string function;
  std::size_t unit = 1;  // octets that a length counts
  // To the state in which the function is called; gives the input.
  std::function<Octets(BufferStage&)> begin;
  std::function<CK_RV(BufferStage&, const BufferCall&)> call;
  // Whether an output is right; empty: it is the same each time.
  std::function<void(BufferStage&, const Octets& input, const Octets& output)> judge;
  bool has_input = false;
  bool ends = false;  // success ends the operation, and so does a bad argument
};

std::vector<BufferRow> BufferRows();

// A function that writes a structure or a number of fixed size, through its last pointer or the one
// before: `call` gets where it goes.
struct FixedRow {
  std::string function;
  std::size_t bytes;
  std::function<CK_RV(BufferStage&, void* output)> call;
  CK_RV expected = CKR_OK;
};

std::vector<FixedRow> FixedRows();

}  // namespace gw::stack

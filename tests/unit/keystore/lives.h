// Tests of keystore: what daemons do to a keystore while the disk fails or power is lost, and what
// must be there afterwards.
#pragma once

#include <algorithm>
#include <functional>

#include "daemon/keystore/memory_keystore.h"
#include "tests/unit/keystore/support.h"

namespace gw {

// Memory is quick, and what is tested here does not depend on what is below.
class QuickDirectory {
 public:
  QuickDirectory() {
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    directory_ = std::make_unique<TempDirectory>();
  }
  // Not there yet: the daemon makes it.
  std::string state() const { return directory_->File("state"); }

 private:
  std::unique_ptr<TempDirectory> directory_;
};

// Mutations that are handed over together. Request i + 1 is mutation i of all steps.
using Step = std::vector<Mutation>;

inline Mutation Insert(std::vector<std::string> labels) {
  Mutation mutation;
  for (const std::string& label : labels) mutation.puts.push_back(MakeRecord(label));
  return mutation;
}

inline Record Changed(std::uint64_t number, std::uint64_t version, std::string_view label) {
  Record record = MakeRecord(label);
  record.number = number;
  record.version = version;
  return record;
}

inline Mutation Large(std::string_view label, std::size_t octets) {
  Mutation mutation = PutOf(MakeRecord(label));
  mutation.puts[0].key.octets.assign(octets, 0x5a);
  return mutation;
}

// One of each kind, and mixtures whose halves would show.
inline std::vector<Step> FirstLife() {
  std::vector<Step> steps;
  steps.push_back({Insert({"1"})});
  steps.push_back({Insert({"2", "3"})});
  steps.push_back({PutOf(Changed(1, 2, "1 changed"))});
  Mutation mixture = Insert({"4"});
  mixture.puts.push_back(Changed(2, 2, "2 changed"));
  mixture.removes = {3};
  mixture.settings["slot.4.label"] = CopyOf("token");
  mixture.whole = false;
  steps.push_back({mixture});
  steps.push_back({Insert({"5"}), Insert({"6", "7"}), SettingOf("slot.5.label", Bytes{1}),
                   PutOf(Changed(1, 3, "1 changed again"))});
  return steps;
}

inline bool Same(const Record& a, const Record& b) {
  return a.number == b.number && a.keystore == b.keystore && a.attributes == b.attributes &&
         a.key.octets == b.key.octets && a.version == b.version;
}

// Whether a mutation has to be found.
enum class Must { kBeThere, kBeAbsent, kBeEither };

// Empty, or what is wrong with the keystore: each of `mutations` is there as a whole, with its
// request's answer, or not at all, as `must` says of its position. They were done in this order.
inline std::string FaultIn(Keystore& keystore, const std::vector<Mutation>& mutations,
                           const std::function<Must(std::size_t)>& must) {
  const auto contents = keystore.Load();
  if (!contents.ok()) return "not loaded: " + DetailOf(contents);
  if (!contents->refused.empty()) return "refused: " + contents->refused.front();
  // What should be there: each mutation whose request is answered, done in memory.
  const auto expected = MakeMemoryKeystore();
  for (std::size_t i = 0; i < mutations.size(); ++i) {
    const std::string name = "mutation " + std::to_string(mutations[i].request->number);
    const FirstAnswer* answer = keystore.AnswerTo(*mutations[i].request);
    if (answer == nullptr && must(i) == Must::kBeThere) return name + " is lost";
    if (answer == nullptr) continue;
    if (must(i) == Must::kBeAbsent) return name + " is there";
    if (!CommitNow(*expected, mutations[i]).ok()) return name + " depends on what is lost";
    const FirstAnswer* right = expected->AnswerTo(*mutations[i].request);
    if (answer->inserted != right->inserted || answer->whole != right->whole) {
      return name + " has another answer";
    }
  }
  const auto right = expected->Load();
  if (!std::ranges::equal(contents->records, right->records, Same)) return "other objects";
  if (contents->settings != right->settings) return "other settings";
  return {};
}

// The same of what the next daemon finds in `directory`.
inline std::string FaultAt(const std::string& directory, const std::vector<Mutation>& mutations,
                           const std::function<Must(std::size_t)>& must) {
  auto keystore = OpenSqliteKeystore(OptionsFor(directory));
  if (!keystore.ok()) return "not opened: " + DetailOf(keystore);
  return FaultIn(**keystore, mutations, must);
}

}  // namespace gw

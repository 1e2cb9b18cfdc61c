// Room: keystore.
#include "daemon/keystore/memory_keystore.h"

#include <algorithm>
#include <map>

#include "daemon/keystore/request_memory.h"
#include "daemon/keystore/version_race.h"

namespace gw {
namespace {

class MemoryKeystore final : public Keystore {
 public:
  MemoryKeystore(KeystoreContents contents, const Clock& clock)
      : settings_(std::move(contents.settings)), requests_(clock) {
    for (Record& record : contents.records) {
      last_number_ = std::max(last_number_, record.number);
      const std::uint64_t number = record.number;
      records_.insert_or_assign(number, std::move(record));
    }
  }

  Result<KeystoreContents> Load() override {
    KeystoreContents contents;
    for (const auto& [number, record] : records_) contents.records.push_back(record);
    contents.settings = settings_;
    return contents;
  }

  Awaitable<Result<std::vector<std::uint64_t>>> Commit(Mutation mutation) override {
    co_return mutation.request ? ApplyOnce(std::move(mutation)) : Apply(std::move(mutation));
  }

  const FirstAnswer* AnswerTo(const RequestId& request) const override {
    return requests_.Find(request);
  }

  void Stop() override {}

 private:
  Result<std::vector<std::uint64_t>> ApplyOnce(Mutation mutation) {
    const RequestId request = *mutation.request;
    requests_.ForgetOld();
    if (const FirstAnswer* first = requests_.Find(request)) {
      return NumbersOfRepeat(mutation, *first);
    }
    const std::vector<std::size_t> inserts = InsertsOf(mutation);
    const bool whole = mutation.whole;
    GW_TRY(numbers, Apply(std::move(mutation)));
    requests_.Remember(request, AnswerOf(numbers, inserts, whole));
    return std::move(numbers);
  }

  Result<std::vector<std::uint64_t>> Apply(Mutation mutation) {
    GW_TRY_VOID(CheckVersions(mutation));
    for (const std::string& keystore : mutation.wipes) {
      std::erase_if(records_, [&](const auto& row) { return row.second.keystore == keystore; });
    }
    for (const std::uint64_t number : mutation.removes) records_.erase(number);
    if (mutation.forgets) requests_.Forget(*mutation.forgets);
    std::vector<std::uint64_t> numbers;
    for (Record& record : mutation.puts) {
      if (record.number == 0) record.number = ++last_number_;
      numbers.push_back(record.number);
      const std::uint64_t number = record.number;
      records_.insert_or_assign(number, std::move(record));
    }
    for (Record& record : mutation.rewraps) {
      const std::uint64_t number = record.number;
      records_.insert_or_assign(number, std::move(record));
    }
    for (auto& [name, value] : mutation.settings) {
      if (value.empty()) {
        settings_.erase(name);
      } else {
        settings_.insert_or_assign(name, std::move(value));
      }
    }
    return numbers;
  }

  // Before anything is changed: a replaced record has to be there, one version lower, after wipes
  // and removes.
  Status CheckVersions(const Mutation& mutation) const {
    std::map<std::uint64_t, std::uint64_t> versions;
    for (const auto& [number, record] : records_) {
      if (std::ranges::count(mutation.wipes, record.keystore) != 0) continue;
      if (std::ranges::count(mutation.removes, number) != 0) continue;
      versions.emplace(number, record.version);
    }
    for (const Record& record : mutation.puts) {
      if (record.number == 0) continue;
      const auto stored = versions.find(record.number);
      if (stored == versions.end() || stored->second + 1 != record.version) {
        return LostRace(record.number);
      }
      stored->second = record.version;
    }
    for (const Record& record : mutation.rewraps) {
      const auto stored = versions.find(record.number);
      if (stored == versions.end() || stored->second != record.version) {
        return LostRace(record.number);
      }
    }
    return Ok();
  }

  std::map<std::uint64_t, Record> records_;
  std::map<std::string, Bytes> settings_;
  std::uint64_t last_number_ = 0;
  RequestMemory requests_;
};

}  // namespace

std::unique_ptr<Keystore> MakeMemoryKeystore(KeystoreContents contents, const Clock& clock) {
  return std::make_unique<MemoryKeystore>(std::move(contents), clock);
}

}  // namespace gw

// Room: keystore.
#include "daemon/keystore/request_memory.h"

#include <utility>

namespace gw {

const FirstAnswer* RequestMemory::Find(const RequestId& request) const {
  const auto entry = entries_.find(request);
  if (entry == entries_.end() || IsOld(entry->second)) return nullptr;
  return &entry->second.answer;
}

void RequestMemory::Remember(const RequestId& request, FirstAnswer answer,
                             std::chrono::milliseconds age) {
  Entry entry{std::move(answer), clock_.Now() - age};
  const auto [place, is_new] = entries_.try_emplace(request, std::move(entry));
  if (is_new) by_age_.push_back(place);
}

void RequestMemory::ForgetOld() {
  while (!by_age_.empty() && IsOld(by_age_.front()->second)) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
}

void RequestMemory::Forget(const RequestId& request) {
  const auto entry = entries_.find(request);
  if (entry == entries_.end()) return;
  std::erase(by_age_, entry);
  entries_.erase(entry);
}

void RequestMemory::Clear() {
  by_age_.clear();
  entries_.clear();
}

std::vector<std::size_t> InsertsOf(const Mutation& mutation) {
  std::vector<std::size_t> inserts;
  for (std::size_t i = 0; i < mutation.puts.size(); ++i) {
    if (mutation.puts[i].number == 0) inserts.push_back(i);
  }
  return inserts;
}

FirstAnswer AnswerOf(const RecordNumbers& numbers, const std::vector<std::size_t>& inserts,
                     bool whole) {
  FirstAnswer answer;
  answer.whole = whole;
  answer.inserted.reserve(inserts.size());
  for (const std::size_t at : inserts) answer.inserted.push_back(numbers[at]);
  return answer;
}

Result<RecordNumbers> NumbersOfRepeat(const Mutation& mutation, const FirstAnswer& first) {
  const std::vector<std::size_t> inserts = InsertsOf(mutation);
  if (inserts.size() != first.inserted.size()) {
    return StateError(CKR_DEVICE_ERROR, "keystore: " + NameOf(*mutation.request) +
                                            " was done before and was another change");
  }
  RecordNumbers numbers;
  numbers.reserve(mutation.puts.size());
  for (const Record& record : mutation.puts) numbers.push_back(record.number);
  for (std::size_t i = 0; i < inserts.size(); ++i) numbers[inserts[i]] = first.inserted[i];
  return numbers;
}

std::string NameOf(const RequestId& request) {
  return "request " + std::to_string(request.number) + " of application " +
         HexOf(request.application);
}

}  // namespace gw

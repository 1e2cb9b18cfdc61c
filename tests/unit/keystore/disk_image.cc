// Tests of keystore.
#include "tests/unit/keystore/disk_image.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace gw::disk {
namespace {

constexpr std::size_t kSectorBytes = 512;

// Decides for each change whether it is kept; some images keep much, some little.
class Choice {
 public:
  Choice(Keep keep, std::minstd_rand& chance)
      : keep_(keep), chance_(chance), tenths_(keep == Keep::kSome ? 1 + chance() % 9 : 0) {}
  bool Kept() {
    if (keep_ != Keep::kSome) return keep_ == Keep::kAll;
    return chance_() % 10 < tenths_;
  }

 private:
  const Keep keep_;
  std::minstd_rand& chance_;
  const unsigned long tenths_;
};

void WriteOctets(std::string& content, std::size_t offset, std::string_view octets) {
  if (content.size() < offset + octets.size()) content.resize(offset + octets.size());
  content.replace(offset, octets.size(), octets);
}

// Sector by sector of the file.
void WriteSome(std::string& content, const Event& write, Choice& choice) {
  std::string_view rest = write.data;
  auto offset = static_cast<std::size_t>(write.offset);
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.size(), kSectorBytes - offset % kSectorBytes);
    if (choice.Kept()) WriteOctets(content, offset, rest.substr(0, size));
    rest.remove_prefix(size);
    offset += size;
  }
}

void ApplyToContent(std::string& content, const Event& event, Choice& choice) {
  if (event.kind == Kind::kWrite) return WriteSome(content, event, choice);
  if (choice.Kept()) content.resize(static_cast<std::size_t>(event.offset));
}

void ApplyToNames(std::map<std::string, int>& names, const Event& event) {
  if (event.kind == Kind::kCreate) names[event.name] = event.file;
  if (event.kind == Kind::kUnlink) names.erase(event.name);
}

}  // namespace

void Disk::Apply(const Event& event) {
  File& file = files_[event.file];
  switch (event.kind) {
    case Kind::kCreate:
    case Kind::kUnlink:
      return unsynced_names_.push_back(event);
    case Kind::kWrite:
    case Kind::kTruncate:
      return file.changes.push_back({event});
    case Kind::kSyncFile:
      return Sync(file);
    case Kind::kSyncFailed:
      for (Change& change : file.changes) change.is_doubtful = !change.is_synced;
      return;
    case Kind::kSyncNames:
      for (const Event& change : unsynced_names_) ApplyToNames(names_, change);
      return unsynced_names_.clear();
    case Kind::kMakeRoot:
      root_made_ = true;
      return;
    case Kind::kSyncParent:
      root_synced_ = root_made_;
      return;
    case Kind::kMark:
      return;
  }
}

void Disk::Continue(const std::vector<Event>& log) {
  Names now = names_;
  for (const Event& change : unsynced_names_) ApplyToNames(now, change);
  // The log has numbers of its own for the same files.
  std::map<int, int> numbers{{0, 0}};
  const int last = files_.empty() ? 0 : files_.rbegin()->first;
  const auto begin = std::ranges::find(log, Kind::kMark, &Event::kind);
  for (auto found = log.begin(); found != begin; ++found) {
    if (found->kind == Kind::kCreate) numbers[found->file] = now.at(found->name);
  }
  for (auto next = begin; next != log.end(); ++next) {
    Event event = *next;
    event.file = numbers.try_emplace(event.file, last + event.file).first->second;
    Apply(event);
  }
}

void Disk::Sync(File& file) {
  for (Change& change : file.changes) change.is_synced = !change.is_doubtful;
  if (!std::ranges::all_of(file.changes, &Change::is_synced)) return;
  std::minstd_rand unused;
  Choice all(Keep::kAll, unused);
  for (const Change& change : file.changes) ApplyToContent(file.synced, change.event, all);
  file.changes.clear();
}

void Disk::WriteTo(const std::string& directory, Keep keep, std::minstd_rand& chance) const {
  Choice choice(keep, chance);
  Choice all(Keep::kAll, chance);
  if (!root_synced_ && !(root_made_ && choice.Kept())) return;
  std::filesystem::create_directory(directory);
  std::filesystem::permissions(directory, std::filesystem::perms(0700));
  Names names = names_;
  for (const Event& change : unsynced_names_) {
    if (choice.Kept()) ApplyToNames(names, change);
  }
  for (const auto& [name, number] : names) {
    const File& file = files_.at(number);
    std::string content = file.synced;
    for (const Change& change : file.changes) {
      ApplyToContent(content, change.event, change.is_synced ? all : choice);
    }
    const std::string path = directory + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
  }
}

}  // namespace gw::disk

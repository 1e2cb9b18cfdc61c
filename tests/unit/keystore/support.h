// Tests of keystore: directories, records, and commits awaited to their end.
#pragma once

#include <sqlite3.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "daemon/keystore/commit_queue.h"
#include "daemon/keystore/keystore.h"
#include "daemon/keystore/sqlite_keystore.h"
#include "daemon/localcrypto/hmac.h"
#include "daemon/localcrypto/random.h"

namespace gw {

inline constexpr const char* kPrivate = "11111111-2222-3333-4444-555555555555";
inline constexpr const char* kPublic = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

// Of the random choices of a test: GW_SEED, or another one each time. Tests print it.
inline unsigned SeedOfTest() {
  const char* given = std::getenv("GW_SEED");
  if (given == nullptr) return std::random_device{}();
  return static_cast<unsigned>(std::strtoul(given, nullptr, 10));
}

// A fresh directory that goes away with the object.
class TempDirectory {
 public:
  TempDirectory() {
    const char* parent = std::getenv("TMPDIR");
    std::string name = std::string(parent == nullptr ? "/tmp" : parent) + "/gwksXXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  std::string database() const { return File("keystore.db"); }
  std::string key() const { return File("keystore.key"); }

 private:
  std::string path_;
};

inline SqliteOptions OptionsFor(const std::string& directory) {
  SqliteOptions options;
  options.directory = directory;
  options.crypto = {RandomBytes, HmacSha256};
  return options;
}

// nullptr after an error, which is printed by the caller's assertion.
inline std::unique_ptr<Keystore> OpenAt(const std::string& directory) {
  auto keystore = OpenSqliteKeystore(OptionsFor(directory));
  return keystore.ok() ? *std::move(keystore) : nullptr;
}

inline Record MakeRecord(std::string_view label, std::string keystore = kPrivate) {
  Record record;
  record.keystore = std::move(keystore);
  record.attributes.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  record.attributes.SetUlong(CKA_KEY_TYPE, CKK_EC);
  record.attributes.SetText(CKA_LABEL, label);
  record.attributes.Set(CKA_ID, Bytes{1, 2, 3});
  record.key.octets = CopyOf("blob of " + std::string(label));
  record.version = 1;
  return record;
}

inline Mutation PutOf(Record record) {
  Mutation mutation;
  mutation.puts.push_back(std::move(record));
  return mutation;
}

inline Mutation SettingOf(std::string name, Bytes value) {
  Mutation mutation;
  mutation.settings.emplace(std::move(name), std::move(value));
  return mutation;
}

// A mutation that is done once under this number of one application.
inline RequestId RequestOf(std::uint64_t number, Byte application = 1) {
  RequestId request;
  request.application.fill(application);
  request.number = number;
  return request;
}

inline Mutation Once(Mutation mutation, const RequestId& request) {
  mutation.request = request;
  return mutation;
}

using CommitAnswer = Result<RecordNumbers>;

inline Awaitable<void> AwaitCommit(Keystore* keystore, Mutation mutation,
                                   std::optional<CommitAnswer>* answer) {
  CommitAnswer result = co_await keystore->Commit(std::move(mutation));
  answer->emplace(std::move(result));
}

// Commits that are started one after the other without waiting; their answers in the same order.
inline std::vector<CommitAnswer> CommitAll(Keystore& keystore, std::vector<Mutation> mutations) {
  boost::asio::io_context loop{1};
  std::vector<std::optional<CommitAnswer>> answers(mutations.size());
  for (std::size_t i = 0; i < mutations.size(); ++i) {
    boost::asio::co_spawn(loop, AwaitCommit(&keystore, std::move(mutations[i]), &answers[i]),
                          boost::asio::detached);
  }
  loop.run();
  std::vector<CommitAnswer> all;
  for (auto& answer : answers) all.push_back(*std::move(answer));
  return all;
}

inline CommitAnswer CommitNow(Keystore& keystore, Mutation mutation) {
  std::vector<Mutation> one;
  one.push_back(std::move(mutation));
  return CommitAll(keystore, std::move(one)).front();
}

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

template <typename T>
std::string DetailOf(const Result<T>& result) {
  return result.ok() ? "" : result.error().detail;
}

inline std::string LabelOf(const Record& record) {
  const Bytes* label = record.attributes.Find(CKA_LABEL);
  return label == nullptr ? "" : std::string(TextOf(*label));
}

inline std::vector<std::string> LabelsIn(Keystore& keystore) {
  std::vector<std::string> labels;
  const auto contents = keystore.Load();
  if (!contents) return {DetailOf(contents)};
  for (const Record& record : contents->records) labels.push_back(LabelOf(record));
  return labels;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Names and contents. Without SQLite's shared memory and an empty log, which are no content.
inline std::map<std::string, std::string> FilesIn(const TempDirectory& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename();
    if (name.ends_with("-shm") || entry.file_size() == 0) continue;
    files[name] = ReadFile(entry.path());
  }
  return files;
}

inline void WriteFile(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  std::filesystem::permissions(path, std::filesystem::perms(0600));
}

// Another program at the same file, for instance an operator with the sqlite3 tool.
class OtherProgram {
 public:
  explicit OtherProgram(const std::string& path) { sqlite3_open(path.c_str(), &db_); }
  ~OtherProgram() { sqlite3_close(db_); }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;

  int Run(const std::string& sql) {
    return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  // First column of the first row, as text.
  std::string Ask(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
    std::string answer = "no row";
    if (sqlite3_step(statement) == SQLITE_ROW) {
      const void* text = sqlite3_column_blob(statement, 0);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
      answer.assign(static_cast<const char*>(text), size);
    }
    sqlite3_finalize(statement);
    return answer;
  }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace gw

// Room: keystore.
#include "daemon/keystore/sqlite_store.h"

#include <sqlite3.h>

#include "daemon/core/attribute_codec.h"
#include "daemon/keystore/sqlite_schema.h"
#include "daemon/keystore/version_race.h"

namespace gw::sqlite {
namespace {

using PendingSpan = std::span<const std::unique_ptr<PendingCommit>>;

// One savepoint name suffices: they do not nest.
constexpr const char* kMark = "SAVEPOINT one";
constexpr const char* kKeep = "RELEASE one";
constexpr const char* kUndo = "ROLLBACK TO one";

constexpr auto kBetweenForgets = std::chrono::minutes(1);

void FailAll(PendingSpan batch, const Error& error) {
  for (const auto& pending : batch) pending->result = error;
}

// Behind the columns that ReadRow counts.
constexpr int kTagColumn = 12;
constexpr int kOtherColumn = 13;

ObjectRow ReadRow(const Statement& row) {
  ObjectRow out;
  out.number = row.Number(0);
  out.keystore = row.Text(1);
  out.object_class = row.Number(2);
  out.key_type = row.MaybeNumber(3);
  out.label = row.MaybeOctets(4);
  out.id = row.MaybeOctets(5);
  out.unique_id = row.MaybeOctets(6);
  out.attributes = row.Octets(7);
  out.key_blob = row.Octets(8);
  out.version = row.Number(9);
  out.created_ms = row.Signed(10);
  out.modified_ms = row.Signed(11);
  out.other_blob = row.Octets(kOtherColumn);
  return out;
}

constexpr const char* kSelectObjects =
    "SELECT number, keystore, class, key_type, label, id, unique_id, attributes, key_blob, version,"
    " created, modified, tag, other_blob FROM object ORDER BY number";
constexpr const char* kSelectSettings = "SELECT name, value, modified, tag FROM setting";

}  // namespace

// Prepared once per connection. Parameters 1 to 14 of insert and replace are the same.
struct Store::Statements {
  Statement insert;
  Statement replace;
  Statement find;
  Statement remove;
  Statement wipe;
  Statement last_number;
  Statement set_setting;
  Statement remove_setting;
  std::unique_ptr<RequestTable> requests;
};

namespace {

void BindRow(Statement& statement, const ObjectRow& row, const Bytes& tag) {
  statement.Bind(1, row.number).Bind(2, row.keystore).Bind(3, row.object_class);
  statement.Bind(4, row.key_type).Bind(5, row.label).Bind(6, row.id).Bind(7, row.unique_id);
  statement.Bind(8, row.attributes).Bind(9, row.key_blob).Bind(10, row.version);
  statement.Bind(11, row.created_ms).Bind(12, row.modified_ms).Bind(13, ByteView(tag));
  std::optional<ByteView> other;
  if (!row.other_blob.empty()) other = row.other_blob;
  statement.Bind(14, other);
}

}  // namespace

Store::Store(std::unique_ptr<KeystoreFiles> files, const SqliteOptions& options)
    : files_(std::move(files)), options_(options) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(std::unique_ptr<KeystoreFiles> files,
                                           const SqliteOptions& options) {
  std::unique_ptr<Store> store(new Store(std::move(files), options));
  GW_TRY(connection,
         Connection::Open(store->files_->database(), options.vfs, options.busy_timeout));
  GW_TRY_VOID(PrepareDatabase(*connection, store->files_->authenticator(), store->files_->is_new(),
                              options.check_time));
  GW_TRY(statements, store->Prepare(*connection));
  store->connection_ = std::move(connection);
  store->statements_ = std::move(statements);
  return {std::move(store)};
}

// After an error the file is opened again without the checks of the start: what it holds was
// checked, and the rows in memory came from it. The old connection stays until the new one is
// there: what keeps a change out of effect whose sync failed is the index of the log that they
// share. Without any connection the index is made anew from the log, where that change stands.
Status Store::EnsureConnection() {
  GW_TRY_VOID(files_->CheckInPlace());
  if (!worn_) return Ok();
  GW_TRY(connection, Connection::Open(files_->database(), options_.vfs, options_.busy_timeout));
  GW_TRY_VOID(SetModes(*connection));
  GW_TRY(statements, Prepare(*connection));
  statements_ = std::move(statements);
  connection_ = std::move(connection);
  worn_ = false;
  return Ok();
}

Result<std::unique_ptr<Store::Statements>> Store::Prepare(Connection& connection) const {
  struct Row {
    Statement Statements::*member;
    const char* sql;
  };
  static constexpr Row kSql[] = {
      {&Statements::insert,
       "INSERT INTO object (number, keystore, class, key_type, label, id, unique_id, attributes,"
       " key_blob, version, created, modified, tag, other_blob)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"},
      {&Statements::replace,
       "UPDATE object SET keystore = ?2, class = ?3, key_type = ?4, label = ?5, id = ?6,"
       " unique_id = ?7, attributes = ?8, key_blob = ?9, version = ?10, created = ?11,"
       " modified = ?12, tag = ?13, other_blob = ?14 WHERE number = ?1"},
      {&Statements::find, "SELECT version, created FROM object WHERE number = ?1"},
      {&Statements::remove, "DELETE FROM object WHERE number = ?1"},
      {&Statements::wipe, "DELETE FROM object WHERE keystore = ?1"},
      {&Statements::last_number, "SELECT seq FROM sqlite_sequence WHERE name = 'object'"},
      {&Statements::set_setting,
       "INSERT INTO setting (name, value, tag, modified) VALUES (?1, ?2, ?3, ?4)"
       " ON CONFLICT (name) DO UPDATE SET value = ?2, tag = ?3, modified = ?4"},
      {&Statements::remove_setting, "DELETE FROM setting WHERE name = ?1"},
  };
  auto statements = std::make_unique<Statements>();
  for (const Row& row : kSql) {
    GW_TRY(statement, connection.Prepare(row.sql));
    (*statements).*row.member = std::move(statement);
  }
  GW_TRY(requests, RequestTable::Prepare(connection, files_->authenticator(), *options_.clock));
  statements->requests = std::move(requests);
  return {std::move(statements)};
}

Result<KeystoreContents> Store::Load() {
  GW_TRY_VOID(EnsureConnection());
  return ReadContents(*connection_, files_->authenticator());
}

Result<std::vector<DoneRequest>> Store::LoadRequests(std::vector<std::string>& refused) {
  GW_TRY_VOID(EnsureConnection());
  return statements_->requests->Load(refused);
}

namespace {

Result<std::vector<Record>> LoadRecords(Connection& connection,
                                        const RowAuthenticator& authenticator,
                                        std::vector<std::string>& refused) {
  std::vector<Record> records;
  GW_TRY(count, connection.Query("SELECT count(*) FROM object"));
  records.reserve(static_cast<std::size_t>(count));
  GW_TRY(select, connection.Prepare(kSelectObjects));
  int code = select.Step();
  for (; code == SQLITE_ROW; code = select.Step()) {
    const ObjectRow row = ReadRow(select);
    const Bytes tag = authenticator.Tag(CanonicalObject(row));
    const std::string name =
        "object " + std::to_string(row.number) + " of keystore " + std::string(row.keystore);
    if (!EqualConstantTime(tag, select.Octets(kTagColumn))) {
      refused.push_back(name + ": integrity tag does not match");
      continue;
    }
    auto record = RecordOf(row);
    if (record) {
      records.push_back(*std::move(record));
    } else {
      refused.push_back(name + ": " + record.error().detail);
    }
  }
  if (code != SQLITE_DONE) return connection.FailureAfter(code, "read objects").error;
  return records;
}

Result<std::map<std::string, Bytes>> LoadSettings(Connection& connection,
                                                  const RowAuthenticator& authenticator,
                                                  std::vector<std::string>& refused) {
  std::map<std::string, Bytes> settings;
  GW_TRY(select, connection.Prepare(kSelectSettings));
  int code = select.Step();
  for (; code == SQLITE_ROW; code = select.Step()) {
    const std::string name(select.Text(0));
    const Bytes value = CopyOf(select.Octets(1));
    const Bytes tag = authenticator.Tag(CanonicalSetting(name, value, select.Signed(2)));
    if (EqualConstantTime(tag, select.Octets(3))) {
      settings.emplace(name, value);
    } else {
      refused.push_back("setting " + name + ": integrity tag does not match");
    }
  }
  if (code != SQLITE_DONE) return connection.FailureAfter(code, "read settings").error;
  return settings;
}

}  // namespace

Result<KeystoreContents> ReadContents(Connection& connection,
                                      const RowAuthenticator& authenticator) {
  KeystoreContents contents;
  GW_TRY(records, LoadRecords(connection, authenticator, contents.refused));
  GW_TRY(settings, LoadSettings(connection, authenticator, contents.refused));
  contents.records = std::move(records);
  contents.settings = std::move(settings);
  return contents;
}

void Store::CommitBatch(PendingSpan batch) {
  const Status connected = EnsureConnection();
  if (!connected) {
    worn_ = true;
    return FailAll(batch, connected.error());
  }
  const auto failure = TryBatch(batch);
  if (!failure) return;
  Abandon(*failure);
  if (failure->remedy != Remedy::kRetryAlone || batch.size() == 1) {
    return FailAll(batch, failure->error);
  }
  // One of them does not fit; the others shall not suffer from it.
  for (std::size_t i = 0; i < batch.size(); ++i) CommitBatch(batch.subspan(i, 1));
}

std::optional<Failure> Store::TryBatch(PendingSpan batch) {
  if (auto failure = Begin()) return failure;
  if (auto failure = ForgetNowAndThen()) return failure;
  for (const auto& pending : batch) {
    if (auto failure = Apply(*pending)) return failure;
  }
  const int code = connection_->Execute("COMMIT");
  if (code == SQLITE_OK) return std::nullopt;
  return connection_->FailureAfter(code, "commit");
}

std::optional<Failure> Store::Begin() {
  const int code = connection_->Execute("BEGIN IMMEDIATE");
  if (code != SQLITE_OK) return connection_->FailureAfter(code, "begin");
  const int step = statements_->last_number.Step();
  last_number_ = step == SQLITE_ROW ? statements_->last_number.Number(0) : 0;
  statements_->last_number.Reset();
  if (step == SQLITE_ROW || step == SQLITE_DONE) return std::nullopt;
  return connection_->FailureAfter(step, "read the last number");
}

// What takes no space must not be what fails on a full disk, so a try that failed is not repeated
// at once.
std::optional<Failure> Store::ForgetNowAndThen() {
  const auto now = options_.clock->Now();
  if (now < next_forget_) return std::nullopt;
  next_forget_ = now + kBetweenForgets;
  return statements_->requests->ForgetOld();
}

// A mutation that lost a race is undone alone; anything else ends the whole transaction.
std::optional<Failure> Store::Apply(PendingCommit& pending) {
  const std::uint64_t number_before = last_number_;
  int code = connection_->Execute(kMark);
  if (code != SQLITE_OK) return connection_->FailureAfter(code, kMark);
  pending.result = RecordNumbers{};
  if (auto failure = ApplyOnce(pending)) return failure;
  if (!pending.result.ok()) {
    code = connection_->Execute(kUndo);
    if (code != SQLITE_OK) return connection_->FailureAfter(code, kUndo);
    last_number_ = number_before;
  }
  code = connection_->Execute(kKeep);
  if (code != SQLITE_OK) return connection_->FailureAfter(code, kKeep);
  return std::nullopt;
}

// With the request in the same transaction as the change, either both are there or none.
std::optional<Failure> Store::ApplyOnce(PendingCommit& pending) {
  if (!pending.mutation.request) return ApplyInside(pending);
  bool done = false;
  if (auto failure = statements_->requests->AnswerRepeat(pending, done)) return failure;
  if (done) return std::nullopt;
  if (auto failure = ApplyInside(pending)) return failure;
  if (!pending.result.ok()) return std::nullopt;
  return statements_->requests->Add(pending.mutation, *pending.result);
}

std::optional<Failure> Store::ApplyInside(PendingCommit& pending) {
  const Mutation& mutation = pending.mutation;
  for (const std::string& keystore : mutation.wipes) {
    statements_->wipe.Bind(1, std::string_view(keystore));
    if (auto failure = RunStatement(statements_->wipe, "empty a keystore")) return failure;
  }
  for (const std::uint64_t number : mutation.removes) {
    statements_->remove.Bind(1, number);
    if (auto failure = RunStatement(statements_->remove, "remove an object")) return failure;
  }
  if (mutation.forgets) {
    if (auto failure = statements_->requests->Forget(*mutation.forgets)) return failure;
  }
  RecordNumbers numbers;
  numbers.reserve(mutation.puts.size());
  for (const Record& record : mutation.puts) {
    if (auto failure = Put(record, numbers)) return failure;
    if (numbers.back() == 0) {
      pending.result = LostRace(record.number);
      return std::nullopt;
    }
  }
  pending.result = std::move(numbers);
  if (auto failure = Rewrap(pending)) return failure;
  if (!pending.result.ok()) return std::nullopt;
  for (const auto& [name, value] : mutation.settings) {
    if (auto failure = SetSetting(name, value)) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> Store::Put(const Record& record, RecordNumbers& numbers) {
  return record.number == 0 ? Insert(record, numbers)
                            : Replace(record, record.version - 1, numbers);
}

std::optional<Failure> Store::Rewrap(PendingCommit& pending) {
  RecordNumbers numbers;
  for (const Record& record : pending.mutation.rewraps) {
    if (auto failure = Replace(record, record.version, numbers)) return failure;
    if (numbers.back() == 0) {
      pending.result = LostRace(record.number);
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// The number is chosen before the row is written, since its tag covers it. AUTOINCREMENT remembers
// the highest one even when its row is gone.
std::optional<Failure> Store::Insert(const Record& record, RecordNumbers& numbers) {
  const Bytes attributes = EncodeAttributes(record.attributes);
  ObjectRow row = RowOf(record, attributes);
  row.number = last_number_ + 1;
  row.created_ms = row.modified_ms = NowMs();
  const Bytes tag = files_->authenticator().Tag(CanonicalObject(row));
  BindRow(statements_->insert, row, tag);
  if (auto failure = RunStatement(statements_->insert, "store an object")) return failure;
  last_number_ = row.number;
  numbers.push_back(row.number);
  return std::nullopt;
}

// Number 0 says that another version is stored.
std::optional<Failure> Store::Replace(const Record& record, std::uint64_t from,
                                      RecordNumbers& numbers) {
  Statement& find = statements_->find;
  const int code = find.Bind(1, record.number).Step();
  const bool current = code == SQLITE_ROW && find.Number(0) == from;
  const std::int64_t created_ms = current ? find.Signed(1) : 0;
  find.Reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    return connection_->FailureAfter(code, "look an object up");
  }
  numbers.push_back(current ? record.number : 0);
  if (!current) return std::nullopt;
  const Bytes attributes = EncodeAttributes(record.attributes);
  ObjectRow row = RowOf(record, attributes);
  row.created_ms = created_ms;
  row.modified_ms = NowMs();
  const Bytes tag = files_->authenticator().Tag(CanonicalObject(row));
  BindRow(statements_->replace, row, tag);
  return RunStatement(statements_->replace, "replace an object");
}

std::optional<Failure> Store::SetSetting(std::string_view name, ByteView value) {
  if (value.empty()) {
    statements_->remove_setting.Bind(1, name);
    return RunStatement(statements_->remove_setting, "remove a setting");
  }
  const std::int64_t now_ms = NowMs();
  const Bytes tag = files_->authenticator().Tag(CanonicalSetting(name, value, now_ms));
  statements_->set_setting.Bind(1, name).Bind(2, value).Bind(3, ByteView(tag)).Bind(4, now_ms);
  return RunStatement(statements_->set_setting, "store a setting");
}

std::optional<Failure> Store::RunStatement(Statement& statement, const char* doing) {
  const int code = statement.Run();
  if (code == SQLITE_DONE) return std::nullopt;
  return connection_->FailureAfter(code, doing);
}

void Store::Abandon(const Failure& failure) {
  // SQLite may have rolled back already, for instance when the disk filled up.
  if (connection_->InTransaction()) static_cast<void>(connection_->Execute("ROLLBACK"));
  if (failure.remedy == Remedy::kReopen) worn_ = true;
}

std::int64_t Store::NowMs() const {
  const auto since_1970 = options_.clock->WallNow().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

}  // namespace gw::sqlite

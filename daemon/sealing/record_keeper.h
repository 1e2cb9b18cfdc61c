// Room: sealing. May include: core, localcrypto, token. Touches memory.
#pragma once

#include <vector>

#include "daemon/localcrypto/sealer.h"
#include "daemon/token/application_table.h"

namespace gw {

// A record as the application keeps it.
struct SealedRecord {
  std::uint32_t number;
  ByteView octets;  // borrowed from the frame
};

struct RecordUpdate {
  std::uint32_t number;
  std::uint64_t version;
  Bytes octets;  // empty: deleted
};

// Turns what an application owns into records for it to keep, and records into applications.
// Records are bound to the application's id and to their number, so none can be moved to another
// place. Thread: the silo's loop.
class RecordKeeper {
 public:
  // `key` as LoadOrMakeSealKey gives it. The tables outlive this.
  RecordKeeper(SecretBytes key, TokenTable& tokens, ApplicationTable& applications);

  // A process that starts afresh.
  //   errors  as ApplicationTable::Create
  Result<ApplicationPtr> Begin(const Peer& peer);

  // An application whose daemon is gone: its id, handles, logins and objects are those of the
  // records. Where `id` is alive as another process, the result is a clone, with another id.
  //   errors  CKR_SESSION_HANDLE_INVALID  altered, sealed before the last boot, incomplete, or
  //                                       another user's; the log says which
  //           CKR_HOST_MEMORY             as many applications, sessions or objects as allowed
  Result<ApplicationPtr> Restore(const ApplicationId& id, const std::vector<SealedRecord>& records,
                                 const Peer& peer, std::size_t most_sessions);
  // A forked child: an application of its own that begins as the records say. Errors as Restore.
  Result<ApplicationPtr> Clone(const ApplicationId& id, const std::vector<SealedRecord>& records,
                               const Peer& peer, std::size_t most_sessions);

  // What the application has to keep since the last time.
  std::vector<RecordUpdate> TakeUpdates(Application& application) const;
  // All of it.
  std::vector<RecordUpdate> TakeAll(Application& application) const;

  // Anything that an application keeps by itself for a while: applications of the same user may
  // give it back, until the next boot.
  Bytes SealState(const Application& application, ByteView plain) const;
  //   errors  CKR_ENCRYPTED_DATA_INVALID  altered, another user's, or sealed before the last boot
  Result<SecretBytes> OpenState(const Application& application, ByteView sealed) const;

 private:
  struct Opened;

  Result<Opened> Open(const ApplicationId& id, const std::vector<SealedRecord>& records,
                      const Peer& peer) const;
  Result<ApplicationPtr> Make(const ApplicationId& id, Owner owner, Opened opened, const Peer& peer,
                              std::size_t most_sessions);
  Status Fill(Application& application, Opened opened, std::size_t most_sessions);
  std::vector<RecordUpdate> SealAll(Application& application,
                                    const std::vector<RecordChange>& changes) const;

  const Sealer sealer_;
  TokenTable& tokens_;
  ApplicationTable& applications_;
};

}  // namespace gw

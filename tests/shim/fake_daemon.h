// Room: tests/shim. The daemon's side of proto/wire/WIRE.md, with answers that a test scripts:
// right ones, late ones, none, and hostile ones. Encodes by itself, without codec.h, so that a
// mistake there cannot hide. One thread per connection.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "proto/pkcs11/ck_v3.h"
#include "proto/wire/functions.h"

namespace gw::shim_test {

using wire::Function;

// Little-endian pieces of a body.
std::string U8(std::uint8_t value);
std::string U16(std::uint16_t value);
std::string U32(std::uint32_t value);
std::string U64(std::uint64_t value);
std::string Bytes(const std::string& bytes);  // u32 length, bytes

struct Frame {
  std::uint32_t body_bytes = 0;
  Function function{};
  std::uint16_t flags = 0;
  std::uint64_t request = 0;
  std::uint64_t session = 0;
  std::string body;
};

// A frame as bytes; `result` in the last field of the header.
std::string Encode(Function function, std::uint16_t flags, std::uint64_t request,
                   std::uint64_t result, const std::string& body);

// Record updates as they end a reply.
struct Update {
  std::uint32_t id = 0;
  std::uint64_t version = 0;
  std::string record = {};  // empty: deleted
};
std::string Updates(const std::vector<Update>& updates);

// The body of Attach after what is the same for all.
struct Attach {
  std::uint32_t features = 0;
  std::uint8_t manner = 0;
  std::string id;
  std::map<std::uint32_t, std::string> records;
};
Attach ParseAttach(const Frame& frame);

inline constexpr std::uint8_t kBegin = 0;
inline constexpr std::uint8_t kJoin = 1;
inline constexpr std::uint8_t kRestore = 2;
inline constexpr std::uint8_t kClone = 3;

struct Reply {
  CK_RV result = CKR_OK;
  std::string body = {};
  std::string updates = {};                  // with them: flag 2
  bool raw = false;                          // send `body` as it is instead of a frame
  bool close = false;                        // close the connection afterwards
  bool silent = false;                       // send nothing at all
  bool one_by_one = false;                   // a byte per packet,
  int gap_ms = 0;                            // this far apart,
  const std::atomic<bool>* until = nullptr;  // unless this has come true
  int pass = -1;                             // a descriptor that goes with it
};

// A page that begins with `epoch`, as daemons share it: a sealed memfd of that many bytes.
int MakePage(std::uint64_t epoch, std::size_t bytes = 4096, bool seal = true);

inline Reply Ok(std::string body = {}) { return {.result = CKR_OK, .body = std::move(body)}; }
inline Reply Fails(CK_RV result) { return {.result = result}; }
inline Reply Drop() { return {.close = true, .silent = true}; }
inline Reply Raw(std::string bytes, bool close = false) {
  return {.body = std::move(bytes), .raw = true, .close = close};
}

inline Reply With(std::vector<Update> updates, Reply reply = Ok()) {
  reply.updates = Updates(updates);
  return reply;
}

using Handler = std::function<Reply(const Frame&)>;

class FakeDaemon {
 public:
  // `name`: a path, or @abstract. Serves from the start.
  explicit FakeDaemon(std::string name);
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  // Closes everything, as a daemon that is killed. Start() comes back; it does not know the
  // applications of before, and takes them back with their records, unless `remembers`.
  void Stop();
  void Start(bool remembers = false);
  void Restart() {
    Stop();
    Start();
  }

  // Record 1 says whose records are presented: "owner " and the application id. Without it, or with
  // another one, or from now on, restore and clone are refused.
  void RefuseRecords();

  // From the next Attach on: the epoch page, for who asks for it. Each Start() makes a new page.
  void OfferEpoch();
  // What the page shows.
  void SetEpoch(std::uint64_t epoch);

  // The answer to a function from now on. Handlers run on the connection's thread.
  void On(Function function, Handler handler);
  void On(Function function, Reply reply);

  // Frames so far, in order of arrival, Attach apart.
  std::vector<Frame> Frames() const;
  std::vector<Frame> FramesOf(Function function) const;
  std::vector<Frame> Attaches() const;
  std::vector<Attach> AttachesOf(std::uint8_t manner) const;
  void Forget();         // empties the three above
  void StopRecording();  // for tests that send without end

  int open_connections() const;
  int most_connections() const;
  int applications() const;  // ids handed out, by begin and clone
  int restores() const;
  int clones() const;
  // Waits until `count` connections are open; false after 10 s.
  bool AwaitConnections(int count) const;
  // Waits until `count` replies to `function` were sent; false after 10 s.
  bool AwaitReplies(Function function, int count) const;

  // Waits until `count` requests of `function` have come; false after `most`.
  bool AwaitFrames(Function function, int count,
                   std::chrono::milliseconds most = std::chrono::seconds(10)) const;

  // What handlers of kAttach answer if they have nothing better.
  Reply AnswerAttach(const Frame& frame);

 private:
  void Listen();
  void Accept();
  void Serve(int fd);
  bool Answer(int fd, const Frame& frame);
  Reply NewApplicationLocked(std::map<std::uint32_t, std::string> records, const Attach& attach);
  Reply AttachedLocked(const std::string& id, const Attach& attach) const;
  Handler HandlerOf(Function function) const;

  const std::string name_;
  int listener_ = -1;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::thread> servers_;
  std::set<int> connections_;
  std::size_t most_connections_ = 0;
  std::map<Function, Handler> handlers_;
  std::vector<Frame> frames_;
  std::vector<Frame> attaches_;
  std::set<std::string> known_ids_;
  std::map<Function, int> replies_;
  int applications_ = 0;
  int restores_ = 0;
  int clones_ = 0;
  bool refuses_records_ = false;
  bool stopping_ = false;
  bool recording_ = true;
  bool offers_epoch_ = false;
  std::uint64_t epoch_ = 1000;
  int page_ = -1;
};

}  // namespace gw::shim_test

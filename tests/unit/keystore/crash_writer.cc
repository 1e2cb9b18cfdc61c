// Tests of keystore: commits into the directory of its first argument until it is killed, as the
// application of its second argument, and writes each acknowledged change to descriptor 3.
#include <unistd.h>

#include <cstdio>

#include "tests/unit/keystore/crash_writer.h"
#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

constexpr std::uint64_t kWriters = 8;
constexpr int kAcknowledgements = 3;

// A write this small into a pipe is never split.
void Acknowledge(const Acknowledgement& done) {
  if (write(kAcknowledgements, &done, sizeof(done)) != sizeof(done)) _exit(1);
}

Awaitable<void> CommitForever(Keystore* keystore, Byte application, std::uint64_t writer) {
  for (std::uint64_t request = writer;; request += kWriters) {
    CommitAnswer answer = co_await keystore->Commit(CrashMutation(application, request));
    if (!answer.ok()) _exit(2);
    Acknowledge({request, answer->front()});
  }
}

int Main(const char* directory, Byte application) {
  auto keystore = OpenSqliteKeystore(OptionsFor(directory));
  if (!keystore.ok()) {
    std::fprintf(stderr, "%s\n", keystore.error().detail.c_str());
    return 3;
  }
  boost::asio::io_context loop{1};
  for (std::uint64_t writer = 0; writer < kWriters; ++writer) {
    boost::asio::co_spawn(loop, CommitForever(keystore->get(), application, writer),
                          boost::asio::detached);
  }
  loop.run();
  return 0;
}

}  // namespace
}  // namespace gw

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  return gw::Main(argv[1], static_cast<gw::Byte>(std::atoi(argv[2])));
}

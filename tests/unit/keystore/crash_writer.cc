// Tests of keystore: commits records into the directory of its first argument until it is killed,
// and writes the number of each acknowledged one to descriptor 3, 8 octets each.
#include <unistd.h>

#include <cstdio>

#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

constexpr int kWriters = 8;
constexpr int kAcknowledgements = 3;

// A write of 8 octets into a pipe is never split.
void Acknowledge(std::uint64_t number) {
  if (write(kAcknowledgements, &number, sizeof(number)) != sizeof(number)) _exit(1);
}

Awaitable<void> CommitForever(Keystore* keystore, int writer) {
  for (int i = 0;; ++i) {
    const std::string label = std::to_string(writer) + "." + std::to_string(i);
    Mutation mutation = PutOf(MakeRecord(label));
    CommitAnswer answer = co_await keystore->Commit(std::move(mutation));
    if (!answer.ok()) _exit(2);
    Acknowledge(answer->front());
  }
}

int Main(const char* directory) {
  auto keystore = OpenSqliteKeystore(OptionsFor(directory));
  if (!keystore.ok()) {
    std::fprintf(stderr, "%s\n", keystore.error().detail.c_str());
    return 3;
  }
  boost::asio::io_context loop{1};
  for (int i = 0; i < kWriters; ++i) {
    boost::asio::co_spawn(loop, CommitForever(keystore->get(), i), boost::asio::detached);
  }
  loop.run();
  return 0;
}

}  // namespace
}  // namespace gw

int main(int argc, char** argv) { return argc == 2 ? gw::Main(argv[1]) : 64; }

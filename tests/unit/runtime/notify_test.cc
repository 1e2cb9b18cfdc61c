// Room: tests/unit/runtime.
#include "daemon/runtime/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/support/temp_dir.h"

namespace gw {
namespace {

// Plays the service manager.
class NotifyTest : public testing::Test {
 protected:
  NotifyTest() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir_.File("notify");
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifyTest() override {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
  }
  std::string Received() const {
    char buffer[512];
    const ssize_t size = recv(socket_, buffer, sizeof buffer, 0);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(size));
  }

  test::TempDir dir_;
  int socket_ = -1;
};

TEST_F(NotifyTest, ReadyAndStoppingAreSaid) {
  notify::Ready();
  EXPECT_EQ(Received(), "READY=1");
  notify::Stopping();
  EXPECT_EQ(Received(), "STOPPING=1");
}

TEST_F(NotifyTest, AReloadCarriesItsTime) {
  notify::Reloading();
  const std::string text = Received();
  ASSERT_TRUE(text.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << text;
  EXPECT_GT(std::stoull(text.substr(text.rfind('=') + 1)), 0u);
}

TEST_F(NotifyTest, TheStatusIsOneLine) {
  notify::Status("3 applications");
  EXPECT_EQ(Received(), "STATUS=3 applications");
}

TEST_F(NotifyTest, WithoutAServiceManagerNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  notify::Ready();
  EXPECT_EQ(Received(), "nothing");
}

}  // namespace
}  // namespace gw

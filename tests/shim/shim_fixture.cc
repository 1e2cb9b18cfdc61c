// Room: tests/shim.
#include "tests/shim/shim_fixture.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace gw::shim_test {

Module::Module() : handle_(dlopen(GW_SHIM_PATH, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) {
    ADD_FAILURE() << dlerror();
    abort();
  }
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(Symbol("C_GetFunctionList"));
  EXPECT_EQ(get_list(&list_), CKR_OK);
  const auto get_interface = reinterpret_cast<CK_C_GetInterface>(Symbol("C_GetInterface"));
  CK_INTERFACE* interface = nullptr;
  EXPECT_EQ(get_interface(nullptr, nullptr, &interface, 0), CKR_OK);
  list_v30_ = static_cast<CK_FUNCTION_LIST_3_0*>(interface->pFunctionList);
}

Module::~Module() { dlclose(handle_); }

void* Module::Symbol(const char* name) const { return dlsym(handle_, name); }

ShimTest::ShimTest() {
  std::string name = (std::filesystem::temp_directory_path() / "gw-shim-XXXXXX").string();
  directory_ = mkdtemp(name.data());
  socket_ = directory_ + "/socket";
  setenv("GREP11_SOCKET", socket_.c_str(), 1);
  setenv("GREP11_CALL_TIMEOUT_S", "20", 1);
  setenv("GREP11_RECONNECT_S", "2", 1);
  setenv("GREP11_QUIET", "1", 1);
  unsetenv("EP11CLIENT_CFG");
}

ShimTest::~ShimTest() {
  p11_->C_Finalize(nullptr);
  daemon_.reset();
  std::filesystem::remove_all(directory_);
}

void ShimTest::StartDaemon() { daemon_ = std::make_unique<FakeDaemon>(socket_); }

void ShimTest::Initialize() {
  if (daemon_ == nullptr) StartDaemon();
  ASSERT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
}

int CountDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // a child that hangs is a failure, not a test that never ends
    _exit(body());
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::chrono::milliseconds Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

}  // namespace gw::shim_test

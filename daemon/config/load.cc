// Room: config.
#include "daemon/config/load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "daemon/config/build.h"
#include "daemon/config/yaml_tree.h"
#include "daemon/core/bytes.h"

namespace gw {
namespace {

constexpr const char* kOwnFile = "/etc/grep11d/gateway.conf";
constexpr const char* kVendorFile = "/etc/ep11client/grep11client.yaml";
constexpr const char* kWorkingDirectoryFile = "grep11client.yaml";
constexpr const char* kVendorVariable = "EP11CLIENT_CFG";

LoadedConfig Finish(Problems& problems, std::shared_ptr<Config> config) {
  LoadedConfig loaded;
  loaded.errors = problems.TakeErrors();
  loaded.warnings = problems.TakeWarnings();
  if (!loaded.errors.empty() || !config) return loaded;
  for (const ConfigProblem& warning : loaded.warnings) {
    config->warnings.push_back(Describe(warning));
  }
  loaded.config = std::move(config);
  return loaded;
}

LoadedConfig Failed(const std::string& file, std::string text) {
  LoadedConfig loaded;
  loaded.errors.push_back({file, 0, std::move(text)});
  return loaded;
}

// Who else on this host may read and write the file. `mode` is 0 for text without a file.
void CheckMode(Problems& problems, mode_t mode, bool holds_secret) {
  if ((mode & S_IWOTH) != 0) {
    problems.Error({}, "every user of this host can change this file; chmod o-w");
  }
  if ((mode & S_IROTH) != 0 && holds_secret) {
    problems.Warning({}, "every user of this host can read the API key in this file; chmod o-r");
  }
}

LoadedConfig Load(std::string_view text, const std::string& name, mode_t mode) {
  Problems problems(name);
  const YamlNodePtr root = ParseYaml(text, problems);
  const bool empty = !root || root->kind == YamlNode::Kind::kNull;
  if (empty && !problems.HasErrors()) problems.Error({}, "the file is empty");
  if (empty) return Finish(problems, nullptr);
  if (root->kind != YamlNode::Kind::kMap) {
    problems.Error({"", root->line}, "must be a section with keys, of which tokens is one");
    return Finish(problems, nullptr);
  }
  const RawFile file = ReadRawFile(problems, *root);
  CheckMode(problems, mode, HoldsSecret(file));
  return Finish(problems, std::make_shared<Config>(BuildConfig(problems, file)));
}

// Owns a file descriptor.
class OpenFile {
 public:
  // Not blocking, lest a pipe in the file's place holds up the daemon.
  explicit OpenFile(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// The text of a file, wiped when it is done with: it holds the anonymous user's API key. Room for
// all that may come is made first, so that growing leaves no copy behind.
class FileText {
 public:
  FileText() : text_(kMaxConfigBytes + 1, '\0') {}
  ~FileText() { Wipe({reinterpret_cast<Byte*>(text_.data()), text_.size()}); }
  FileText(const FileText&) = delete;
  FileText& operator=(const FileText&) = delete;

  // Reads up to one octet more than a file may have. Returns 0 or errno.
  int Read(int fd) {
    while (size_ < text_.size()) {
      const ssize_t got = read(fd, text_.data() + size_, text_.size() - size_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno;
      if (got == 0) return 0;
      size_ += static_cast<std::size_t>(got);
    }
    return 0;
  }
  std::string_view view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::string text_;
  std::size_t size_ = 0;
};

}  // namespace

std::vector<std::string> ConfigSearchPath(const char* flag_value) {
  if (flag_value != nullptr) return {flag_value};
  const char* variable = std::getenv(kVendorVariable);
  if (variable != nullptr && *variable != '\0') return {variable};
  return {kOwnFile, kVendorFile, kWorkingDirectoryFile};
}

LoadedConfig LoadFirstConfig(const std::vector<std::string>& paths) {
  std::string tried;
  for (const std::string& path : paths) {
    struct stat info {};
    // Only a file that is not there is passed over; one that cannot be read is an error to hear of.
    const bool absent = stat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
    if (!absent) return LoadConfig(path);
    tried += (tried.empty() ? "" : ", ") + path;
  }
  // The vendor's wording first: it is what people search for.
  return Failed("grep11client", "Config File \"grep11client\" Not Found; tried " + tried);
}

LoadedConfig LoadConfig(const std::string& path) {
  const OpenFile file(path);
  if (file.fd() < 0) return Failed(path, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat info {};
  if (fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode)) return Failed(path, "is not a file");
  FileText text;
  if (const int error = text.Read(file.fd()); error != 0) {
    return Failed(path, std::string("cannot be read: ") + std::strerror(error));
  }
  return Load(text.view(), path, info.st_mode);
}

LoadedConfig LoadConfigText(std::string_view text, const std::string& name) {
  return Load(text, name, 0);
}

}  // namespace gw

// Room: upstream.
#include "daemon/upstream/tls_files.h"

#include <unistd.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace gw {
namespace {

// Debian and relatives, then Red Hat and SUSE.
constexpr auto kSystemRoots = std::to_array<const char*>({
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
});

constexpr std::size_t kLargestFile = 4u << 20;

Error Bad(const std::string& what, const std::string& path, const std::string& why) {
  return CallerError(CKR_ARGUMENTS_BAD, what + " " + path + ": " + why);
}

// Straight into SecretBytes: a key is never copied through a stream's buffer on the heap.
Result<SecretBytes> ReadFile(const std::string& what, const std::string& path) {
  std::ifstream file;
  file.rdbuf()->pubsetbuf(nullptr, 0);
  file.open(path, std::ios::binary | std::ios::ate);
  if (!file) return Bad(what, path, std::strerror(errno));
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (size <= 0) return Bad(what, path, "is empty or not a file");
  if (static_cast<std::size_t>(size) > kLargestFile) return Bad(what, path, "is too large");
  SecretBytes bytes = SecretBytes::OfSize(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.mutable_view().data()), size);
  if (!file) return Bad(what, path, "cannot be read");
  return bytes;
}

boost::asio::const_buffer BufferOf(std::string_view text) { return {text.data(), text.size()}; }

Status CheckRoots(const TlsMaterial& material, const std::string& path) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  boost::system::error_code error;
  context.add_certificate_authority(BufferOf(material.roots), error);
  if (error) return Bad("CA file", path, "holds no PEM certificate (" + error.message() + ")");
  return Ok();
}

// OpenSSL compares key and certificate when the second of them is set.
Status CheckPair(const TlsMaterial& material, const TlsConfig& tls) {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  boost::system::error_code error;
  context.use_certificate_chain(BufferOf(material.certificates), error);
  if (error) {
    return Bad("certificate file", tls.cert_file,
               "holds no PEM certificate (" + error.message() + ")");
  }
  context.use_private_key(BufferOf(material.key.text()), boost::asio::ssl::context::pem, error);
  if (error) {
    return Bad("key file", tls.key_file,
               "is no unencrypted PEM key, or does not belong to " + tls.cert_file + " (" +
                   error.message() + ")");
  }
  return Ok();
}

}  // namespace

std::string SystemRootsFile() {
  for (const char* path : kSystemRoots) {
    if (access(path, R_OK) == 0) return path;
  }
  return {};
}

bool IsLoopback(const std::string& address) {
  if (address == "localhost") return true;
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

Result<TlsMaterial> LoadTlsMaterial(const TlsConfig& tls) {
  const std::string ca_file = tls.ca_file.empty() ? SystemRootsFile() : tls.ca_file;
  if (ca_file.empty()) {
    return CallerError(CKR_ARGUMENTS_BAD,
                       "this host has no trust store (install ca-certificates, or name a CA file)");
  }
  TlsMaterial material;
  GW_TRY(roots, ReadFile("CA file", ca_file));
  material.roots = roots.text();
  GW_TRY_VOID(CheckRoots(material, ca_file));
  if (!tls.mutual) return material;
  GW_TRY(certificates, ReadFile("certificate file", tls.cert_file));
  material.certificates = certificates.text();
  GW_TRY(key, ReadFile("key file", tls.key_file));
  material.key = std::move(key);
  GW_TRY_VOID(CheckPair(material, tls));
  return material;
}

}  // namespace gw

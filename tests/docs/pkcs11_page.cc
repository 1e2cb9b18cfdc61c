// Renews the tables of docs/pkcs11.md from the tables of the code, or says that it is out of date.
//
//   pkcs11_page [--check] ROOT      ROOT: the folder of the repository
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/docs/tables.h"

namespace gw::docs {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("cannot read " + path);
  return text;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

int Run(const std::string& root, bool check) {
  const std::string path = root + "/docs/pkcs11.md";
  const std::string page = Read(path);
  const auto promises = ReadPromises(Read(root + "/tests/conformance/spec.tsv"));
  const std::string renewed = Filled(page, TablesOfPkcs11(promises));
  if (page == renewed) return 0;
  if (check) {
    std::cerr << path << " is not what the tables say. To mend it: ./dev docs\n";
    return 1;
  }
  Write(path, renewed);
  std::cout << path << " renewed\n";
  return 0;
}

}  // namespace
}  // namespace gw::docs

int main(int argc, char** argv) {
  const bool check = argc > 1 && std::string(argv[1]) == "--check";
  if (argc != (check ? 3 : 2)) {
    std::cerr << "usage: pkcs11_page [--check] ROOT\n";
    return 2;
  }
  try {
    return gw::docs::Run(argv[argc - 1], check);
  } catch (const std::exception& error) {
    std::cerr << "pkcs11_page: " << error.what() << "\n";
    return 1;
  }
}

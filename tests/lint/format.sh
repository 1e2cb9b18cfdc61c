#!/usr/bin/env bash
# Room: tests/lint. Every C++ file is as clang-format 14 leaves it. With --self-test: proves that an ill-formatted file
# is caught. May touch: source files, read only.
set -euo pipefail
cd "$(dirname "$0")/../.."

formatter=$(command -v clang-format-14 || command -v clang-format) || {
  echo "clang-format is missing: ./dev lint installs it" >&2
  exit 1
}

if [[ ${1:-} == --self-test ]]; then
  if printf 'int  main( ){return 0 ;}\n' |
    "$formatter" --style=file --assume-filename=daemon/sample.cc --dry-run --Werror 2>/dev/null; then
    echo "an ill-formatted sample passed" >&2
    exit 1
  fi
  printf 'int main() { return 0; }\n' |
    "$formatter" --style=file --assume-filename=daemon/sample.cc --dry-run --Werror
  exit 0
fi

mapfile -d '' files < <(find daemon pkcs11-shim proto emulator bench tests \
  \( -name '*.cc' -o -name '*.h' \) -print0 | sort -z)
((${#files[@]} > 0))
"$formatter" --style=file --dry-run --Werror "${files[@]}"
echo "${#files[@]} files"

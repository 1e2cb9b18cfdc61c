#!/bin/bash
# What an installation of the module leaves, and that the unit starts the daemon that was installed:
#   install_check.sh CMAKE BUILD_FOLDER VERSION C_CLIENT
# A file that names architecture and version, and the stable name as a link to it, which an older link and an older file do
# not stand in the way of.
set -euo pipefail
cmake=$1 build=$2 version=$3 client=$4
failures=0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

check() {  # check WHAT EXPECTED ACTUAL
  [[ "$2" == "$3" ]] && return
  echo "$1: expected \"$2\", but got \"$3\""
  failures=$((failures + 1))
}

install_module() { "$cmake" --install "$build" --component module --prefix "$1" >"$root/log" 2>&1 || cat "$root/log"; }

check_folder() {  # check_folder FOLDER: of an installed module
  local file
  file=$(readlink "$1/pkcs11-grep11.so" || echo "no link")
  [[ $file =~ ^pkcs11-grep11-[a-z0-9_]+\.so\.${version//./\\.}$ ]] ||
    check "file behind the link" "pkcs11-grep11-ARCHITECTURE.so.$version" "$file"
  check "file" "regular file" "$(stat --format=%F "$1/$file" 2>&1)"
  check "left over" "" "$(find "$1" -name '*.new')"
  "$client" "$1/pkcs11-grep11.so" || check "exit status of a program that loads it" 0 "$?"
}

install_module "$root/usr"
folder=$(dirname "$(find "$root/usr" -name pkcs11-grep11.so)")
check_folder "$folder"

# An upgrade: the link goes on, the older file stays.
echo older >"$folder/pkcs11-grep11-old.so.0.0.1"
ln -sfn pkcs11-grep11-old.so.0.0.1 "$folder/pkcs11-grep11.so"
install_module "$root/usr"
check_folder "$folder"
check "older file" older "$(cat "$folder/pkcs11-grep11-old.so.0.0.1")"

# For a package.
DESTDIR=$root/package install_module /usr
check_folder "$(dirname "$(find "$root/package/usr" -name pkcs11-grep11.so)")"

"$cmake" --install "$build" --component units --prefix "$root/units" >"$root/log" 2>&1 || cat "$root/log"
check "daemon of the unit" "$root/units/sbin/grep11d" \
  "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$(find "$root/units" -name grep11d.service)")"

exit "$((failures != 0))"

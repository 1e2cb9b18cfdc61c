#!/bin/bash
# Room: tests/e2e. ./dev release on a small tree: the release is checked as docs/release.md says, and what was altered is found.
# release_test.sh DEV
set -uo pipefail
dev=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

expect() {  # expect WHAT: the status of what was run before
  local status=$?
  ((status == 0)) && return
  echo "$1: status $status"
  failures=$((failures + 1))
}

refused() {  # refused WHAT COMMAND...
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then
    echo "$what was taken"
    failures=$((failures + 1))
  fi
}

make_certificates() (
  set -e
  cd "$work"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=root -keyout root.key -out root.pem -days 2
  local name issuer=root
  for name in intermediate signing; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
    local basic=CA:FALSE
    [[ $name == intermediate ]] && basic=CA:TRUE
    openssl x509 -req -in "$name.csr" -CA "$issuer.pem" -CAkey "$issuer.key" -CAcreateserial -days 2 -out "$name.pem" \
      -extfile <(echo "basicConstraints=critical,$basic")
    issuer=$name
  done
)

checks() (  # checks FOLDER: the three commands of docs/release.md
  cd "$1" &&
    openssl verify -CAfile "$work/root.pem" -untrusted intermediates.pem signing.pem &&
    openssl dgst -sha256 -verify <(openssl x509 -in signing.pem -noout -pubkey) -signature SHA256SUMS.sig SHA256SUMS &&
    sha256sum -c SHA256SUMS
)

release() {  # release FOLDER OPTIONS...
  local out=$1
  shift
  "$dev" release --from "$work/stage" --out "$out" "$@" >"$work/log" 2>&1 || { cat "$work/log" && return 1; }
}

make_certificates >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
mkdir -p "$work/stage/usr/lib"
echo module >"$work/stage/usr/lib/module.so"
signed=(--key "$work/signing.key" --cert "$work/signing.pem" --chain "$work/intermediate.pem")

release "$work/one" "${signed[@]}"
expect "a signed release"
checks "$work/one" >"$work/log" 2>&1 || { cat "$work/log" && false; }
expect "its checks"
archive=$(basename "$(find "$work/one" -name 'grep11-gateway-*.tar.gz')")
[[ $archive =~ ^grep11-gateway-[0-9]+\.[0-9]+\.[0-9]+-[a-z0-9]+\.tar\.gz$ ]]
expect "the archive's name: $archive"
[[ $(tar -xzOf "$work/one/$archive" ./usr/lib/module.so) == module ]]
expect "its content"

# The same tree at another time, by somebody else.
touch -d 2001-01-01 "$work/stage/usr/lib/module.so"
release "$work/two"
expect "a release without key"
cmp "$work/one/$archive" "$work/two/$archive"
expect "the same archive of the same tree"
[[ ! -e $work/two/SHA256SUMS.sig ]]
expect "no signature without a key"

cp -r "$work/one" "$work/altered"
printf x >>"$work/altered/$archive"
refused "an altered archive" checks "$work/altered"
(cd "$work/altered" && sha256sum "$archive" >SHA256SUMS)
refused "an altered list of checksums" checks "$work/altered"
refused "a certificate of another key" "$dev" release --from "$work/stage" --out "$work/three" \
  --key "$work/signing.key" --cert "$work/intermediate.pem"
[[ ! -e $work/three/SHA256SUMS.sig ]]
expect "no signature under a certificate of another key"
refused "a key without certificate" "$dev" release --from "$work/stage" --out "$work/four" --key "$work/signing.key"

exit "$((failures != 0))"

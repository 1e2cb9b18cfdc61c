#!/usr/bin/env bash
# Room: tests/e2e. nginx with two certificates whose keys are in the HSM: what each handshake costs, that both workers serve,
# and that a reload goes through. May touch: a stack of its own, nginx of its own.
# usage: nginx_test.sh BUILD_DIR
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly DEV=$here/../../dev BUILD_DIR=$1 HANDSHAKES=20

say() { printf '%s\n' "$*"; }
fail() {
  say "FAILED: $*" >&2
  exit 1
}
# shellcheck source=tests/stack/stack.sh
source "$here/../stack/stack.sh"
# shellcheck source=tests/e2e/web.sh
source "$here/web.sh"
export PATH=$PATH:/usr/sbin

DIR=$(mktemp -d)
chmod 755 "$DIR"
WEB=$DIR/web
mkdir -p "$WEB"
clean_up() {
  local status=$?
  nginx_down || true
  "$DEV" down --dir "$DIR"
  if ((status == 0)); then rm -rf "$DIR"; else say "logs are in $DIR" >&2; fi
}
trap clean_up EXIT

"$DEV" up --dir "$DIR" --build-dir "$BUILD_DIR"
# shellcheck source=/dev/null
source "$DIR/env"

counters() { curl -sS --fail --max-time 10 "$GREP11_EMULATOR_CONTROL/counters"; }
reset_counters() { curl -sS --fail --max-time 10 -X POST "$GREP11_EMULATOR_CONTROL/counters/reset" >/dev/null; }

# expect_cost TEXT COUNT: since the last reset the HSM got exactly COUNT signatures and no other request.
expect_cost() {
  local requests signatures
  requests=$(counters | sed -n 's/^requests //p')
  signatures=$(counters | sed -n 's/^rpc SignSingle //p')
  [[ $requests == "$2" && $signatures == "$2" ]] ||
    fail "$1 took $requests requests, ${signatures:-0} of them signatures; it should take $2"
  say "$1: $2 HSM requests"
}

workers() { pgrep -P "$(cat "$WEB/nginx.pid")" | sort; }

write_openssl_conf
make_key_pair ca 10 EC:prime256v1
make_key_pair ec 11 EC:prime256v1
make_key_pair rsa 12 rsa:2048
make_ca ca
make_certificate ec ca
make_certificate rsa ca
nginx_up ec rsa || fail "nginx did not start; see $WEB/error.log"

for version in 1.2 1.3; do
  for kind in ec rsa; do
    # The first handshake of a worker may look keys up again, because it is a fork: serve a few before counting.
    for ((i = 0; i < 10; ++i)); do "fetch_$kind" "$kind" "$version" >/dev/null || fail "TLS $version with $kind"; done
    reset_counters
    for ((i = 0; i < HANDSHAKES; ++i)); do "fetch_$kind" "$kind" "$version" >/dev/null || fail "TLS $version, $kind"; done
    expect_cost "$HANDSHAKES handshakes of TLS $version with the $kind certificate" "$HANDSHAKES"
  done
done

served=$(cut -d' ' -f1 "$WEB/access.log" | sort -u | wc -l)
((served == 2)) || fail "$served of 2 workers have served"
say "both workers have served"

before=$(workers)
kill -s HUP "$(cat "$WEB/nginx.pid")"
workers_are_new() { [[ $(workers | wc -l) == 2 && -z $(comm -12 <(printf '%s\n' "$before") <(workers)) ]]; }
until_true 20 workers_are_new || fail "nginx did not take new workers"
for version in 1.2 1.3; do
  if ! fetch_ec ec "$version" >/dev/null || ! fetch_rsa rsa "$version" >/dev/null; then
    fail "TLS $version after a reload"
  fi
done
say "new workers serve after a reload"

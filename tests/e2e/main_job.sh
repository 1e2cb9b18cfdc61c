# Room: tests/e2e. The main job of ./dev run: keys in the HSM, certificates signed by them, nginx, load, summary. Sourced by
# ./dev. Touches: the folder it is given and what it started there.
# shellcheck shell=bash

readonly JOB_LOAD_S=5
readonly JOB_LOAD_THREADS=4

counter() { curl -sS --max-time 5 "$GREP11_EMULATOR_CONTROL/counters" | sed -n "s/^$1 //p"; }

job_keys() {
  make_key_pair web-ca 10 EC:prime256v1 &&
    make_key_pair web-ec 11 EC:prime256v1 &&
    make_key_pair web-rsa 12 rsa:2048 &&
    tool --list-objects
}

job_certificates() {
  write_openssl_conf &&
    make_ca web-ca &&
    make_certificate web-ec web-ca &&
    make_certificate web-rsa web-ca
}

job_fetches() {
  local version
  for version in 1.2 1.3; do
    fetch_ec web-ec "$version" && fetch_rsa web-rsa "$version" || return 1
  done
}

job_load() {
  (umask 077 && printf '%s\n' "$USER_PIN" >"$JOB/pin")
  local status=0
  "$BUILD_DIR/bin/grep11-load" --module "$PKCS11_MODULE" --slot "$PKCS11_SLOT" --pin-file "$JOB/pin" --op ecdsa \
    --key-label web-ec --threads "$JOB_LOAD_THREADS" --duration "$JOB_LOAD_S" --json "$JOB/load.json" || status=$?
  rm -f "$JOB/pin"
  return "$status"
}

# Reads load.json and the counters of before and after; prints what the load cost and how long it took.
job_summary() {
  python3 - "$JOB/load.json" "$1" "$2" "$(counter token_fetches)" <<'PY'
import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))["result"]
before, after, fetches = (int(n) for n in sys.argv[2:5])
latency = report["latency_us"]
print(f"  signatures by the load tool  {report['operations']}  ({report['throughput_per_s']:.0f} per second)")
print(f"  HSM requests they took       {after - before}")
print(f"  latency p50 / p99            {latency['p50']:.0f} / {latency['p99']:.0f} us")
print(f"  IAM token fetches, all told  {fetches}")
PY
}

# Everything that was started ends; a folder of ours goes too, unless something failed and it holds the logs.
job_stop() {
  local status=$?
  if [[ $JOB_SLEEP ]]; then kill "$JOB_SLEEP" 2>/dev/null || true; fi
  nginx_down || true
  stack_down "$DIR"
  if [[ ! $JOB_OWN ]]; then return 0; fi
  if ((status == 0)); then rm -rf "$DIR"; else say "logs of this run are in $DIR" >&2; fi
}

job_how_to_go_on() {
  cat <<TEXT

The stack is up; Ctrl-C takes it down. In another terminal:
  . $DIR/env
  pkcs11-tool --module \$PKCS11_MODULE --login --pin env:USER_PIN --list-objects
  curl --cacert $WEB/ca.pem $WEB_URL
  curl -s \$GREP11_METRICS_URL
  curl -s \$GREP11_EMULATOR_CONTROL/counters
  tail -f $DIR/daemon/grep11d.log
TEXT
}

wait_for_ctrl_c() {
  trap 'exit 0' INT TERM
  sleep infinity &
  JOB_SLEEP=$!
  wait "$JOB_SLEEP"
}

# main_job DIR BUILD_DIR ONCE OWN: ONCE ends when all is done; OWN says that DIR is ours to remove.
main_job() {
  mkdir -p "$1"
  chmod 755 "$1"
  DIR=$(cd "$1" && pwd) BUILD_DIR=$2 JOB_OWN=$4 JOB_SLEEP=''
  local once=$3 before after
  JOB=$DIR/job WEB=$DIR/web
  mkdir -p "$JOB" "$WEB"
  trap job_stop EXIT
  step "starting emulator and daemon, initialising the token" run-up \
    "$ROOT/dev" up --dir "$DIR" --build-dir "$BUILD_DIR"
  # shellcheck source=/dev/null
  source "$DIR/env"
  step "key pairs: EC P-256 and RSA-2048, token objects" run-keys job_keys
  step "certificates, signed in the HSM through OpenSSL's engine" run-certificates job_certificates
  step "nginx, two workers, two certificates" run-nginx nginx_up web-ec web-rsa
  step "HTTPS: TLS 1.2 and 1.3, each certificate, chain verified" run-fetches job_fetches
  before=$(counter requests)
  step "load: $JOB_LOAD_THREADS threads sign for $JOB_LOAD_S s" run-load job_load
  after=$(counter requests)
  say ""
  job_summary "$before" "$after"
  say "  metrics of the daemon        $GREP11_METRICS_URL"
  if [[ $once ]]; then return 0; fi
  job_how_to_go_on
  wait_for_ctrl_c
}

# Room: tests/stack. A private stack in a folder: emulator (GREP11 and IAM over TLS), daemon, initialised token. Sourced by
# ./dev. Touches: that folder, one short folder for the socket, and the two processes that it started.
# shellcheck shell=bash
#
# Layout of DIR:
#   env             to source: where everything is, PINs included; for the owner's eyes
#   stack.conf      what `down` and `restart` need to know, in shell
#   pki/            certificates of the emulator and the client certificate of the daemon
#   emulator/       master key, API keys, ready file, log        emulator.proc   "pid start-time"
#   daemon/         grep11client.yaml, state, ready file, log    daemon.proc     the same

# Enough for a sanitizer build on a busy machine; a program under valgrind takes longer.
readonly STACK_READY_S=${GREP11_STACK_PATIENCE_S:-20}
readonly STACK_STOP_S=$STACK_READY_S
readonly SOCKET_PATH_MAX=100  # sun_path holds 107 bytes and the name

# The start time tells a process from a later one with the same number.
start_time_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086  # the fields are words
  set -- $stat
  printf '%s' "${20}"
}

is_ours() { [[ -n $1 && $(start_time_of "$1") == "$2" ]]; }

# A zombie has ended: its parent has only not asked for it yet. But while it has other threads, those hold its files and locks.
is_alive() {
  is_ours "$1" "$2" || return 1
  local status
  status=$(sed -n 's/^\(State\|Threads\):\s*\(\S*\).*/\2/p' "/proc/$1/status" 2>/dev/null | tr '\n' ' ')
  [[ $status && $status != [ZX]\ [01]\  ]]
}

# until_true SECONDS COMMAND...: looks every 10 ms; false when the time is over.
until_true() {
  local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
  shift
  until "$@"; do
    ((${EPOCHREALTIME/[.,]/} < end)) || return 1
    sleep 0.01
  done
}

is_gone() { ! is_alive "$1" "$2"; }

# start_program PROC_FILE LOG COMMAND...: in a session of its own, so that Ctrl-C in the terminal is ours to handle.
start_program() {
  local proc_file=$1 log=$2
  shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null &
  local pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(start_time_of "$pid" || true)" >"$proc_file"
  printf '%s\n' "$pid" >"${proc_file%.proc}.pid"
}

# stop_program PROC_FILE SIGNAL: exactly the process that was started; KILL if it does not end in time.
stop_program() {
  local proc_file=$1 signal=$2 pid='' started=''
  [[ -f $proc_file ]] || return 0
  read -r pid started <"$proc_file" || true
  if is_alive "$pid" "$started"; then
    kill -s "$signal" "$pid" 2>/dev/null || true
    kill -s CONT "$pid" 2>/dev/null || true  # a stopped process ends only when it goes on
    if ! until_true "$STACK_STOP_S" is_gone "$pid" "$started"; then
      say "process $pid did not end within $STACK_STOP_S s of SIG$signal; killing it" >&2
      kill -s KILL "$pid" 2>/dev/null || true
      until_true "$STACK_STOP_S" is_gone "$pid" "$started" || true
    fi
  fi
  rm -f "$proc_file" "${proc_file%.proc}.pid"
}

ready_or_dead() {
  local pid started
  read -r pid started <"$2"
  [[ -s $1 ]] || is_gone "$pid" "$started"
}

# wait_ready NAME READY_FILE PROC_FILE LOG: until the program has written its ready file, or ended.
wait_ready() {
  if until_true "$STACK_READY_S" ready_or_dead "$2" "$3" && [[ -s $2 ]]; then return 0; fi
  tail -n 20 "$4" | sed 's/^/    /' >&2
  fail "the $1 did not become ready; its log is $4"
}

# ready_value FILE NAME: one string or number of the flat JSON object that a ready file is.
ready_value() { sed -n "s/.*\"$2\"[[:space:]]*:[[:space:]]*\"\\{0,1\\}\\([^\",}]*\\)\"\\{0,1\\}.*/\\1/p" "$1" | head -n 1; }

random_key() { head -c 33 /dev/urandom | base64 | tr '+/' '-_'; }  # 44 characters, as long as an IAM API key

uuid() { cat /proc/sys/kernel/random/uuid; }

# The three users of the vendor's model, each with a key of its own and the role of the best-practice set-up.
write_api_keys() {
  cat >"$DIR/emulator/api-keys.json" <<JSON
[
  {"apikey": "$SO_PIN", "iam_id": "iam-ServiceId-so", "name": "so", "roles": ["crypto-operator"]},
  {"apikey": "$USER_PIN", "iam_id": "iam-ServiceId-user", "name": "user", "roles": ["crypto-operator"]},
  {"apikey": "$ANONYMOUS_PIN", "iam_id": "iam-ServiceId-anonymous", "name": "anonymous", "roles": ["crypto-operator"]}
]
JSON
}

# A file as the vendor documents it, anchors and merge keys included, and the gateway: section that is ours.
write_daemon_config() {
  cat >"$DIR/daemon/grep11client.yaml" <<YAML
iamcredentialtemplate: &defaultiamcredential
  enabled: true
  endpoint: "$1"
  apikey:

sessionauthtemplate: &defaultsessionauth
  enabled: false
  tokenspaceIDPassword:

tokens:
  0:
    grep11connection:
      address: "${2%:*}"
      port: "${2##*:}"
      tls:
        enabled: true
        mutual: true
        cacert: "$DIR/pki/ca.pem"
        certfile: "$DIR/pki/client.pem"
        keyfile: "$DIR/pki/client.key"
    storage:
      remotestore:
        enabled: true
    users:
      0:
        name: "Administrator"
        iamauth: *defaultiamcredential
      1:
        name: "Normal user"
        tokenspaceID: "$(uuid)"
        iamauth: *defaultiamcredential
        sessionauth: *defaultsessionauth
      2:
        name: "Anonymous"
        tokenspaceID: "$(uuid)"
        iamauth:
          <<: *defaultiamcredential
          apikey: "$ANONYMOUS_PIN"
        sessionauth: *defaultsessionauth

logging:
  loglevel: $LOG_LEVEL
  logpath: "$DIR/daemon/grep11d.log"

gateway:
  socket: "$SOCKET"
  state_directory: "$DIR/daemon/state"
  metrics_listen: "127.0.0.1:0"
  iam_ca_file: "$DIR/pki/ca.pem"
YAML
  printf '%s' "$GATEWAY_LINES" >>"$DIR/daemon/grep11client.yaml"
}

write_env() {
  local metrics=$1
  (
    umask 077
    cat >"$DIR/env.new" <<ENV
# A private grep11 stack. Source this, then point any PKCS #11 program at \$PKCS11_MODULE.
export PKCS11_MODULE='$BUILD_DIR/lib/pkcs11-grep11.so'
export PKCS11_SLOT='0'
export USER_PIN='$USER_PIN'
export SO_PIN='$SO_PIN'
export ANONYMOUS_PIN='$ANONYMOUS_PIN'
export GREP11_SOCKET='$SOCKET'
export GREP11_CONFIG='$DIR/daemon/grep11client.yaml'
export GREP11_CA_FILE='$DIR/pki/ca.pem'
export GREP11_CLIENT_CERT_FILE='$DIR/pki/client.pem'
export GREP11_CLIENT_KEY_FILE='$DIR/pki/client.key'
export GREP11_DAEMON_PID_FILE='$DIR/daemon.pid'
export GREP11_DAEMON_LOG='$DIR/daemon/grep11d.log'
export GREP11_EMULATOR_PID_FILE='$DIR/emulator.pid'
export GREP11_EMULATOR_ADDRESS='$EMULATOR_ADDRESS'
export GREP11_EMULATOR_CONTROL='$EMULATOR_CONTROL'
export GREP11_IAM_URL='$IAM_URL'
export GREP11_METRICS_URL='http://$metrics/metrics'
ENV
  )
  mv "$DIR/env.new" "$DIR/env"
}

# What a later `down` or `restart` in another shell has to know.
write_stack_conf() {
  local name
  (
    umask 077
    for name in BUILD_DIR SOCKET SOCKET_DIR SO_PIN USER_PIN ANONYMOUS_PIN EMULATOR_ADDRESS EMULATOR_CONTROL IAM_URL METRICS; do
      printf '%s=%q\n' "$name" "${!name}"
    done >"$DIR/stack.conf"
  )
}

load_stack_conf() {
  [[ -f $DIR/stack.conf ]] || return 1
  # shellcheck source=/dev/null
  source "$DIR/stack.conf"
}

# The socket lies in DIR unless the path would be too long for a Unix socket.
choose_socket() {
  SOCKET_DIR=$DIR/daemon
  if ((${#SOCKET_DIR} > SOCKET_PATH_MAX - 13)); then
    SOCKET_DIR=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/grep11.XXXXXX")
    chmod 755 "$SOCKET_DIR"
  fi
  SOCKET=$SOCKET_DIR/grep11d.sock
}

emulator_up() {
  local bin=$BUILD_DIR/bin/grep11-emulator ready=$DIR/emulator/ready.json
  "$bin" --make-certs "$DIR/pki" >>"$DIR/emulator/log" 2>&1
  rm -f "$ready"
  start_program "$DIR/emulator.proc" "$DIR/emulator/log" "$bin" \
    --listen 127.0.0.1:0 --iam-listen 127.0.0.1:0 --control 127.0.0.1:0 \
    --tls-cert "$DIR/pki/server.pem" --tls-key "$DIR/pki/server.key" --client-ca "$DIR/pki/ca.pem" \
    --master-key "$DIR/emulator/master.key" --api-keys "$DIR/emulator/api-keys.json" --ready-file "$ready" "$@"
  wait_ready emulator "$ready" "$DIR/emulator.proc" "$DIR/emulator/log"
  EMULATOR_ADDRESS=$(ready_value "$ready" grep11)
  EMULATOR_CONTROL=$(ready_value "$ready" control)
  IAM_URL=$(ready_value "$ready" iam)
}

# An address of this stack's own: on 127.0.0.1 the port that the daemon had may be that of any connection on this host by
# the time it is started again.
own_loopback_address() {
  echo "127.$((1 + RANDOM % 254)).$((RANDOM % 256)).$((1 + RANDOM % 254))"
}

# daemon_up METRICS: HOST:PORT of the metrics; port 0 lets the daemon choose.
daemon_up() {
  local ready=$DIR/daemon/ready.json
  rm -f "$ready"
  start_program "$DIR/daemon.proc" "$DIR/daemon/log" "$BUILD_DIR/bin/grep11d" \
    --config "$DIR/daemon/grep11client.yaml" --metrics "$1" --ready-file "$ready"
  wait_ready daemon "$ready" "$DIR/daemon.proc" "$DIR/daemon/log"
  METRICS=$(ready_value "$ready" metrics)
}

init_token() {
  if ! GREP11_SOCKET=$SOCKET pkcs11-tool --module "$BUILD_DIR/lib/pkcs11-grep11.so" --slot 0 --init-token \
    --label grep11 --so-pin "$SO_PIN" >"$DIR/daemon/init-token.log" 2>&1; then
    sed 's/^/    /' "$DIR/daemon/init-token.log" >&2
    fail "the token could not be initialised; the daemon's log is $DIR/daemon/grep11d.log"
  fi
}

# Takes --log-level LEVEL and --gateway 'KEY: VALUE' (a line of the gateway: section, repeatable, {} maps allowed) out of
# the options; what is left is the emulator's.
parse_up_options() {
  LOG_LEVEL=info GATEWAY_LINES='' EMULATOR_OPTIONS=()
  while (($# > 0)); do
    case $1 in
      --log-level | --gateway)
        (($# > 1)) || fail "$1 needs a value"
        if [[ $1 == --gateway ]]; then GATEWAY_LINES+="  $2"$'\n'; else LOG_LEVEL=$2; fi
        shift
        ;;
      *) EMULATOR_OPTIONS+=("$1") ;;
    esac
    shift
  done
}

# stack_up DIR BUILD_DIR [options]
stack_up() {
  DIR=$1 BUILD_DIR=$2
  shift 2
  parse_up_options "$@"
  mkdir -p "$DIR"
  DIR=$(cd "$DIR" && pwd)
  [[ ! -f $DIR/stack.conf ]] || fail "$DIR has a stack already: ./dev down --dir $DIR"
  mkdir -p "$DIR/pki" "$DIR/emulator" "$DIR/daemon/state"
  chmod 700 "$DIR/daemon/state" "$DIR/emulator"
  SO_PIN=$(random_key) USER_PIN=$(random_key) ANONYMOUS_PIN=$(random_key)
  EMULATOR_ADDRESS='' EMULATOR_CONTROL='' IAM_URL='' METRICS=''
  choose_socket
  write_stack_conf
  trap 'stack_down "$DIR"' EXIT  # nothing stays behind if a step fails
  (umask 077 && write_api_keys)
  emulator_up "${EMULATOR_OPTIONS[@]}"
  (umask 077 && write_daemon_config "$IAM_URL" "$EMULATOR_ADDRESS")
  daemon_up "$(own_loopback_address):0"
  write_stack_conf
  write_env "$METRICS"
  init_token
  trap - EXIT
}

# stack_down DIR: stops what stack_up started and nothing else; no stack is no error. Logs and state stay in DIR.
stack_down() {
  DIR=$1
  load_stack_conf || return 0
  stop_program "$DIR/daemon.proc" TERM
  stop_program "$DIR/emulator.proc" TERM
  rm -f "$SOCKET" "$DIR/stack.conf" "$DIR/env"
  if [[ $SOCKET_DIR != "$DIR"/* ]]; then rmdir "$SOCKET_DIR" 2>/dev/null || true; fi
}

# stack_restart DIR [kill]: the daemon alone, on the same addresses and the same state.
stack_restart() {
  DIR=$1
  load_stack_conf || fail "there is no stack in $DIR"
  stop_program "$DIR/daemon.proc" "$([[ ${2:-} ]] && echo KILL || echo TERM)"
  daemon_up "$METRICS"
  write_env "$METRICS"
}

# Room: tests/e2e. nginx with keys that live in the HSM: key pairs, certificates, server, fetches. Sourced by the main job
# of ./dev run and by the tests. Touches: the folder WEB, processes of its own.
# shellcheck shell=bash
#
# Needs in the environment: PKCS11_MODULE, PKCS11_SLOT, USER_PIN and what the module itself reads (GREP11_SOCKET).

readonly WEB_HOST=localhost
readonly WEB_START_S=20
readonly WEB_PORT_TRIES=5

tool() { pkcs11-tool --module "$PKCS11_MODULE" --slot "$PKCS11_SLOT" --login --pin env:USER_PIN "$@"; }

# make_key_pair LABEL ID TYPE: a token object, as pkcs11-tool names types (EC:prime256v1, rsa:2048).
make_key_pair() { tool --keypairgen --label "$1" --id "$2" --key-type "$3"; }

# What makes OpenSSL load the engine with our module; applications need only this file.
write_openssl_conf() {
  (
    umask 077
    cat >"$WEB/openssl.cnf" <<CNF
openssl_conf = start

[start]
engines = engines

[engines]
pkcs11 = pkcs11

[pkcs11]
engine_id = pkcs11
MODULE_PATH = $PKCS11_MODULE
PIN = $USER_PIN
init = 1

[req]
distinguished_name = name
prompt = no

[name]

[ca]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash

[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:$WEB_HOST
CNF
  )
}

# The engine finds keys by PKCS #11 URI.
key_uri() { printf 'pkcs11:object=%s;type=private' "$1"; }

with_engine() { OPENSSL_CONF=$WEB/openssl.cnf openssl "$@"; }

# make_ca LABEL: self-signed, by its key in the HSM.
make_ca() {
  with_engine req -new -x509 -engine pkcs11 -keyform engine -key "$(key_uri "$1")" -sha256 -days 30 \
    -subj "/CN=$1" -extensions ca -out "$WEB/ca.pem"
}

# make_certificate LABEL CA_LABEL: the request is signed by its own key, the certificate by that of the CA, both in the HSM.
make_certificate() {
  with_engine req -new -engine pkcs11 -keyform engine -key "$(key_uri "$1")" -sha256 -subj "/CN=$1" -out "$WEB/$1.csr"
  with_engine req -in "$WEB/$1.csr" -verify -noout
  with_engine x509 -req -in "$WEB/$1.csr" -engine pkcs11 -CA "$WEB/ca.pem" -CAkeyform engine -CAkey "$(key_uri "$2")" \
    -sha256 -days 30 -set_serial "0x$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n')" \
    -extfile "$WEB/openssl.cnf" -extensions leaf -out "$WEB/$1.pem"
  openssl verify -x509_strict -CAfile "$WEB/ca.pem" "$WEB/$1.pem"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# write_nginx_conf PORT LABEL...: WEB_WORKERS workers (2) as the current user, a certificate for each label. nginx empties its
# environment: the engine and the module get what they need by name.
write_nginx_conf() {
  local port=$1 label user=''
  shift
  if ((EUID == 0)); then user='user root;'; fi
  {
    cat <<CONF
$user
worker_processes ${WEB_WORKERS:-2};
pid $WEB/nginx.pid;
error_log $WEB/error.log info;
env OPENSSL_CONF;
env GREP11_SOCKET;
events { worker_connections 512; }
http {
  log_format by_worker '\$pid \$status \$ssl_protocol \$ssl_cipher';
  access_log $WEB/access.log by_worker;
  client_body_temp_path $WEB/tmp; proxy_temp_path $WEB/tmp; fastcgi_temp_path $WEB/tmp;
  uwsgi_temp_path $WEB/tmp; scgi_temp_path $WEB/tmp;
  server {
    listen 127.0.0.1:$port ssl ${WEB_REUSEPORT-reuseport};
    server_name $WEB_HOST;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    root $WEB/html;
CONF
    for label in "$@"; do
      printf '    ssl_certificate %s;\n    ssl_certificate_key "engine:pkcs11:%s";\n' "$WEB/$label.pem" "$(key_uri "$label")"
    done
    printf '  }\n}\n'
  } >"$WEB/nginx.conf"
}

web_answers() { curl -s -o /dev/null --max-time 5 --cacert "$WEB/ca.pem" "$WEB_URL"; }

# nginx_up LABEL...: on a free port; another one if somebody takes it in between.
nginx_up() {
  local try port
  mkdir -p "$WEB/html" "$WEB/tmp"
  printf 'served with a key in the HSM: %s\n' "$(head -c 12 /dev/urandom | base64)" >"$WEB/html/index.html"
  for ((try = 1; try <= WEB_PORT_TRIES; ++try)); do
    port=$(free_port)
    write_nginx_conf "$port" "$@"
    WEB_URL=https://$WEB_HOST:$port/
    if OPENSSL_CONF=$WEB/openssl.cnf nginx -p "$WEB" -e "$WEB/error.log" -c "$WEB/nginx.conf"; then
      until_true "$WEB_START_S" web_answers && return 0
      nginx_down
      return 1
    fi
    grep -q 'Address already in use' "$WEB/error.log" || return 1
  done
  return 1
}

nginx_gone() { [[ ! -e $WEB/nginx.pid ]]; }

nginx_down() {
  [[ -s $WEB/nginx.pid ]] || return 0
  kill -s TERM "$(cat "$WEB/nginx.pid")" 2>/dev/null || rm -f "$WEB/nginx.pid"
  until_true "$WEB_START_S" nginx_gone
}

# The sort of certificate is chosen by the client: by cipher suite in TLS 1.2, by signature algorithm in 1.3.
write_client_conf() {
  cat >"$WEB/client-$1.cnf" <<CNF
openssl_conf = start
[start]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
SignatureAlgorithms = $2
CNF
}

# fetch LABEL TLS_VERSION SIGNATURE_ALGORITHMS CIPHER: the page, over a verified chain, with exactly that certificate.
fetch() {
  local label=$1 version=$2 got
  write_client_conf "$label" "$3"
  local options=(--cacert "$WEB/ca.pem" --max-time 20 --tls-max "$version" "--tlsv$version")
  if [[ $version == 1.2 ]]; then options+=(--ciphers "$4"); fi
  got=$(OPENSSL_CONF=$WEB/client-$label.cnf curl -sS -v "${options[@]}" "$WEB_URL" 2>"$WEB/curl.log") || {
    cat "$WEB/curl.log"
    return 1
  }
  cat "$WEB/curl.log"
  [[ $got == "$(cat "$WEB/html/index.html")" ]] || { echo "another page came: $got" && return 1; }
  grep -q "SSL connection using TLSv$version" "$WEB/curl.log" || { echo "not TLS $version" && return 1; }
  grep -q "subject: CN=$label\$" "$WEB/curl.log" || { echo "not the certificate of $label" && return 1; }
}

fetch_ec() { fetch "$1" "$2" ECDSA+SHA256 ECDHE-ECDSA-AES128-GCM-SHA256; }
fetch_rsa() { fetch "$1" "$2" RSA-PSS+SHA256:RSA+SHA256 ECDHE-RSA-AES128-GCM-SHA256; }

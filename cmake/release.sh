# Room: cmake. A release out of an installed tree: archive, checksums and, with a key, their signature. Sourced by ./dev.
# Touches: the folder it is given.
# shellcheck shell=bash
#
# Files of a release (docs/release.md says how they are checked):
#   grep11-gateway-VERSION-ARCHITECTURE.tar.gz   what `cmake --install` installs, from the root of the file system on
#   SHA256SUMS                                   of the archive
#   SHA256SUMS.sig                               RSA or ECDSA signature with SHA-256 over SHA256SUMS
#   signing.pem                                  certificate of the signature's key
#   intermediates.pem                            what stands between it and the root, if anything does

# pack_release STAGE NAME OUT: the same tree gives the same octets.
pack_release() {
  local stage=$1 name=$2 out=$3
  mkdir -p "$out"
  tar --create --directory "$stage" --sort=name --format=gnu --mtime="@${SOURCE_DATE_EPOCH:-0}" \
    --owner=0 --group=0 --numeric-owner --mode='u+rwX,go+rX,go-w' . | gzip --no-name --best >"$out/$name.tar.gz"
  (cd "$out" && sha256sum "$name.tar.gz" >SHA256SUMS)
}

# sign_release OUT KEY CERTIFICATE [INTERMEDIATES]: the key may be a file or what an engine or provider of openssl's
# configuration knows. Fails, and leaves no signature, unless the certificate is that of the key.
sign_release() {
  local out=$1 key=$2 certificate=$3 intermediates=${4:-}
  openssl dgst -sha256 -sign "$key" -out "$out/SHA256SUMS.sig" "$out/SHA256SUMS"
  openssl x509 -in "$certificate" -out "$out/signing.pem"
  if [[ $intermediates ]]; then cp "$intermediates" "$out/intermediates.pem"; fi
  if ! openssl dgst -sha256 -verify <(openssl x509 -in "$out/signing.pem" -noout -pubkey) \
    -signature "$out/SHA256SUMS.sig" "$out/SHA256SUMS" >/dev/null; then
    rm -f "$out/SHA256SUMS.sig" "$out/signing.pem" "$out/intermediates.pem"
    fail "$certificate is not the certificate of $key"
  fi
}

#!/usr/bin/env bash
# Room: tests/docs. Proves that `pkcs11_page --check` notices a page that is out of date, names the command that mends it and
# changes nothing; and that without --check the page is mended. stale_page.sh PROGRAM ROOT
# May touch: the program and the repository, read only, and a temporary folder.
set -euo pipefail
program=$1 root=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/docs" "$folder/tests/conformance"
cp "$root/tests/conformance/spec.tsv" "$folder/tests/conformance/"
sed 's/`CKM_AES_CBC`/`CKM_NOBODY`/' "$root/docs/pkcs11.md" >"$folder/docs/pkcs11.md"
cp "$folder/docs/pkcs11.md" "$folder/stale.md"

if "$program" --check "$folder" 2>"$folder/said"; then
  echo "a page that is out of date was taken" >&2
  exit 1
fi
grep -q '\./dev docs' "$folder/said"
cmp "$folder/docs/pkcs11.md" "$folder/stale.md"
"$program" "$folder"
"$program" --check "$folder"
grep -q '`CKM_AES_CBC`' "$folder/docs/pkcs11.md"

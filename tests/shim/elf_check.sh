#!/bin/bash
# What the module asks of the process that loads it, and what it shows:
#   elf_check.sh MODULE functions.def
# It needs libc.so.6 alone, exports exactly the functions of the table, binds at once, cannot be
# written to where it holds pointers, and is at most 100 KiB without its symbols.
set -euo pipefail
module=$1
table=$2
failures=0

check() {  # check WHAT EXPECTED ACTUAL
  [[ "$2" == "$3" ]] && return
  echo "$1: expected"
  echo "$2"
  echo "but got"
  echo "$3"
  failures=$((failures + 1))
}

dynamic=$(readelf --wide --dynamic "$module")
check "NEEDED" "libc.so.6" "$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic")"
check "exports" \
  "$(sed -n 's/^GW_FN(\(C_[A-Za-z]*\),.*/\1/p' "$table" | sort)" \
  "$(nm --dynamic --defined-only "$module" | awk '{ print $3 }' | sort)"
check "immediate binding" "1" "$(grep -c 'FLAGS_1.*NOW' <<<"$dynamic")"
check "binds its own functions to itself" "1" "$(grep -c '(SYMBOLIC)' <<<"$dynamic")"
segments=$(readelf --wide --segments "$module")
check "read-only relocations" "1" "$(grep -c 'GNU_RELRO' <<<"$segments")"
check "executable stack" "0" "$(grep 'GNU_STACK' <<<"$segments" | grep -c 'RWE' || true)"
# C++ run time, unwinder or sanitizer: none of it may be asked for.
check "foreign run time" "" \
  "$(nm --dynamic --undefined-only "$module" | awk '{ print $NF }' | grep -E '^(_Z|__cxa_(throw|guard)|_Unwind|__(a|t|ub)san)' || true)"

stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$module"
size=$(stat --format=%s "$stripped")
check "at most 102400 bytes ($size)" "yes" "$([[ $size -le 102400 ]] && echo yes || echo no)"

exit "$((failures != 0))"

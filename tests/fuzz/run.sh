#!/usr/bin/env bash
# Room: tests/fuzz. Runs each fuzz target for some seconds and fails on a finding, whose input is kept beside the targets.
# usage: run.sh FOLDER_OF_TARGETS SECONDS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "$1" && pwd)
seconds=$2

python3 -B "$here/seeds.py" "$folder/seeds"
failed=()
for target in "$folder"/fuzz_*; do
  [[ -x $target && -f $target ]] || continue
  name=$(basename "$target")
  name=${name#fuzz_}
  mkdir -p "$folder/corpus/$name" "$folder/seeds/$name" "$folder/findings"  # a target may need no seeds
  printf '  %-58s ' "fuzzing $name for $seconds s"
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
    -artifact_prefix="$folder/findings/$name-" "$folder/corpus/$name" "$folder/seeds/$name" \
    >"$folder/$name.log" 2>&1; then
    printf '%s runs\n' "$(sed -n 's/^stat::number_of_executed_units: //p' "$folder/$name.log")"
  else
    printf 'FINDING\n'
    grep -E 'ERROR|SUMMARY|runtime error|Test unit written|check failed' "$folder/$name.log" | head -n 8 | sed 's/^/    /'
    failed+=("$name")
  fi
done
if ((${#failed[@]} > 0)); then
  printf 'findings in %s; logs and inputs are in %s\n' "${failed[*]}" "$folder" >&2
  exit 1
fi

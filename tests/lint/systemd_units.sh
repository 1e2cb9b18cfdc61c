#!/usr/bin/env bash
# Room: tests/lint. The units are clean for `systemd-analyze verify`, score at most 1.5 in `systemd-analyze security`,
# and their accounts and folders can be made. Needs neither a running systemd nor an installed daemon: all of it happens
# in a temporary root. With --self-test: proves that an unknown setting and a weaker sandbox are caught.
# May touch: systemd/, read only, and a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly MAX_EXPOSURE=1.5
# systemctl and others may be outside the path of an account without rights.
PATH=$PATH:/usr/sbin:/sbin

for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: ./dev lint installs it" >&2
    exit 1
  }
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export SYSTEMD_LOG_LEVEL=warning SYSTEMD_PAGER=cat

# The units as installed, but for the program: /bin/true exists everywhere, and verify looks for it.
make_units() {
  mkdir -p "$folder/units"
  cp systemd/grep11d.socket "$folder/units/"
  sed 's,@GREP11D@,/bin/true,g' systemd/grep11d.service.in >"$folder/units/grep11d.service"
  if grep -n '@' "$folder/units/grep11d.service" | grep -v '@system-service\|@privileged'; then
    echo "a placeholder was not filled in" >&2
    return 1
  fi
}

# verify exits with 0 for settings that it does not know, so its words count: it must say nothing.
verify() {
  local said
  said=$(systemd-analyze verify --man=no --recursive-errors=one \
    "$folder/units/grep11d.service" "$folder/units/grep11d.socket" 2>&1) || {
    printf '%s\n' "$said" >&2
    return 1
  }
  if [[ $said ]]; then
    printf '%s\n' "$said" >&2
    return 1
  fi
}

exposure() {
  systemd-analyze security --offline=true "$folder/units/grep11d.service" 2>/dev/null |
    sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'
}

check_exposure() {
  local score
  score=$(exposure)
  [[ $score ]] || {
    echo "systemd-analyze security gave no score" >&2
    return 1
  }
  if awk "BEGIN { exit !($score > $MAX_EXPOSURE) }"; then
    systemd-analyze security --offline=true "$folder/units/grep11d.service" >&2 || true
    echo "exposure $score is over $MAX_EXPOSURE" >&2
    return 1
  fi
  echo "exposure $score"
}

# Accounts and folders, in a root of their own. Only root can set owners: for others the accounts are checked dry.
check_accounts() {
  local root=$folder/root
  if ((EUID != 0)); then
    systemd-sysusers --dry-run "$PWD/systemd/grep11.sysusers.conf"
    return
  fi
  mkdir -p "$root/etc" "$root/run" "$root/var/lib" "$root/var/log"
  systemd-sysusers --root="$root" "$PWD/systemd/grep11.sysusers.conf" >"$folder/sysusers" 2>&1 || {
    cat "$folder/sysusers" >&2
    return 1
  }
  grep -q '^grep11d:' "$root/etc/passwd"
  grep -q '^grep11:' "$root/etc/group"
  systemd-tmpfiles --create --root="$root" "$PWD/systemd/grep11.tmpfiles.conf"
  [[ $(stat -c %a "$root/var/lib/grep11d") == 700 ]]
  [[ $(stat -c %a "$root/etc/grep11d") == 750 ]]
  [[ $(stat -c %a "$root/run/grep11d") == 755 ]]
}

make_units
if [[ ${1:-} == --self-test ]]; then
  echo 'NoSuchSetting=1' >>"$folder/units/grep11d.socket"
  if verify 2>/dev/null; then
    echo "an unknown setting passed" >&2
    exit 1
  fi
  sed -i '/^NoNewPrivileges\|^CapabilityBoundingSet\|^SystemCallFilter/d' "$folder/units/grep11d.service"
  if check_exposure >/dev/null 2>&1; then
    echo "a weaker sandbox passed" >&2
    exit 1
  fi
  exit 0
fi
verify
check_exposure
check_accounts

# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# What the scripts beside this one share: each is started as `bash NAME_test ECHO_SERVER ECHO_CLIENT`.

set -euo pipefail
echo_server=$1 echo_client=$2

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "failed: $*" >&2; exit 1; }

# Ports, interfaces and leftovers are our own in a network namespace of our own, where that is permitted. Its
# loopback gets Ethernet's MTU: with 64 KiB, each packet waits for a delayed acknowledgement.
if [[ -z ${SCTPXX_OWN_NETWORK-} ]] && type -P unshare ip >/dev/null; then
  for options in -n -rn; do
    unshare $options true 2>/dev/null && SCTPXX_OWN_NETWORK=1 exec unshare $options "$BASH" "$0" "$@"
  done
fi
[[ -z ${SCTPXX_OWN_NETWORK-} ]] || ip link set lo mtu 1500 up

[[ $("$echo_client" 127.0.0.1 1 2>&1) != *'has no SCTP'* ]] || skip "this kernel has no SCTP"

scratch=$(mktemp -d)
end() {
  local running
  running=$(jobs -p)
  [[ -z $running ]] || kill $running 2>/dev/null || true
  wait
  rm -rf "$scratch"
}
trap end EXIT
trap 'exit 143' INT TERM HUP

# Two lines and one of 100 kB.
input=$scratch/input
{ printf '%s\n' hello 'a second line' && printf '%09d-' {1..10000} && echo; } >"$input"

need() { # PROGRAM...
  local program
  for program; do
    type -P "$program" >/dev/null || skip "there is no program $program here"
  done
}

wait_until() { # COMMAND...
  local end=$((SECONDS + 30))
  until "$@"; do
    ((SECONDS < end)) || fail "waited in vain until $*"
    read -r -t 0.02 <> <(:) || true
  done
}

listens() { # PORT
  local endpoint socket style state bucket port rest
  while read -r endpoint socket style state bucket port rest; do
    [[ $port != "$1" || $state != 10 ]] || return 0
  done </proc/net/sctp/eps
  return 1
}

free_port() { # sets port
  port=$((20000 + RANDOM % 10000))
  while listens $port; do port=$((port + 1)); done
}

# Starts our server and sets port.
serve() { # ADDRESS
  local output=$scratch/server
  : >"$output"
  "$echo_server" --address "$1" >"$output" 2>&1 &
  server=$!
  wait_until test -s "$output"
  [[ $(head -n 1 "$output") =~ :([0-9]+)$ ]] || fail "our server says: $(<"$output")"
  port=${BASH_REMATCH[1]}
}

end_of_server() {
  kill -TERM $server
  wait $server || fail "our server ended with $?"
}

# A foreign client sends the input to our server, and gets it back.
ask_ours() { # COMMAND...
  echo "client: $*"
  local in out
  coproc peer { exec "$@" 2>"$scratch/errors"; }
  client=$peer_PID
  exec {in}>&"${peer[1]}" {out}<&"${peer[0]}"
  cat "$input" >&"$in" &
  timeout 30 head -c "$(wc -c <"$input")" <&"$out" >"$scratch/answer" || true
  cmp "$input" "$scratch/answer" || fail "$* got something else back: $(<"$scratch/errors")"
  exec {in}>&- {out}<&-
  kill $client 2>/dev/null || true
  wait $client 2>/dev/null || true
}

# Our client sends the input to a foreign server, and gets it back. PORT is where that will listen.
ask_theirs() { # ADDRESS PORT COMMAND...
  local address=$1 port=$2
  shift 2
  echo "server: $*"
  "$@" 2>"$scratch/errors" &
  local foreign=$!
  wait_until listens "$port"
  for _ in 1 2; do
    timeout 30 "$echo_client" "$address" "$port" <"$input" >"$scratch/answer" 2>"$scratch/events" ||
      fail "our client ended with $?: $(<"$scratch/events")"
    cmp "$input" "$scratch/answer" || fail "$* answered something else"
    grep -q 'is shut down' "$scratch/events" || fail "no graceful end: $(<"$scratch/events")"
  done
  kill $foreign
  wait $foreign 2>/dev/null || true
}

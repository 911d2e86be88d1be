# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# What the scripts beside this one share: each is started as `bash NAME_test EXAMPLES PROGRAMS`, the directories where
# the examples and the programs that are built from this directory are.

set -euo pipefail
examples=$1 programs=$2
echo_server=$examples/echo_server echo_client=$examples/echo_client sctpcat=$examples/sctpcat
many_peers=$programs/many_peers

skip() { echo "skipped: $*"; exit 77; }
ok() { echo "ok - $*"; }
fail() {
	echo "failed: $*" >&2
	find "${scratch-/nowhere}" -type f -size -200k -exec tail -n 40 {} + 2>/dev/null | cut -c -200 >&2
	exit 1
}

source "${BASH_SOURCE%/*}/../support/own_network.bash"
[[ $("$echo_client" 127.0.0.1 1 2>&1) != *'has no SCTP'* ]] || skip "this kernel has no SCTP"

scratch=$(mktemp -d)
started=()
end() {
	local process
	for process in "${started[@]}" $(jobs -p); do kill -CONT $process && kill $process; done 2>/dev/null || true
	wait
	rm -rf "$scratch"
}
trap end EXIT
trap 'exit 143' INT TERM HUP

need() { # PROGRAM...
	local program
	for program; do
		type -P "$program" >/dev/null || skip "there is no program $program here"
	done
}

with() { # PACKAGE...: says whom this test has talked to
	dpkg-query -W -f 'with ${Package} ${Version}\n' "$@" 2>/dev/null || echo "with $*"
}

# Not with `read -t`, which is faster: where its time is over before it waits (on a busy machine), bash 5.2 sets a signal
# mask that it never filled in, and then it and all that it starts cannot be killed.
wait_until() { # COMMAND...
	local end=$((SECONDS + 60))
	until "$@"; do
		((SECONDS < end)) || fail "waited in vain until $*"
		sleep 0.05
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

# Starts a program in the background: its number is $NAME, what it says goes into the file $scratch/NAME, and `tell`
# writes to its input, which ends with `hush`.
start() { # NAME COMMAND...
	local -n number=$1 input=$1_in
	: >"$scratch/$1"
	exec {input}> >(close_inputs && exec "${@:2}" >"$scratch/$1" 2>&1)
	number=$!
	started+=($number)
	inputs[number]=$input
}
declare -A inputs
close_inputs() { # of the other programs, which would never see their end
	local other
	for other in "${inputs[@]}"; do exec {other}>&-; done
}
tell() { # NAME LINE
	local -n input=$1_in
	echo "${*:2}" >&$input
}
hush() { # NAME
	local -n number=$1 input=$1_in
	exec {input}>&-
	unset "inputs[$number]"
}
# Extended regular expressions, for one line.
said() { # NAME REGEX
	local line
	while IFS= read -r line || [[ $line ]]; do
		[[ ! $line =~ $2 ]] || return 0
	done <"$scratch/$1"
	return 1
}
count() { # NAME REGEX: sets found, lines that have it, and last, what has it in the last of them
	local line
	found=0 last=
	while IFS= read -r line || [[ $line ]]; do
		[[ ! $line =~ $2 ]] || { found=$((found + 1)) && last=$BASH_REMATCH; }
	done <"$scratch/$1"
}
said_times() { count "$1" "$3" && ((found == $2)); }
says() { wait_until said "$@"; }             # NAME REGEX
says_times() { wait_until said_times "$@"; } # NAME COUNT REGEX
never_said() { ! said "$@" || fail "$1 said $2"; }
number_of() { # VARIABLE NAME REGEX: the last number in what has it
	count "$2" "$3"
	[[ $last =~ ([0-9]+)[^0-9]*$ ]] || fail "$2 did not say $3"
	printf -v "$1" %s "${BASH_REMATCH[1]}"
}
ends() { # NAME [STATUS]
	local status=0
	hush $1
	wait ${!1} || status=$?
	((status == ${2-0})) || fail "$1 ended with $status"
}
dies() { # NAME: as no program can prevent
	disown ${!1} 2>/dev/null || true # or bash would report its death
	kill -KILL ${!1}
	hush $1
}

# What is on the wire, as tcpdump sees it, one line a chunk, between ports:
# `FROM > TO: [DATA] (B)(E) … [SID: 3] … [PPID 0x26]`.
capture() {
	need tcpdump
	: >"$scratch/tcpdump" && : >"$scratch/wire"
	# Without what is large, which it would not keep up with.
	tcpdump -i lo -Z root -n -l --immediate-mode -s 2000 -B 8192 -v sctp and less 500 \
		2>"$scratch/tcpdump" > >(close_inputs && chunks >"$scratch/wire") &
	started+=($!)
	says tcpdump 'listening on'
}
chunks() { # of what tcpdump says
	local line from to ports='\.([0-9]+) > [^ ]*\.([0-9]+): sctp' chunk='\[[A-Z][A-Z ]*\].*'
	while IFS= read -r line; do
		[[ $line =~ $ports ]] || continue
		from=${BASH_REMATCH[1]} to=${BASH_REMATCH[2]}
		while [[ $line =~ $chunk ]]; do
			line=$BASH_REMATCH
			echo "$from > $to: ${line%%, (*}"
			[[ $line == *', ('* ]] || break
			line=${line#*, (}
		done
	done
}
on_wire() { says wire "$1"; } # REGEX
never_on_wire() { never_said wire "$1"; }
# A whole message that fits in one chunk. The identifier is big-endian there: tcpdump converts it.
data_on_wire() { # FROM TO STREAM PPID
	local ppid
	printf -v ppid '0x%x' "$4"
	on_wire "^$1 > $2: \[DATA\] (\(U\))?\(B\)\(E\) .*\[SID: $3\] .*\[PPID $ppid\]"
}
# Waits until the peer's kernel has the last such message, which the peer may not have read.
arrived() { # FROM TO REGEX
	local tsn
	on_wire "^$1 > $2: \[DATA\] .*$3"
	count wire "^$1 > $2: \[DATA\] .*$3"
	[[ $last =~ 'TSN: '([0-9]+) ]]
	tsn=${BASH_REMATCH[1]}
	on_wire "^$2 > $1: \[SACK\] \[cum ack $tsn\]"
}

# Two lines and one of 100 kB.
input=$scratch/input
{ printf '%s\n' hello 'a second line' && printf '%09d-' {1..10000} && echo; } >"$input"

# Starts our server and sets port.
serve() { # ADDRESS
	start server "$echo_server" --address "$1"
	listening server
}
listening() { # NAME: one of our servers; sets port
	says "$1" 'listening on'
	number_of port "$1" 'listening on .*:[0-9]+'
}
end_of() { # NAME: one of ours, in order
	kill -TERM ${!1}
	ends "$1"
}

# Starts erlang_peer.erl as erlang; compiled already where erlc was there when the build was configured.
start_erlang() { # echo|silent ADDRESS...
	local compiled=$programs
	need erl
	[[ -e $compiled/erlang_peer.beam ]] || {
		need erlc
		compiled=$scratch
		erlc -o "$compiled" "${BASH_SOURCE%/*}/erlang_peer.erl"
	}
	start erlang erl -noshell -boot no_dot_erlang -pa "$compiled" -run erlang_peer main "$@"
}

# A foreign client sends the input to our server, and gets it back.
ask_ours() { # COMMAND...
	local in out
	coproc peer { close_inputs && exec "$@" 2>"$scratch/errors"; }
	client=$peer_PID
	exec {in}>&"${peer[1]}" {out}<&"${peer[0]}"
	cat "$input" >&"$in" &
	timeout 30 head -c "$(wc -c <"$input")" <&"$out" >"$scratch/answer" || true
	cmp "$input" "$scratch/answer" || fail "$* got something else back: $(<"$scratch/errors")"
	exec {in}>&- {out}<&-
	kill $client 2>/dev/null || true
	wait $client 2>/dev/null || true
	ok "our server, client: $*"
}

# Our client sends the input to a foreign server, and gets it back. PORT is where that will listen.
ask_theirs() { # ADDRESS PORT COMMAND...
	local address=$1 port=$2
	shift 2
	start foreign "$@"
	wait_until listens "$port"
	for _ in 1 2; do
		timeout 30 "$echo_client" "$address" "$port" <"$input" >"$scratch/answer" 2>"$scratch/events" ||
			fail "our client ended with $?: $(<"$scratch/events")"
		cmp "$input" "$scratch/answer" || fail "$* answered something else"
		grep -q 'is shut down' "$scratch/events" || fail "no graceful end: $(<"$scratch/events")"
	done
	kill $foreign
	wait $foreign 2>/dev/null || true
	hush foreign
	ok "our client, server: $*"
}

is_same() { (($(stat -c %s "$scratch/$2") >= $(stat -c %s "$scratch/$1"))) && cmp "$scratch/$1" "$scratch/$2"; }

# What a foreign echo server is to give our clients back from one message of 200000 bytes, in however many, what is on
# the wire, and that it goes on after an abort of ours.
check_their_wire() { # ADDRESS PORT COMMAND...
	local address=$1 port=$2 client
	shift 2
	start foreign "$@"
	wait_until listens "$port"
	capture
	start cat "$sctpcat" --events --lines --size 300000 --stream 3 --ppid 4026531841 "$address" "$port"
	tell cat hello
	says cat '^hello'
	on_wire "^$port > [0-9]+: \[INIT ACK\]"
	number_of client wire "^$port > [0-9]+: \[INIT ACK\]"
	data_on_wire "$client" "$port" 3 4026531841
	data_on_wire "$port" "$client" 0 0
	ends cat
	on_wire "^$client > $port: \[SHUTDOWN\]"
	on_wire "^$port > $client: \[SHUTDOWN ACK\]"
	never_on_wire ABORT
	printf '%0199999d\n' 7 >"$scratch/large"
	start cat "$sctpcat" --lines --size 300000 "$address" "$port"
	cat "$scratch/large" >&"$cat_in"
	wait_until is_same large cat
	ends cat
	start cat "$sctpcat" --abort "$address" "$port"
	tell cat 'last words'
	says cat 'last words'
	ends cat
	on_wire "^[0-9]+ > $port: \[ABORT\]"
	timeout 30 "$echo_client" "$address" "$port" <<<'still there' >"$scratch/answer" 2>&1 || true
	grep -q '^still there' "$scratch/answer" || fail "it is not: $(<"$scratch/answer")"
	kill $foreign
	wait $foreign 2>/dev/null || true
	hush foreign
	ok "stream and identifier on the wire, 200000 bytes, a graceful end and an abort by us: $*"
}

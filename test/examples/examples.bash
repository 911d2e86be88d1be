# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# What the scripts beside this one share. The programs are in $EXAMPLES; what they say goes into files in $work.

set -eu
[ "${TIMED-}" ] || TIMED=yes exec timeout --foreground -s ALRM 200 bash "$0" "$@" # before CTest would, without a word
trap 'fail "what comes now takes too long"' ALRM
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "not ok - $*"; find "$work" -type f -size -100k -exec tail -n 99 {} + >&2; exit 1; }
ok() { echo "ok - $*"; }

# start NAME FILE COMMAND...: runs it in the background, its output in $work/FILE; its number is in $NAME
start() {
	: >"$work/$2"
	"${@:3}" >"$work/$2" 2>&1 &
	printf -v "$1" %s $!
}
# listens FILE: waits until the program just started says there where it listens; that is in $host and $port
listens() {
	local pid=$! line
	until line=$(grep -m1 'listening on ' "$work/$1"); do
		kill -0 $pid || fail "a server did not start"
		sleep 0.05
	done
	port=${line##*:} host=${line##*listening on } host=${host%:*} host=${host#[} host=${host%]}
}
# start_server NAME [ARGUMENT...]: the example NAME; its number in $server, its output in $work/server
start_server() {
	start server server "$EXAMPLES/$1" "${@:2}"
	listens server
}
stop_server() { # stop_server SIGNAL: it must end with status 0, as somebody asked it to
	kill -"$1" $server
	wait $server || fail "the server ended with $? at SIG$1"
}
# until_says PID FILE REGEX: waits for a line of what the process writes
until_says() {
	until grep -qs -- "$3" "$work/$2"; do
		kill -0 "$1" 2>/dev/null || grep -qs -- "$3" "$work/$2" || fail "nobody said in '$2': $3"
		sleep 0.05
	done
}
# one_message SIZE PLACE: sends so many x there. From a pipe they might be read in two halves, and sent as two.
one_message() {
	head -c "$1" /dev/zero | tr '\0' x >"$work/message"
	socat -u -b 65536 "FILE:$work/message" "SCTP4:$2"
}
explains_itself() { # explains_itself NAME...
	local name
	for name; do
		"$EXAMPLES/$name" --help >"$work/help" || fail "$name --help"
		[ "$(wc -l <"$work/help")" -ge 3 ] || fail "$name --help says too little"
	done
}

# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# Begins the script that reads it anew in a network namespace of its own, where that is permitted: ports, interfaces and
# what it leaves behind are its own then. The loopback has Ethernet's MTU there, since with the usual 64 KiB each packet
# waits for a delayed acknowledgement. SCTPXX_OWN_NETWORK says that it is so.

PATH=$PATH:/usr/sbin:/sbin
if [[ -z ${SCTPXX_OWN_NETWORK-} ]] && type -P unshare ip >/dev/null; then
	for options in -n '-cn --keep-caps' -rn; do # as the same user: as root, tcpdump would want to become another
		unshare $options true 2>/dev/null && SCTPXX_OWN_NETWORK=1 exec unshare $options "$BASH" "$0" "$@"
	done
fi
[[ -z ${SCTPXX_OWN_NETWORK-} ]] || ip link set lo mtu 1500 up

# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154

# A part of package_test: Debian packages. They are installed as dpkg does it, but in a folder with a database of its
# own.

for program in dpkg apt-get lintian fakeroot; do
	command -v $program >/dev/null || { echo "package_test: takes $program" >&2; exit 77; }
done

(cd "$work" && cpack -G DEB -B "$work" --config "$shared/CPackConfig.cmake")
suffix=${version}_$(dpkg --print-architecture).deb
runtime=$work/libsctpxx0_$suffix development=$work/libsctpxx-dev_$suffix
[ "$(find "$work" -maxdepth 1 -name '*.deb' | LC_ALL=C sort | tr '\n' ' ')" = "$development $runtime " ] ||
	fail "cpack made other packages"

# That libsctpxx0 is the name that its soname asks for is one of the things that lintian only warns of.
lintian --allow-root --fail-on error "$runtime" "$development"
lintian --allow-root --fail-on warning --tags package-name-doesnt-match-sonames "$runtime"

# The library's own dependencies are found, not written down.
dpkg-deb -f "$runtime" Depends | grep libsctp1 | grep libstdc++6 | grep -q libc6 || fail "dependencies are missing"
dpkg-deb -f "$development" Depends | grep -qF "libsctpxx0 (= $version)" || fail "a dependency is missing"
apt-get --simulate install "$runtime" "$development" # Debian has what they depend on, under these names

root=$work/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$work/bin"
: >"$root/var/lib/dpkg/status"
# The scripts of the packages run outside of the folder, where there is a shell. What they would call does nothing.
printf '#!/bin/sh\n' >"$work/bin/ldconfig"
chmod +x "$work/bin/ldconfig"
scratch_dpkg() {
	PATH=$work/bin:$PATH fakeroot dpkg --root="$root" --log=/dev/null --force-depends --force-script-chrootless "$@"
}
scratch_dpkg --install "$runtime" "$development"
for package in libsctpxx0 libsctpxx-dev; do
	# shellcheck disable=SC2016 # dpkg-query's own variable
	status=$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${db:Status-Abbrev}' $package)
	[ "$status" = "ii " ] || fail "$package is not installed: $status"
done

installed "$root/usr"

scratch_dpkg --purge libsctpxx-dev libsctpxx0
[ -z "$(find "$root/usr" ! -type d)" ] || fail "these files were left behind: $(find "$root/usr" ! -type d)"

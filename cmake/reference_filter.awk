# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# Headers and pages as Doxygen 1.9.4 understands them, line for line: for Doxyfile.in.
#
# Headers:
# - It knows no inline nested namespaces.
# - It takes what follows `::` in a comment for a name of ours, as in ::ffff:192.0.2.1.
# - It knows neither std nor fmt, so what is specialised there is left out.
# - A function that stands right below one of the same name that has a comment shares that comment.
#
# Pages:
# - It gives headings no name of their own, as GitHub does; and names have to be unique among all pages.

function name_of(line) {
	sub(/\(.*/, "", line)
	sub(/.*[ \t*&]/, "", line)
	return line
}
function page(path) {
	if (path ~ /option\/README/) return "options"
	sub(/.*\//, "", path)
	sub(/\.md$/, "", path)
	return path
}
function anchor(heading) {
	heading = tolower(heading)
	gsub(/[^a-z0-9 _-]/, "", heading)
	gsub(/ /, "-", heading)
	return heading
}
FILENAME ~ /\.md$/ {
	if (/^ *```/) block = !block
	if (!block && /^##/) {
		heading = $0
		sub(/^#+ /, "", heading)
		$0 = $0 " {#" page(FILENAME) "-" anchor(heading) "}"
	}
	while (!block && match($0, /\]\([^:()#]*#[a-z0-9_-]+\)/)) {
		link = substr($0, RSTART + 2, RLENGTH - 3)
		split(link, part, "#")
		to = "](@ref " page(part[1] == "" ? FILENAME : part[1]) "-" part[2] ")"
		$0 = substr($0, 1, RSTART - 1) to substr($0, RSTART + RLENGTH)
	}
	print
	next
}
{ gsub(/::inline [a-z0-9_]+/, "") }
/^template <>$/ { held = 1; next }
held {
	held = 0
	if ($0 ~ /^struct (std|fmt)::/) {
		print ""
		if ($0 !~ /};$/) inside = 1
		else print ""
		next
	}
	print "template <>"
}
inside {
	print ""
	if (/^};/) { inside = 0; print "" }
	next
}
/^[ \t]*\/\/\// { documented = 1; gsub(/::ffff/, "\\&#58;\\&#58;ffff"); print; next }
/^[ \t]*$/ || /^[ \t]*\/\// { documented = 0; last = ""; print; next }
documented { documented = 0; last = /\(/ ? name_of($0) : ""; print; next }
last != "" && /\(/ && name_of($0) == last { sub(/[^ \t]/, "/** \\overload */ &") }
{ print }

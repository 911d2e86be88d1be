# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# gnuplot -c loss.gnuplot JSON SVG - draws what `run loss` has written: which share of the requests is later than what.

if (ARGC != 2) {
	print "usage: gnuplot -c loss.gnuplot JSON SVG"
	exit status 2
}
# White where it is shown on black, too.
set terminal svg size 960,470 font "sans-serif,13" background rgb "white" linewidth 1.2
set output ARG2

# A row of the file is a line.
row = '.*"%s", "measured": "later".*"loss": %g, "share": \(.*\), "later_than": \(.*\)}.*'
later(name, loss) = sprintf("< sed -n 's/".row."/\\2 \\1/p' '%s'", name, loss, ARG1)
array names[5] = ["TCP", "SCTP, one stream", "SCTP, 16 streams", "SCTP, unordered", "SCTP, 16 streams, tuned"]
array colours[5] = ["#d1242f", "#9a6700", "#0969da", "#8250df", "#1a7f37"]
array widths[5] = [2.2, 1.2, 2.2, 1.2, 1.6]
array dashes[5] = [1, 2, 1, 4, 3]

set multiplot layout 1,2 margins 0.075,0.985,0.22,0.9 spacing 0.06
set logscale xy
# A key of one row below both.
unset key
array at[5] = [0.075, 0.155, 0.345, 0.535, 0.715]
do for [i=1:5] {
	set arrow i from screen at[i],0.05 to screen at[i]+0.035,0.05 nohead \
		linewidth widths[i] dashtype dashes[i] linecolor rgb colours[i]
	set label i names[i] at screen at[i]+0.042,0.05 textcolor rgb "#24292f"
}
set xrange [18:4000]
set yrange [0.0002:1]
set xtics ("20" 20, "50" 50, "100" 100, "200" 200, "500" 500, "1 s" 1000, "2 s" 2000)
set grid xtics ytics linecolor rgb "#d0d7de" linewidth 0.6
set border linecolor rgb "#57606a"
set tics textcolor rgb "#24292f"
set xlabel "later than … ms after it was due" textcolor rgb "#24292f" offset 0,0.3
do for [loss in "1 2"] {
	set title sprintf("%s %% of the packets are lost", loss) textcolor rgb "#24292f" offset 0,-0.4
	if (loss eq "1") {
		set ytics ("all" 1, "10 %%" 0.1, "1 %%" 0.01, "0.1 %%" 0.001)
		set ylabel "share of the requests" textcolor rgb "#24292f" offset 1,0
	} else {
		set ytics ("" 1, "" 0.1, "" 0.01, "" 0.001)
		unset ylabel
	}
	plot for [i=1:5] later(names[i], real(loss)) every 2 using 1:2 with lines \
		linewidth widths[i] dashtype dashes[i] linecolor rgb colours[i]
}
unset multiplot

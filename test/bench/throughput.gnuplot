# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT
#
# gnuplot -c throughput.gnuplot JSON SVG - draws what `run throughput` has written, of one-to-one sockets: messages a
# second by their size, and what part of C's that is, with half of the rounds.

if (ARGC != 2) {
	print "usage: gnuplot -c throughput.gnuplot JSON SVG"
	exit status 2
}
# White where it is shown on black, too.
set terminal svg size 960,450 font "sans-serif,13" background rgb "white" linewidth 1.2
set output ARG2

# A row of the file is a line: bytes, messages a second, of C's the median and half of the rounds.
rows(name) = sprintf("< sed -n 's/.*\"one-to-one\", \"contender\": \"%s\", .*\"bytes\": \\([^,]*\\), \"median\": \\([^,]*\\), \"of_c_median\": \\([^,]*\\), \"of_c_quarter\": \\([^,]*\\), \"of_c_three_quarters\": \\([^,]*\\),.*/\\1 \\2 \\3 \\4 \\5/p' '%s'", name, ARG1)
array names[6] = ["C by hand", "libsctp", "sctpxx", "sctpxx, 64 at a time", "sctpxx with Asio", "TCP with lengths"]
array colours[6] = ["#57606a", "#9a6700", "#0969da", "#1a7f37", "#8250df", "#d1242f"]
array points[6] = [6, 4, 7, 9, 5, 2]
array dashes[6] = [1, 4, 1, 1, 3, 2]

set multiplot layout 1,2 margins 0.085,0.985,0.24,0.9 spacing 0.085
# A key of one row below both.
unset key
array at[6] = [0.08, 0.2, 0.305, 0.41, 0.6, 0.765]
do for [i=1:6] {
	set arrow i from screen at[i],0.055 to screen at[i]+0.03,0.055 nohead \
		linewidth 2 dashtype dashes[i] linecolor rgb colours[i]
	set label i names[i] at screen at[i]+0.037,0.055 textcolor rgb "#24292f"
}
set grid xtics ytics linecolor rgb "#d0d7de" linewidth 0.6
set border linecolor rgb "#57606a"
set tics textcolor rgb "#24292f"
set xlabel "bytes of a message" textcolor rgb "#24292f" offset 0,0.3

set title "messages a second" textcolor rgb "#24292f" offset 0,-0.4
set logscale xy
set xrange [40:420000]
set xtics ("64" 64, "1 KiB" 1024, "16 KiB" 16384, "256 KiB" 262144)
set yrange [200:600000]
set ytics ("1000" 1000, "10 000" 10000, "100 000" 100000)
plot for [i=1:6] rows(names[i]) using 1:2 with linespoints \
	linewidth 1.6 pointtype points[i] pointsize 0.8 dashtype dashes[i] linecolor rgb colours[i]

unset label
unset arrow
set title "by those of C by hand (median, and half of the rounds)" textcolor rgb "#24292f" offset 0,-0.4
unset logscale
set xrange [0.4:4.6]
set xtics ("64" 1, "1 KiB" 2, "16 KiB" 3, "256 KiB" 4)
set logscale y 2
set yrange [0.4:24]
set ytics ("½" 0.5, "1" 1, "2" 2, "4" 4, "8" 8, "16" 16)
place(i) = (i-4)*0.13
plot for [i=2:6] rows(names[i]) using ($0+1+place(i)):3:4:5 with yerrorbars \
	linewidth 1.6 pointtype points[i] pointsize 0.8 linecolor rgb colours[i]
unset multiplot

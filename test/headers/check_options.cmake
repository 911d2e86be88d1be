# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# Holds the table of options, include/sctpxx/option/README.md in the tree `root`, against the kernel's header, the
# library's and the tests:
#
#     cmake -D root=<tree> -D kernel_header=<linux/sctp.h> -P check_options.cmake
#
# - Every option of the kernel's header has a row: as an option here, or with what there is instead.
# - Every option of include/sctpxx/option/ has a row, under its header, with the constant that it is named after.
# - Every row names an option that there is, and tests that there are.
cmake_minimum_required(VERSION 3.25)

set(faults 0)
macro(fault what)
  message(NOTICE "include/sctpxx/option/README.md: ${what}")
  math(EXPR faults "${faults} + 1")
endmacro()

# The lines of a file; what a list would trip over is taken out.
function(read_lines file result)
  file(READ ${file} text)
  string(REGEX REPLACE "[][;\\]" " " text "${text}")
  string(REPLACE "\n" ";" lines "${text}")
  set(${result} ${lines} PARENT_SCOPE)
endfunction()

# What the page says: of each option its constants, its header and its tests; of the others that they are explained.
read_lines(${root}/include/sctpxx/option/README.md page)
set(rows)
set(explained)
set(header "")
foreach(line IN LISTS page)
  string(REGEX MATCHALL "SCTP_[A-Z0-9_]+|SO_[A-Z]+|IPV6_[A-Z0-9]+|IP_[A-Z]+" constants "${line}")
  if(line MATCHES "^\\| `([a-z]+)\\.hpp` \\|")
    set(header ${CMAKE_MATCH_1})
  elseif(line MATCHES "^\\| `([A-Z][A-Za-z0-9]+)` \\|.*\\| [RW]+ \\| ([a-z_, ]+) \\|$")
    set(option ${CMAKE_MATCH_1})
    string(REPLACE ", " ";" tests_of_${option} "${CMAKE_MATCH_2}")
    set(constants_of_${option} ${constants})
    set(header_of_${option} ${header})
    list(APPEND rows ${option})
    list(APPEND explained ${constants})
  elseif(line MATCHES "^\\| `SCTP_")
    list(APPEND explained ${constants})
  endif()
endforeach()

# The kernel's options are those of its constants that are plain decimal numbers, up to its policies; but three are
# numbers of associations.
read_lines(${kernel_header} native)
set(count 0)
foreach(line IN LISTS native)
  if(line MATCHES "SCTP_PR_SCTP_NONE")
    break()
  elseif(line MATCHES "^#define[ \t]+(SCTP_[A-Z0-9_]+)[ \t]+[0-9]+([ \t]|$)")
    set(constant ${CMAKE_MATCH_1})
    if(constant MATCHES "^SCTP_(FUTURE|CURRENT|ALL)_ASSOC$")
      continue()
    endif()
    math(EXPR count "${count} + 1")
    # Its older name.
    if(NOT constant IN_LIST explained AND NOT constant STREQUAL "SCTP_DELAYED_ACK_TIME")
      fault("the kernel's ${constant} has no row")
    endif()
  endif()
endforeach()
if(count LESS 60)
  fault("only ${count} options were found in ${kernel_header}: it is not what this script reads")
endif()

# The options that there are.
file(GLOB headers ${root}/include/sctpxx/option/*.hpp)
set(options)
foreach(file IN LISTS headers)
  get_filename_component(header ${file} NAME_WE)
  read_lines(${file} lines)
  set(option "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^struct ([A-Z][A-Za-z0-9]+) {")
      set(option ${CMAKE_MATCH_1})
    elseif(line MATCHES "string_view name = \"([A-Z0-9_]+)\"")
      set(constant ${CMAKE_MATCH_1})
      list(APPEND options ${option})
      if(NOT option IN_LIST rows)
        fault("${header}.hpp's ${option} has no row")
      elseif(NOT constant IN_LIST constants_of_${option})
        fault("${option} is called ${constant} in ${header}.hpp, and something else here")
      elseif(NOT header STREQUAL header_of_${option})
        fault("${option} is in ${header}.hpp, and under ${header_of_${option}}.hpp here")
      endif()
    endif()
  endforeach()
endforeach()

foreach(option IN LISTS rows)
  if(NOT option IN_LIST options)
    fault("there is no option ${option}")
  endif()
  foreach(test IN LISTS tests_of_${option})
    set(file test/kernel/${test}_test.cpp)
    set(text "")
    if(EXISTS ${root}/${file})
      file(READ ${root}/${file} text)
    endif()
    if(NOT text MATCHES "[^A-Za-z]${option}[^A-Za-z]")
      fault("${option} does not occur in ${file}")
    endif()
  endforeach()
endforeach()

if(faults)
  message(FATAL_ERROR "${faults} faults")
endif()
list(LENGTH options of_ours)
message(STATUS "${count} options of the kernel and ${of_ours} of ours are accounted for")

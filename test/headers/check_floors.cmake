# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# Holds every #include of the tree `root` against cmake/sctpxx_floors.cmake there:
#
#     cmake -D root=<tree> -P check_floors.cmake
#
# - include/sctpxx/x.hpp may include the public headers that stand before x.
# - src/y.hpp, "y after x": the public headers up to x, and the private headers of no higher floor that stand
#   before y.
# - src/x.cpp: what its header may, the header itself, and the private headers that stand after nothing above x.
# - The kernel's SCTP headers: src/ only.
# - Every file is in the lists (but documents), and every entry of the lists is a file.
cmake_minimum_required(VERSION 3.25)
include(${root}/cmake/sctpxx_floors.cmake)

set(kernel_headers linux/sctp.h netinet/sctp.h)
set(faults 0)

function(fault where what)
  message(NOTICE "${where}: ${what}")
  math(EXPR count "${faults} + 1")
  set(faults ${count} PARENT_SCOPE)
endfunction()

# The floor that a private header stands on: the place of the public one that it comes after.
set(private_names)
foreach(entry IN LISTS sctpxx_private_floors)
  if(NOT entry MATCHES "^([a-z0-9_/]+) after ([a-z0-9_/]+)$")
    fault(cmake/sctpxx_floors.cmake "'${entry}' is not of the form 'header after header'")
    continue()
  endif()
  set(name ${CMAKE_MATCH_1})
  list(FIND sctpxx_public_floors ${CMAKE_MATCH_2} floor_of_${name})
  if(floor_of_${name} EQUAL -1)
    fault(cmake/sctpxx_floors.cmake "'${entry}': there is no public header ${CMAKE_MATCH_2}")
  endif()
  list(APPEND private_names ${name})
endforeach()

# Checks the includes of `file`, whose header is `name`: public ones up to `public_floor`, private ones up to
# `private_floor` that stand before `private_place`.
function(check_includes file name public_floor private_floor private_place)
  file(READ ${root}/${file} text)
  string(REGEX REPLACE "[][;\\]" " " text "${text}")
  string(REPLACE "\n" ";" lines "${text}")
  set(number 0)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    if(NOT line MATCHES "^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]")
      continue()
    endif()
    set(delimiter ${CMAKE_MATCH_1})
    set(included ${CMAKE_MATCH_2})
    set(where ${file}:${number})
    if(included IN_LIST kernel_headers)
      if(file MATCHES "^include/")
        fault(${where} "a public header includes the kernel's <${included}>")
      endif()
    elseif(included MATCHES "^sctpxx/(.*)\\.hpp$")
      list(FIND sctpxx_public_floors ${CMAKE_MATCH_1} place)
      if(place EQUAL -1)
        fault(${where} "<${included}> is in no list")
      elseif(place GREATER public_floor)
        fault(${where} "includes <${included}>, which stands on a higher floor")
      endif()
    elseif(delimiter STREQUAL "\"")
      string(REGEX REPLACE "\\.hpp$" "" private "${included}")
      list(FIND private_names ${private} place)
      if(file MATCHES "^include/")
        fault(${where} "a public header includes \"${included}\"")
      elseif(place EQUAL -1)
        fault(${where} "\"${included}\" is in no list")
      elseif(NOT private STREQUAL name
          AND (floor_of_${private} GREATER private_floor OR NOT place LESS private_place))
        fault(${where} "includes \"${included}\", which stands on a higher floor")
      endif()
    endif()
  endforeach()
  set(faults ${faults} PARENT_SCOPE)
endfunction()

list(LENGTH private_names every_private)
set(listed src/sys.cpp)

set(floor 0)
foreach(name IN LISTS sctpxx_public_floors)
  list(APPEND listed include/sctpxx/${name}.hpp)
  math(EXPR below "${floor} - 1")
  if(EXISTS ${root}/include/sctpxx/${name}.hpp)
    check_includes(include/sctpxx/${name}.hpp ${name} ${below} -1 0)
  endif()
  if(EXISTS ${root}/src/${name}.cpp)
    check_includes(src/${name}.cpp ${name} ${floor} ${floor} ${every_private})
  endif()
  math(EXPR floor "${floor} + 1")
endforeach()

set(place 0)
foreach(name IN LISTS private_names)
  list(APPEND listed src/${name}.hpp)
  if(EXISTS ${root}/src/${name}.hpp)
    check_includes(src/${name}.hpp ${name} ${floor_of_${name}} ${floor_of_${name}} ${place})
  endif()
  if(EXISTS ${root}/src/${name}.cpp)
    check_includes(src/${name}.cpp ${name} ${floor_of_${name}} ${floor_of_${name}} ${every_private})
  endif()
  math(EXPR place "${place} + 1")
endforeach()

list(APPEND listed ${sctpxx_sources})
foreach(file IN LISTS listed)
  if(NOT EXISTS ${root}/${file})
    fault(cmake/sctpxx_floors.cmake "${file} is in the list, and does not exist")
  endif()
endforeach()
file(GLOB_RECURSE files RELATIVE ${root} ${root}/include/* ${root}/src/*)
foreach(file IN LISTS files)
  if(NOT file IN_LIST listed AND NOT file MATCHES "\\.md$")
    fault(${file}:1 "is not in the lists of cmake/sctpxx_floors.cmake")
  endif()
endforeach()

if(faults GREATER 0)
  message(FATAL_ERROR "${faults} includes or files do not fit the floors")
endif()
list(LENGTH files count)
message(STATUS "${count} files stand on their floors")

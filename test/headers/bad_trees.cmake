# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# The checker itself: lets it check small trees with one fault each, below the directory `scratch`.
cmake_minimum_required(VERSION 3.25)

# A tree without fault: low < high, the private `tool` after low, `late` after high.
function(write_good_tree)
  file(REMOVE_RECURSE ${scratch})
  file(WRITE ${scratch}/cmake/sctpxx_floors.cmake [=[
set(sctpxx_public_floors low part/middle high)
set(sctpxx_private_floors "tool after low" "gear after low" "late after high")
set(sctpxx_sources src/low.cpp src/part/middle.cpp src/tool.cpp)
]=])
  file(WRITE ${scratch}/include/sctpxx/low.hpp "#pragma once\n#include <string>\n")
  file(WRITE ${scratch}/include/sctpxx/part/middle.hpp "#include <sctpxx/low.hpp>\n")
  file(WRITE ${scratch}/include/sctpxx/high.hpp "#include <sctpxx/low.hpp>\n#include <sctpxx/part/middle.hpp>\n")
  file(WRITE ${scratch}/src/low.cpp "#include <sctpxx/low.hpp>\n#include \"gear.hpp\"\n#include <linux/sctp.h>\n")
  file(WRITE ${scratch}/src/part/middle.cpp "#include <sctpxx/part/middle.hpp>\n#include \"tool.hpp\"\n")
  file(WRITE ${scratch}/src/tool.hpp "#include <sctpxx/low.hpp>\n")
  file(WRITE ${scratch}/src/tool.cpp "#include \"tool.hpp\"\n#include \"gear.hpp\"\n")
  file(WRITE ${scratch}/src/gear.hpp "#include \"tool.hpp\"\n")
  file(WRITE ${scratch}/src/late.hpp "#include <sctpxx/high.hpp>\n#include \"gear.hpp\"\n")
  file(WRITE ${scratch}/src/sys.cpp "#include <netinet/sctp.h>\n")
endfunction()

function(check result output)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D root=${scratch} -P ${CMAKE_CURRENT_LIST_DIR}/check_floors.cmake
    RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  set(${result} ${code} PARENT_SCOPE)
  set(${output} "${out}${err}" PARENT_SCOPE)
endfunction()

# Writes one file of the tree anew, and expects the checker to say `fault`.
function(expect_fault fault file content)
  write_good_tree()
  file(WRITE ${scratch}/${file} "${content}")
  check(result output)
  string(FIND "${output}" "${fault}" found)
  if(result EQUAL 0 OR found EQUAL -1)
    message(SEND_ERROR "not found: ${fault}\nsaid instead:\n${output}")
  endif()
endfunction()

write_good_tree()
check(result output)
if(NOT result EQUAL 0)
  message(SEND_ERROR "found a fault where there is none:\n${output}")
endif()

expect_fault("include/sctpxx/low.hpp:3: includes <sctpxx/high.hpp>, which stands on a higher floor"
  include/sctpxx/low.hpp "#pragma once\n\n#include <sctpxx/high.hpp>\n")
expect_fault("include/sctpxx/low.hpp:1: includes <sctpxx/low.hpp>, which stands on a higher floor"
  include/sctpxx/low.hpp "  #  include  <sctpxx/low.hpp>  // itself; and [a list]\n")
expect_fault("include/sctpxx/low.hpp:1: includes <sctpxx/part/middle.hpp>, which"
  include/sctpxx/low.hpp "#include \"sctpxx/part/middle.hpp\"\n")
expect_fault("include/sctpxx/high.hpp:1: <sctpxx/unknown.hpp> is in no list"
  include/sctpxx/high.hpp "#include <sctpxx/unknown.hpp>\n")
expect_fault("include/sctpxx/high.hpp:1: a public header includes \"tool.hpp\""
  include/sctpxx/high.hpp "#include \"tool.hpp\"\n")
expect_fault("include/sctpxx/high.hpp:2: a public header includes the kernel's <linux/sctp.h>"
  include/sctpxx/high.hpp "\n#include <linux/sctp.h>\n")
expect_fault("include/sctpxx/high.hpp:1: a public header includes the kernel's <netinet/sctp.h>"
  include/sctpxx/high.hpp "#include <netinet/sctp.h>\n")
expect_fault("src/low.cpp:1: includes <sctpxx/part/middle.hpp>, which stands on a higher floor"
  src/low.cpp "#include <sctpxx/part/middle.hpp>\n")
expect_fault("src/part/middle.cpp:1: includes \"late.hpp\", which stands on a higher floor"
  src/part/middle.cpp "#include \"late.hpp\"\n")
expect_fault("src/low.cpp:1: \"unknown.hpp\" is in no list" src/low.cpp "#include \"unknown.hpp\"\n")
expect_fault("src/tool.hpp:1: includes <sctpxx/part/middle.hpp>, which stands on a higher floor"
  src/tool.hpp "#include <sctpxx/part/middle.hpp>\n")
expect_fault("src/tool.hpp:1: includes \"gear.hpp\", which stands on a higher floor"
  src/tool.hpp "#include \"gear.hpp\"\n")
expect_fault("src/tool.cpp:1: includes <sctpxx/high.hpp>, which stands on a higher floor"
  src/tool.cpp "#include <sctpxx/high.hpp>\n")
expect_fault("include/sctpxx/stray.hpp:1: is not in the lists" include/sctpxx/stray.hpp "\n")
expect_fault("src/stray.hpp:1: is not in the lists" src/stray.hpp "\n")
expect_fault("src/part/stray.cpp:1: is not in the lists" src/part/stray.cpp "\n")
expect_fault("src/gone.cpp is in the list, and does not exist" cmake/sctpxx_floors.cmake
  "set(sctpxx_public_floors low part/middle high)
   set(sctpxx_private_floors \"tool after low\" \"gear after low\" \"late after high\")
   set(sctpxx_sources src/low.cpp src/part/middle.cpp src/tool.cpp src/gone.cpp)")
expect_fault("'tool after nothing': there is no public header nothing" cmake/sctpxx_floors.cmake
  "set(sctpxx_public_floors low part/middle high)
   set(sctpxx_private_floors \"tool after nothing\" \"gear after low\" \"late after high\")
   set(sctpxx_sources src/low.cpp src/part/middle.cpp src/tool.cpp)")

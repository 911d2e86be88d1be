# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# For the tests of programs that use sctpxx: it comes with find_package, FetchContent and add_subdirectory.
#
# sctpxx_add_test(NAME <name> COMMAND <command> [<argument>...] [<what else add_test takes>...])
#
# is add_test, and the command, an executable target that is there already or a program, runs on a kernel that has SCTP:
# on this machine's where that has it, otherwise on one that is started for this test alone and takes about a second.
# There the command is root, with a loopback interface and no other network. Where no such kernel is to be had the test
# is skipped, and its output says what it takes.
#
# ${sctpxx_ON_SCTP_KERNEL} is the program that does so. `on-sctp-kernel ctest` runs many tests on one kernel.

set(sctpxx_ON_SCTP_KERNEL ${CMAKE_CURRENT_LIST_DIR}/on-sctp-kernel CACHE INTERNAL "Gives a command a kernel with SCTP")

function(sctpxx_add_test name_word name command_word command)
  if(NOT "${name_word} ${command_word}" STREQUAL "NAME COMMAND")
    message(FATAL_ERROR "sctpxx_add_test is used as sctpxx_add_test(NAME <name> COMMAND <command> ...)")
  endif()
  if(TARGET ${command})
    set(command $<TARGET_FILE:${command}>)
  endif()
  add_test(NAME ${name} COMMAND ${sctpxx_ON_SCTP_KERNEL} ${command} ${ARGN})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

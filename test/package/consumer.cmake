# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# The list file of somebody else's project. package_test puts README.md's blocks beside it.
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)

if(DEFINED CMAKE_PREFIX_PATH)
  foreach(version IN ITEMS 0.0 0.1.1 0.2 1.0)
    find_package(sctpxx ${version} QUIET)
    if(sctpxx_FOUND)
      message(FATAL_ERROR "${sctpxx_VERSION} passes for ${version}")
    endif()
  endforeach()
endif()

add_executable(your_program your_program.cpp)
set(CMAKE_UNITY_BUILD ON)  # its sources together, which takes a fifth of the time
set(CMAKE_UNITY_BUILD_BATCH_SIZE 28)
include(sctpxx.cmake)
set(CMAKE_UNITY_BUILD OFF)
include(tests.cmake)
set_tests_properties(your_test PROPERTIES PASS_REGULAR_EXPRESSION "the message came back")

if(TARGET fmt::fmt)
  message(FATAL_ERROR "sctpxx brings fmt to those who do not want it")
endif()
find_package(fmt REQUIRED)
add_executable(consumer_of_all consumer_of_all.cpp)
target_link_libraries(consumer_of_all PRIVATE sctpxx::sctpxx fmt::fmt)
separate_arguments(asio_options UNIX_COMMAND "$ENV{ASIO_OPTIONS}")
target_compile_options(consumer_of_all PRIVATE ${asio_options})
sctpxx_add_test(NAME all COMMAND build/consumer_of_all WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})

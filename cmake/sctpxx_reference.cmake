# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# The target `reference` makes reference/html/index.html in the build directory, where there is Doxygen. Nothing else
# needs it. Any warning is an error.
find_program(DOXYGEN_EXECUTABLE doxygen)
mark_as_advanced(DOXYGEN_EXECUTABLE)

set(reference_input ${PROJECT_SOURCE_DIR}/include)
foreach(page IN ITEMS README.md CHANGELOG.md examples/guide.md examples/port_from_tcp.md examples/port_from_lksctp.md
    examples/faq.md examples/bounds.md examples/tuning.md examples/other_libraries.md include/sctpxx/option/README.md
    src/kernel.md .github/CONTRIBUTING.md)
  list(APPEND reference_input ${PROJECT_SOURCE_DIR}/${page})
endforeach()
list(JOIN reference_input " " reference_input)
configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in Doxyfile @ONLY)

if(DOXYGEN_EXECUTABLE)
  add_custom_target(reference COMMAND ${DOXYGEN_EXECUTABLE} ${PROJECT_BINARY_DIR}/Doxyfile
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)  # where a link of README.md begins
endif()

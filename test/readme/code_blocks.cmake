# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# write_code_blocks(FILE LANGUAGE FOLDER VARIABLE): writes each code block of a Markdown file in one language to a file of
# its own, FOLDER/1.LANGUAGE and so on, and answers their paths. Configures again when FILE changes.
function(write_code_blocks file language folder variable)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  set(fence "```${language}\n")
  string(LENGTH "${fence}" fence_length)
  set(written)
  while(TRUE)
    string(FIND "${text}" "${fence}" start)
    if(start EQUAL -1)
      break()
    endif()
    math(EXPR start "${start} + ${fence_length}")
    string(SUBSTRING "${text}" ${start} -1 text)
    string(FIND "${text}" "\n```" end)
    string(SUBSTRING "${text}" 0 ${end} block)
    string(SUBSTRING "${text}" ${end} -1 text)
    list(LENGTH written number)
    math(EXPR number "${number} + 1")
    file(CONFIGURE OUTPUT ${folder}/${number}.${language} CONTENT "@block@\n" @ONLY)
    list(APPEND written ${folder}/${number}.${language})
  endwhile()
  set(${variable} ${written} PARENT_SCOPE)
endfunction()

# add_code_block_programs(FILE PREFIX): builds the C++ blocks of a Markdown file, each a whole program that is named in its
# first line, as // server.cpp: …, under the names PREFIX_server and so on.
function(add_code_block_programs file prefix)
  write_code_blocks(${file} cpp ${CMAKE_CURRENT_BINARY_DIR}/${prefix} blocks)
  foreach(block IN LISTS blocks)
    file(STRINGS ${block} first_line LIMIT_COUNT 1)
    if(NOT first_line MATCHES "^// ([a-z_]+)\\.cpp: ")
      message(FATAL_ERROR "${file}: a cpp block must begin with its file's name, as // server.cpp: …")
    endif()
    set(name ${prefix}_${CMAKE_MATCH_1})
    add_executable(${name} ${block})
    target_link_libraries(${name} PRIVATE sctpxx::sctpxx)
    sctpxx_warnings(${name})
  endforeach()
endfunction()

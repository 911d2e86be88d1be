# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# Our own warnings, for our own builds: a project that takes this one in keeps its peace.
function(sctpxx_warnings target)
  if(PROJECT_IS_TOP_LEVEL)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion)
  endif()
endfunction()

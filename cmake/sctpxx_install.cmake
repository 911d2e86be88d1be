# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# What `cmake --install` puts where, so that find_package(sctpxx) and pkg-config find it.

set(sctpxx_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sctpxx)
install(TARGETS sctpxx EXPORT sctpxxTargets FILE_SET HEADERS)
install(EXPORT sctpxxTargets NAMESPACE sctpxx:: DESTINATION ${sctpxx_cmake_dir})

configure_package_config_file(cmake/sctpxxConfig.cmake.in sctpxxConfig.cmake
  INSTALL_DESTINATION ${sctpxx_cmake_dir})
write_basic_package_version_file(sctpxxConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sctpxxConfig.cmake ${PROJECT_BINARY_DIR}/sctpxxConfigVersion.cmake
  cmake/FindLksctp.cmake DESTINATION ${sctpxx_cmake_dir})
install(PROGRAMS cmake/on-sctp-kernel DESTINATION ${sctpxx_cmake_dir})

# Relative to the .pc file itself, so that it is right wherever the tree is put.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/sctpxx.pc.in sctpxx.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sctpxx.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

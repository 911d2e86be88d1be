# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# What `cmake --install` puts where, so that find_package(sctpxx) and pkg-config find it. The component `runtime` is
# what programs run with, `development` what they are built with.

set(sctpxx_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sctpxx)
install(TARGETS sctpxx EXPORT sctpxxTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development
  FILE_SET HEADERS COMPONENT development)
install(EXPORT sctpxxTargets NAMESPACE sctpxx:: DESTINATION ${sctpxx_cmake_dir} COMPONENT development)

configure_package_config_file(cmake/sctpxxConfig.cmake.in sctpxxConfig.cmake
  INSTALL_DESTINATION ${sctpxx_cmake_dir})
write_basic_package_version_file(sctpxxConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sctpxxConfig.cmake ${PROJECT_BINARY_DIR}/sctpxxConfigVersion.cmake
  cmake/FindLksctp.cmake cmake/sctpxx_testing.cmake DESTINATION ${sctpxx_cmake_dir} COMPONENT development)
install(PROGRAMS cmake/on-sctp-kernel DESTINATION ${sctpxx_cmake_dir} COMPONENT development)

# Relative to the .pc file itself, so that it is right wherever the tree is put.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/sctpxx.pc.in sctpxx.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sctpxx.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(PROJECT_IS_TOP_LEVEL)
  include(sctpxx_deb)
endif()

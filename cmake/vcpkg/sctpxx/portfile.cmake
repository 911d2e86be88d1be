# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# An overlay port, of the sources that it lies in: vcpkg install sctpxx --overlay-ports=cmake/vcpkg
# lksctp-tools is the system's: vcpkg has none.
if(NOT EXISTS /usr/include/netinet/sctp.h)
  message(WARNING "sctpxx needs lksctp-tools' development files (Debian: apt-get install libsctp-dev)")
endif()

get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DSCTPXX_TESTS=OFF -DSCTPXX_EXAMPLES=OFF -DSCTPXX_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/sctpxx)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")

# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# lksctp-tools' library: the target Lksctp::sctp. Debian: libsctp-dev. Fedora: lksctp-tools-devel.

find_path(Lksctp_INCLUDE_DIR netinet/sctp.h)
find_library(Lksctp_LIBRARY sctp)
mark_as_advanced(Lksctp_INCLUDE_DIR Lksctp_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Lksctp
  REQUIRED_VARS Lksctp_LIBRARY Lksctp_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install lksctp-tools' development files (Debian: apt-get install libsctp-dev)")

if(Lksctp_FOUND AND NOT TARGET Lksctp::sctp)
  add_library(Lksctp::sctp UNKNOWN IMPORTED)
  set_target_properties(Lksctp::sctp PROPERTIES
    IMPORTED_LOCATION ${Lksctp_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${Lksctp_INCLUDE_DIR})
endif()

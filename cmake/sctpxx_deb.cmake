# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# `cpack -G DEB` makes Debian packages: libsctpxx0 and libsctpxx-dev of a tree that was configured with
# -DBUILD_SHARED_LIBS=ON, of another one libsctpxx-dev alone, with the static library. Configure with
# -DCMAKE_INSTALL_PREFIX=/usr, then the library is where Debian has those of each architecture. The version has no
# Debian revision, so that a distribution's own 0.1.0-1 is newer than 0.1.0.

set(runtime libsctpxx${sctpxx_abi})
set(development libsctpxx-dev)
# Who answers for the packages: `cpack -D CPACK_PACKAGE_CONTACT="You <you@your.domain>"`.
set(CPACK_PACKAGE_CONTACT "sctpxx contributors <maintainers@sctpxx.invalid>")

set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS # whatever the umask is
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Kernel SCTP for C++20: whole messages and typed events")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME ${development})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS libsctp-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "perl, user-mode-linux, kmod") # on-sctp-kernel
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libfmt-dev, libasio-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"What programs are built with: headers, files for CMake and pkg-config, and
on-sctp-kernel, which runs tests on a kernel that has SCTP where this one has
not.")

if(BUILD_SHARED_LIBS)
  list(APPEND CPACK_COMPONENTS_ALL runtime)
  string(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ", ${runtime} (= ${PROJECT_VERSION})")
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${runtime})
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/deb/triggers)
  file(WRITE ${PROJECT_BINARY_DIR}/deb/triggers "activate-noawait ldconfig\n")
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
  set(CPACK_DEBIAN_RUNTIME_DESCRIPTION
"What programs run with: sockets for one association and for many, each option
a struct that took effect or is an error.")
endif()

# What Debian wants to read in every package. `cmake --install` leaves it out.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH, where that is set
file(WRITE ${PROJECT_BINARY_DIR}/deb/changelog "sctpxx (${PROJECT_VERSION}) unstable; urgency=medium

  * Built from the sources' own tree; CHANGELOG.md.gz tells what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
find_program(GZIP gzip)
mark_as_advanced(GZIP)
foreach(text IN ITEMS ${PROJECT_BINARY_DIR}/deb/changelog ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
  get_filename_component(name ${text} NAME)
  if(GZIP)
    execute_process(COMMAND ${GZIP} -9cn ${text} OUTPUT_FILE ${PROJECT_BINARY_DIR}/deb/${name}.gz
      COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  set(documents DESTINATION share/doc/${${component}} COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES LICENSE RENAME copyright ${documents})
  install(FILES ${PROJECT_BINARY_DIR}/deb/changelog.gz ${PROJECT_BINARY_DIR}/deb/CHANGELOG.md.gz ${documents})
endforeach()
include(CPack)

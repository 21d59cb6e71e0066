# `cmake --install` puts the headers and what finds them: a package file, so that find_package(parley CONFIG) gives
# parley::parley, and one for pkg-config. What is installed may be moved: both find the headers from where they lie.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(parley_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/parley)
set(parley_pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig) # not lib/: nothing here depends on the architecture

install(TARGETS parley EXPORT parley-targets FILE_SET HEADERS)
install(EXPORT parley-targets NAMESPACE parley:: DESTINATION ${parley_package_dir})

configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/parley-config.cmake.in ${PROJECT_BINARY_DIR}/parley-config.cmake
    INSTALL_DESTINATION ${parley_package_dir})
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/parley-config-version.cmake
    COMPATIBILITY SameMinorVersion # until 1.0
    ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/parley-config.cmake ${PROJECT_BINARY_DIR}/parley-config-version.cmake
        DESTINATION ${parley_package_dir})

# Both folders may be absolute; from an absolute one the way to the headers is absolute too.
set(parley_pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${parley_pkgconfig_dir})
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${parley_pkgconfig_dir}
               OUTPUT_VARIABLE up)
    set(parley_pc_prefix "\${pcfiledir}/${up}")
endif()
set(parley_pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
    set(parley_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/parley.pc.in ${PROJECT_BINARY_DIR}/parley.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/parley.pc DESTINATION ${parley_pkgconfig_dir})

# `cmake --install` puts the headers and a package file, so that find_package(parley CONFIG) gives parley::parley.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(parley_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/parley)

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

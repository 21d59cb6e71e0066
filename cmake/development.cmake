# What helps whoever works on parley itself, and must not touch a project that merely uses it.

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

set(PARLEY_SANITIZE "" CACHE STRING "Sanitizers for everything that is built here, such as address,undefined or thread")
if(PARLEY_SANITIZE)
    add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${PARLEY_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-maybe-uninitialized) # misled by the instrumentation, in the standard library too
    endif()
endif()

find_program(PARLEY_CCACHE ccache DOC "Compiler cache, used if found")
if(PARLEY_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    # Without these words ccache passes by whatever uses a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${PARLEY_CCACHE})
endif()

find_program(PARLEY_LLD ld.lld DOC "A linker that takes a third of the time, used for the tests if found")
if(PARLEY_LLD AND PARLEY_BUILD_TESTS)
    add_link_options(-fuse-ld=lld) # there are hundreds of programs
endif()

# cmake -D PROGRAM=<test program> -D INTO=<file> -D PREFIX=... -D LIMIT=<seconds> -D FACTOR=... -D LABELS=... -D ALONE=...
#       -D LOCK=... -D CATCH2_VERSION=... -P discover_tests.cmake
#
# Asks a program of Catch2 for its tests and writes them down for ctest. A TEMPLATE_LIST_TEST_CASE is one test, whatever
# the number of types in its list: a process for each of them, sanitized and with all of the others' code in it, would
# take longer to start than to run. What ends that process ends it for the types after it too, which then were not run.

cmake_minimum_required(VERSION 3.25)

if(CATCH2_VERSION VERSION_LESS 3)
    set(list_names --list-test-names-only)
    set(no_match_is_an_error " --warn NoTests") # Catch2 3 does so by itself
else()
    set(list_names --list-tests --verbosity quiet)
endif()
execute_process(COMMAND ${PROGRAM} ${list_names} OUTPUT_VARIABLE listed ERROR_VARIABLE said RESULT_VARIABLE status)
if(NOT listed OR NOT status MATCHES "^[0-9]+$") # the number of tests, or how it was killed
    message(FATAL_ERROR "${PROGRAM} does not list its tests (${status}): ${said}")
endif()
if(listed MATCHES "[];[\\]|\n *\\*|\\*\n")
    message(FATAL_ERROR "${PROGRAM}: a name with one of ; [ ] \\, or * at an end, would mean something else to Catch2 or CMake")
endif()
string(REGEX MATCHALL "[^\n]+" names "${listed}")

# "each message arrives - mailboxes - 3": the list's name, and the number of the type in it.
set(tests "")
foreach(name IN LISTS names)
    string(STRIP "${name}" name)
    set(selected "${name}")
    if(name MATCHES "^(.*) - [A-Za-z_][A-Za-z0-9_:<>, ]* - [0-9]+$")
        set(name "${CMAKE_MATCH_1}")
        string(REGEX REPLACE "[0-9]+$" "*" selected "${selected}")
    endif()
    list(FIND tests "${name}" known)
    if(known EQUAL -1)
        list(APPEND tests "${name}")
        list(APPEND selections "${selected}")
        list(APPEND cases 1)
    else()
        list(GET selections ${known} selected_before)
        if(NOT selected STREQUAL selected_before)
            message(FATAL_ERROR "${PROGRAM} has two tests with the name '${name}'")
        endif()
        list(GET cases ${known} count)
        math(EXPR count "${count} + 1")
        list(REMOVE_AT cases ${known})
        list(INSERT cases ${known} ${count})
    endif()
endforeach()

set(script "")
foreach(name selected count IN ZIP_LISTS tests selections cases)
    string(REPLACE "," "\\," selected "${selected}") # which else ends a selection
    # A watchdog has an eye on each case. ctest's own limit comes a minute after the sum of theirs, for a watchdog that
    # fails.
    math(EXPR last_resort "${count} * ${LIMIT} * ${FACTOR} + 60")
    string(APPEND script
           "add_test([==[${PREFIX}${name}]==] [==[${PROGRAM}]==] [==[${selected}]==]${no_match_is_an_error})\n"
           "set_tests_properties([==[${PREFIX}${name}]==] PROPERTIES LABELS [==[${LABELS}]==] TIMEOUT ${last_resort}"
           " RUN_SERIAL ${ALONE} RESOURCE_LOCK [==[${LOCK}]==]"
           " ENVIRONMENT [==[PARLEY_TEST_LIMIT=${LIMIT};PARLEY_TEST_TIME_FACTOR=${FACTOR}]==])\n")
endforeach()
file(WRITE ${INTO} "${script}")

# SPDX-License-Identifier: Apache-2.0
#
# The commands for the CMakeLists.txt of each folder.
#
#   ms_module(wire SOURCES xdr.c rpc.c DEPS base)
#       A library ms_wire from src/wire. The name is the folder's path with '_' for '/':
#       backend_mem, proto. DEPS are module names without ms_, or any other CMake target
#       (PkgConfig::SODIUM, Threads::Threads). Targets that link this one link them, too.
#
#   ms_program(mainstayd SOURCES main.c DEPS transport proto [INSTALL server])
#       A program. It ends in MAINSTAY_PROGRAM_DIR: build/ for the release preset, the
#       build directory itself for all others. INSTALL names the component of `cmake --install` that
#       has it: server (in sbin) or tools (in bin); without it, it is not installed.
#
#   ms_man_page(mainstayd.8 mainstayd --man server)
#       A manual page, which a program prints with that option; in MAINSTAY_PROGRAM_DIR/man, and in
#       that component.
#
#   ms_test(NAME unit.wire.xdr SOURCES xdr_test.c DEPS wire [TIMEOUT 60] [LABELS concurrent])
#       A cmocka program and the CTest of that name. Include "lib/test.h" and end main with
#       `return test_group_run(tests);` so that a skipped test is seen as skipped, not passed.
#       Label it `concurrent` and it also runs under ThreadSanitizer in `make check-full`.
#       `concurrent_tests` builds all of those. MAINSTAY_COVERAGE in its environment is the file
#       where it notes errors (tests/lib/coverage.h).
#
#   ms_test_minor(protocol.opens 0)
#       The program of that test once more, as protocol.opens_v40: MAINSTAY_MINOR in its environment
#       is the minor version that the clients of tests/protocol/script.h speak.
#
#   ms_test_over(protocol.slots tls)
#       The same as protocol.slots_over_tls: with MAINSTAY_OVER=tls they use mutual TLS.
#
#   ms_fixture(log_lines SOURCES log_lines.c DEPS protocol_script [PROGRAMS mainstayd] [RECORDS])
#       A library ms_log_lines of what several tests share, compiled once; they name it among their
#       DEPS. PROGRAMS are built before a test with it, since it starts them. A test with one that
#       RECORDS notes which errors it has seen. A fixture has both from its own DEPS, too.
#
#   ms_tests_wait(protocol.reclaim protocol.reclaim_v40)
#       These tests, as far as there are such, take seconds and sleep most of that time. For a processor CTest
#       has two jobs (the Makefile's -j): one test that computes, as all others may do, or two of these.
#
#   ms_script_test(NAME kernel.mount COMMAND sh run.sh [TIMEOUT 300] [LABELS kernel])
#       Any command as a CTest; exit status 77 means skipped. Its environment has MAINSTAY_SOURCE,
#       MAINSTAY_BIN (programs of this build) and MAINSTAY_RELEASE_BIN (of the release build).
#
#   ms_fuzzer(NAME fuzz.wire.xdr SOURCES xdr_fuzz.c DEPS wire CORPUS corpus/xdr)
#       SOURCES define LLVMFuzzerTestOneInput. With the fuzz preset this is a libFuzzer
#       program; in every other build it replays each file of CORPUS, as the CTest of that name.
#
# Libraries found here for all: PkgConfig::CMOCKA SODIUM XXHASH SQLITE JANSSON CAP MICROHTTPD YAML
# CURL GNUTLS NCURSES OPENSSL GSSAPI KRB5 NFSIDMAP SYSTEMD,
# Threads::Threads.

include(GNUInstallDirs)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(GNUTLS REQUIRED IMPORTED_TARGET gnutls)
pkg_check_modules(CAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET ncursesw)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libssl>=3.0 libcrypto)
pkg_check_modules(GSSAPI REQUIRED IMPORTED_TARGET krb5-gssapi)
pkg_check_modules(KRB5 REQUIRED IMPORTED_TARGET krb5)
# FindPkgConfig takes their `-isystem DIR` for a directory when it runs first, and for an option when
# it runs again; then all that uses them would be compiled again.
foreach(LIBRARY GSSAPI KRB5)
    set(DIRS ${${LIBRARY}_INCLUDE_DIRS} ${${LIBRARY}_CFLAGS_OTHER})
    list(FILTER DIRS EXCLUDE REGEX "^-")
    set_target_properties(PkgConfig::${LIBRARY} PROPERTIES INTERFACE_COMPILE_OPTIONS ""
        INTERFACE_INCLUDE_DIRECTORIES "${DIRS}")
endforeach()
pkg_check_modules(NFSIDMAP REQUIRED IMPORTED_TARGET libnfsidmap)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
if(MAINSTAY_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

# Where tests record which errors they have received.
set(MAINSTAY_COVERAGE_DIR ${CMAKE_BINARY_DIR}/rfc-coverage)
file(MAKE_DIRECTORY ${MAINSTAY_COVERAGE_DIR})

# All that is needed to run the tests with the label `concurrent`.
if(MAINSTAY_TESTS)
    add_custom_target(concurrent_tests)
endif()

# What every target of ours is compiled with.
add_library(ms_options INTERFACE)
target_compile_options(ms_options INTERFACE
    -Wall -Wextra -Wshadow -Wenum-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla)
target_compile_definitions(ms_options INTERFACE
    _GNU_SOURCE _FILE_OFFSET_BITS=64 MAINSTAY_VERSION="${PROJECT_VERSION}")
target_include_directories(ms_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(ms_options INTERFACE Threads::Threads)

# gcc clears and copies structs of some hundred bytes by `rep stos` and `rep movs`, which take longer to
# begin than a call of memset() to end.
include(CheckCCompilerFlag)
foreach(_ms_call memset memcpy)
    check_c_compiler_flag(-m${_ms_call}-strategy=libcall:-1:noalign MS_${_ms_call}_STRATEGY)
    if(MS_${_ms_call}_STRATEGY)
        target_compile_options(ms_options INTERFACE
            $<$<NOT:$<CONFIG:Debug>>:-m${_ms_call}-strategy=libcall:-1:noalign>)
    endif()
endforeach()

if(MAINSTAY_WERROR)
    target_compile_options(ms_options INTERFACE -Werror)
endif()
if(MAINSTAY_V40)
    target_compile_definitions(ms_options INTERFACE MAINSTAY_V40=1)
endif()

if(MAINSTAY_SANITIZE STREQUAL "address")
    set(_ms_sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(MAINSTAY_SANITIZE STREQUAL "thread")
    set(_ms_sanitize -fsanitize=thread)
elseif(NOT MAINSTAY_SANITIZE STREQUAL "none")
    message(FATAL_ERROR "MAINSTAY_SANITIZE is none, address or thread")
endif()
if(NOT MAINSTAY_SANITIZE STREQUAL "none")
    target_compile_options(ms_options INTERFACE ${_ms_sanitize} -fno-omit-frame-pointer)
    target_link_options(ms_options INTERFACE ${_ms_sanitize})
endif()

if(MAINSTAY_CLANG_FUZZERS)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "MAINSTAY_CLANG_FUZZERS needs clang")
    endif()
    target_compile_options(ms_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(MAINSTAY_LTO)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT _ms_lto OUTPUT _ms_lto_why LANGUAGES C)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${_ms_lto})
    if(NOT _ms_lto)
        message(WARNING "MAINSTAY_LTO: not with this compiler, the programs will be slower: ${_ms_lto_why}")
    endif()
endif()

# gcc counts what the programs execute, and then lays out for speed what they do most. Both passes are made in one
# build directory, where the counts are kept; tools/build-trained makes them.
if(NOT MAINSTAY_TRAINING STREQUAL "none")
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
        message(FATAL_ERROR "MAINSTAY_TRAINING needs gcc")
    endif()
    if(MAINSTAY_TRAINING STREQUAL "collect")
        set(_ms_training -fprofile-generate -fprofile-update=atomic)
    elseif(MAINSTAY_TRAINING STREQUAL "use") # a function that was never executed is compiled as without training
        set(_ms_training -fprofile-use -fprofile-partial-training -Wno-missing-profile
            -Wno-error=coverage-mismatch) # of sources that have changed since
    else()
        message(FATAL_ERROR "MAINSTAY_TRAINING is none, collect or use")
    endif()
    target_compile_options(ms_options INTERFACE ${_ms_training})
    target_link_options(ms_options INTERFACE ${_ms_training})
endif()

# What programs tell of their build. It is looked at in each build, and compiled again if it has changed.
set(_ms_record ${CMAKE_BINARY_DIR}/build_record.c)
set(_ms_type ${CMAKE_BUILD_TYPE})
if(MAINSTAY_TRAINING STREQUAL "use")
    string(APPEND _ms_type ", trained")
elseif(MAINSTAY_TRAINING STREQUAL "collect")
    string(APPEND _ms_type ", counting")
endif()
add_custom_target(build_record BYPRODUCTS ${_ms_record}
    COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D OUTPUT=${_ms_record}
            "-DTYPE=${_ms_type}" "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
            -D PROCESSOR=${CMAKE_SYSTEM_PROCESSOR} -D SANITIZERS=${MAINSTAY_SANITIZE} -D KRB5=${KRB5_VERSION}
            -P ${CMAKE_SOURCE_DIR}/cmake/build_record.cmake
    VERBATIM)
add_library(ms_build_record OBJECT ${_ms_record})
add_dependencies(ms_build_record build_record)
target_link_libraries(ms_build_record PUBLIC ms_options)

# Adds each named folder, unless MAINSTAY_PARTS leaves it out.
# A name in MAINSTAY_PARTS is a folder below src/ or tests/: wire, backend/mem, unit, unit/wire.
macro(ms_add_folders root)
    foreach(_folder ${ARGN})
        if(MAINSTAY_PARTS AND NOT _folder IN_LIST MAINSTAY_PARTS)
            continue()
        endif()
        add_subdirectory(${CMAKE_SOURCE_DIR}/${root}/${_folder}
                         ${CMAKE_BINARY_DIR}/${root}/${_folder})
    endforeach()
endmacro()

# Turn a module name into its target; anything else is a target already.
function(_ms_link target scope)
    foreach(dep ${ARGN})
        if(dep MATCHES "^[a-z0-9_]+$" AND NOT dep MATCHES "^ms_")
            set(dep ms_${dep})
        endif()
        target_link_libraries(${target} ${scope} ${dep})
    endforeach()
endfunction()

function(ms_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
    if(arg_SOURCES)
        add_library(ms_${name} STATIC ${arg_SOURCES})
        set(scope PUBLIC)
    else() # only headers
        add_library(ms_${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_link_libraries(ms_${name} ${scope} ms_options)
    _ms_link(ms_${name} ${scope} ${arg_DEPS})
endfunction()

function(ms_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "INSTALL" "SOURCES;DEPS")
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ms_options)
    _ms_link(${name} PRIVATE ${arg_DEPS} build_record)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${MAINSTAY_PROGRAM_DIR})
    if(arg_INSTALL STREQUAL "server")
        install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT server)
    elseif(arg_INSTALL)
        install(TARGETS ${name} DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${arg_INSTALL})
    endif()
endfunction()

function(ms_man_page name program option component)
    set(page ${MAINSTAY_PROGRAM_DIR}/man/${name})
    file(MAKE_DIRECTORY ${MAINSTAY_PROGRAM_DIR}/man)
    add_custom_command(OUTPUT ${page} COMMAND ${program} ${option} > ${page}
                       DEPENDS ${program} VERBATIM)
    add_custom_target(man.${name} ALL DEPENDS ${page})
    string(REGEX MATCH "[0-9]$" section ${name})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endfunction()

# In CI a skipped test counts as failed: exit status 77 has no special meaning there.
function(_ms_test_properties name timeout)
    if(NOT timeout)
        set(timeout 180) # for a machine that is busy with other things
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} LABELS "${ARGN}" PROCESSORS 2)
    if(NOT "$ENV{CI}" STREQUAL "true")
        set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
    endif()
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
        MAINSTAY_SOURCE=${CMAKE_SOURCE_DIR}
        MAINSTAY_BIN=${MAINSTAY_PROGRAM_DIR}
        MAINSTAY_RELEASE_BIN=${CMAKE_SOURCE_DIR}/build)
endfunction()

# Adds to `programs` and `records` what the fixtures among the DEPS have of them.
macro(_ms_inherit)
    foreach(_dep ${arg_DEPS})
        string(REGEX REPLACE "^(ms_|)(.+)$" "ms_\\2" _dep ${_dep})
        if(TARGET ${_dep})
            get_property(_programs TARGET ${_dep} PROPERTY MAINSTAY_PROGRAMS)
            get_property(_records TARGET ${_dep} PROPERTY MAINSTAY_RECORDS)
            list(APPEND programs ${_programs})
            if(_records)
                set(records TRUE)
            endif()
        endif()
    endforeach()
endmacro()

function(ms_fixture name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "RECORDS" "" "SOURCES;DEPS;PROGRAMS")
    set(programs ${arg_PROGRAMS})
    set(records ${arg_RECORDS})
    _ms_inherit()
    add_library(ms_${name} STATIC ${arg_SOURCES})
    target_include_directories(ms_${name} PUBLIC ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(ms_${name} PUBLIC ms_options PkgConfig::CMOCKA)
    _ms_link(ms_${name} PUBLIC ${arg_DEPS})
    set_target_properties(ms_${name} PROPERTIES
        MAINSTAY_PROGRAMS "${programs}" MAINSTAY_RECORDS "${records}")
endfunction()

# Those that talk NFS note what they hear.
function(_ms_test_records name)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
        MAINSTAY_COVERAGE=${MAINSTAY_COVERAGE_DIR}/${name})
    set_property(GLOBAL APPEND PROPERTY MAINSTAY_RECORDERS ${name})
endfunction()

function(ms_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "SOURCES;DEPS;LABELS")
    set(programs "")
    set(records FALSE)
    _ms_inherit()
    add_executable(${arg_NAME} ${arg_SOURCES})
    target_include_directories(${arg_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${arg_NAME} PRIVATE ms_options PkgConfig::CMOCKA)
    _ms_link(${arg_NAME} PRIVATE ${arg_DEPS})
    add_test(NAME ${arg_NAME} COMMAND ${arg_NAME})
    _ms_test_properties(${arg_NAME} "${arg_TIMEOUT}" ${arg_LABELS})
    if(programs)
        add_dependencies(${arg_NAME} ${programs})
    endif()
    if(records)
        _ms_test_records(${arg_NAME})
    endif()
    if("concurrent" IN_LIST arg_LABELS)
        add_dependencies(concurrent_tests ${arg_NAME})
    endif()
endfunction()

# Once more, under another name and with this in its environment.
function(_ms_test_again program name environment)
    get_test_property(${program} TIMEOUT timeout)
    get_test_property(${program} LABELS labels)
    if(NOT labels)
        set(labels "")
    endif()
    add_test(NAME ${name} COMMAND ${program})
    _ms_test_properties(${name} "${timeout}" ${labels})
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT ${environment})
    _ms_test_records(${name})
endfunction()

function(ms_test_minor program minor)
    _ms_test_again(${program} ${program}_v4${minor} MAINSTAY_MINOR=${minor})
endfunction()

function(ms_test_over program how)
    _ms_test_again(${program} ${program}_over_${how} MAINSTAY_OVER=${how})
endfunction()

function(ms_tests_wait)
    foreach(name ${ARGN})
        if(TEST ${name})
            set_tests_properties(${name} PROPERTIES PROCESSORS 1)
        endif()
    endforeach()
endfunction()

function(ms_script_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "COMMAND;LABELS")
    add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    _ms_test_properties(${arg_NAME} "${arg_TIMEOUT}" ${arg_LABELS})
endfunction()

function(ms_fuzzer)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;CORPUS" "SOURCES;DEPS")
    add_executable(${arg_NAME} ${arg_SOURCES})
    target_link_libraries(${arg_NAME} PRIVATE ms_options)
    _ms_link(${arg_NAME} PRIVATE ${arg_DEPS})
    if(MAINSTAY_CLANG_FUZZERS)
        target_link_options(${arg_NAME} PRIVATE -fsanitize=fuzzer)
        return()
    endif()
    target_link_libraries(${arg_NAME} PRIVATE ms_fuzz_replay)
    add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS})
    _ms_test_properties(${arg_NAME} 120 fuzz)
endfunction()

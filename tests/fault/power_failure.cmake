# SPDX-License-Identifier: Apache-2.0
#
# Power failures of a machine that serves real requests: a guest of user-mode Linux. The server in it
# is that of the release build: a sanitizer's address space is too much for the guest.
add_executable(power_load power/load.c power/worker.c power/action.c power/record.c)
target_include_directories(power_load PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(power_load PRIVATE ms_options ms_client)

find_program(PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
foreach(_case "power_failure --options sync" "power_failure_async --options async --expect-loss")
    separate_arguments(_case)
    list(POP_FRONT _case _name)
    ms_script_test(NAME fault.${_name} LABELS kernel
        COMMAND ${PYTHON3} -B power_failure_test.py --load $<TARGET_FILE:power_load> --seconds 20
                --logs ${CMAKE_CURRENT_BINARY_DIR}/logs/${_name}
                --unpack ${CMAKE_BINARY_DIR}/tests/kernel ${_case})
    set_tests_properties(fault.${_name} PROPERTIES COST 20)
endforeach()

# SPDX-License-Identifier: Apache-2.0
#
# Every attack at once, beside somebody who works: storm_test.py, an hour by hand.
add_executable(storm_attack storm/storm.c storm/attacker.c storm/pipeline.c storm/attack_callbacks.c
               storm/attack_connections.c storm/attack_intruders.c storm/attack_pipelines.c
               storm/attack_state.c)
add_executable(storm_probe storm/probe.c)
foreach(_program storm_attack storm_probe)
    target_include_directories(${_program} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${_program} PRIVATE ms_options ms_client)
endforeach()

# For a moment, without the guest, so that it stays in order; no machine is too slow for the limits.
ms_script_test(NAME fault.storm
    COMMAND ${PYTHON3} -B storm_test.py --mainstayd $<TARGET_FILE:mainstayd>
            --programs $<TARGET_FILE_DIR:storm_attack> --seconds 8 --no-guest --limit-ms 20000
            --end-s 60 --unpack ${CMAKE_BINARY_DIR}/tests/kernel)
set_tests_properties(fault.storm PROPERTIES COST 30)

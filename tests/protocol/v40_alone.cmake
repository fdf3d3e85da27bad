# SPDX-License-Identifier: Apache-2.0
#
# S20-03: the tests of minor version 0 once more, as they are, against a server that has no 4.1 to
# offer. Left out is what needs a client of 4.1.
foreach(_noun acls arguments attributes callback clients compound courtesy data directories errors
        exports locks lost_reply names opens owner_seqids reclaim rights types)
    if(TEST protocol.${_noun}_v40)
        set(_name protocol.${_noun}_v40_alone)
        if(TARGET protocol.${_noun}_v40)
            add_test(NAME ${_name} COMMAND protocol.${_noun}_v40)
            set(_minor "")
        else()
            add_test(NAME ${_name} COMMAND protocol.${_noun})
            set(_minor MAINSTAY_MINOR=0)
        endif()
        _ms_test_properties(${_name} "")
        get_test_property(protocol.${_noun}_v40 PROCESSORS _jobs)
        set_tests_properties(${_name} PROPERTIES PROCESSORS ${_jobs})
        set_property(TEST ${_name} APPEND PROPERTY ENVIRONMENT
            ${_minor}
            "MAINSTAY_SERVER_OPTIONS=--max-minor 0"
            "MAINSTAY_TESTS_LEFT_OUT=beside_v41 had_nothing ids_of_nobody")
    endif()
endforeach()

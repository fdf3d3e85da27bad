# SPDX-License-Identifier: Apache-2.0
#
# What minor version 2 has of 1 is the same: some tests once more, as they are, with clients that
# speak it.
foreach(_noun attributes errors locks lost_reply opens stateid unsupported)
    ms_test(NAME protocol.${_noun}_v42 SOURCES ${_noun}_test.c script_v42.c DEPS ms_protocol_script)
    add_dependencies(protocol.${_noun}_v42 mainstayd)
endforeach()
target_sources(protocol.lost_reply_v42 PRIVATE ${_lost_reply})
ms_test(NAME protocol.minor_two SOURCES minor_two_test.c DEPS ms_protocol_script)
add_dependencies(protocol.minor_two mainstayd)

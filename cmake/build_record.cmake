# SPDX-License-Identifier: Apache-2.0
#
# Writes OUTPUT, a C file with what programs tell of their build, and leaves it alone if it would not change. Runs in
# each build, as `cmake -D NAME=VALUE... -P`.
#
# The commit is the one that `git archive` or tools/make-deb wrote into cmake/archived-commit, else that of the
# checkout, with a + if files that git knows were changed since.
set(commit unknown)
file(STRINGS ${SOURCE}/cmake/archived-commit archived LIMIT_COUNT 1)
if(archived MATCHES "^([0-9a-f]+\\+?)$")
    set(commit ${archived})
elseif(EXISTS ${SOURCE}/.git)
    # A checkout of another user is none of git's business, unless it is told so.
    set(git git -c safe.directory=${SOURCE} --no-optional-locks -C ${SOURCE})
    execute_process(COMMAND ${git} rev-parse HEAD OUTPUT_VARIABLE head ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
    if(head)
        set(commit ${head})
        if(changes)
            string(APPEND commit +)
        endif()
    endif()
endif()
if(commit MATCHES "^([0-9a-f]+)(\\+?)$")
    string(SUBSTRING ${CMAKE_MATCH_1} 0 12 short)
    set(commit ${short}${CMAKE_MATCH_2})
endif()

file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
/* SPDX-License-Identifier: Apache-2.0 */
/* Made by cmake/build_record.cmake. */
#include "base/build_record.h"

const struct build_record build_record = {
    .commit = "@commit@",
    .type = "@TYPE@",
    .compiler = "@COMPILER@",
    .processor = "@PROCESSOR@",
    .sanitizers = "@SANITIZERS@",
    .krb5 = "@KRB5@",
};
]])

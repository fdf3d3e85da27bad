/* SPDX-License-Identifier: Apache-2.0 */
/* Notes what every reply to the client library says, in each program that this is linked into. */
#include "client/client_result.h"
#include "lib/coverage.h"

static void note_result(const struct client_result *result)
{
    for (uint32_t i = 0; i < result->decoded; i++)
        coverage_note(result->minor, result->ops[i].resop, result->ops[i].status);
}

static void __attribute__((constructor)) watch(void)
{
    if (coverage_file())
        client_result_watch = note_result;
}

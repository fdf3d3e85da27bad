/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into a program, notes the result of every reply that the client library receives. */
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

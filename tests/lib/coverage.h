/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which errors of which operations a test program has seen, for tools/check-coverage: with
 * MAINSTAY_COVERAGE (a file) in the environment, lines `MINOR OPERATION STATUS TEST` (the minor
 * version first) in it, each once.  A line `skipped` says that a part of the program did not run.
 * All of it stands here, so that no test has another source to list.
 */
#pragma once

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "lib/test.h"
#include "wire/nfs4_codec.h"
#include "wire/nfs4_op.h"

#define COVERAGE_MINORS 3u
#define COVERAGE_OPS 128u
#define COVERAGE_STATUSES 256u /* statuses below 128, and those from 10000 on */

static FILE *coverage_noted; /* the file, from the first call of coverage_file() on */

static inline void coverage_end(void)
{
    if (test_skip_count > 0)
        (void)fputs("skipped\n", coverage_noted);
}

/* Truncated by the first call.  NULL: nobody wants to know. */
static inline FILE *coverage_file(void)
{
    static bool opened;
    const char *path = getenv("MAINSTAY_COVERAGE");

    if (opened)
        return coverage_noted;
    opened = true;
    if (!path)
        return NULL;
    coverage_noted = fopen(path, "we");
    CHECK(coverage_noted);
    CHECK(atexit(coverage_end) == 0);
    return coverage_noted;
}

/* Note that the server answered `status` to `op` of a minor version. Any thread. */
static inline void coverage_note(uint32_t minor, uint32_t op, uint32_t status)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    /* the test that saw it last */
    static const char *seen[COVERAGE_MINORS][COVERAGE_OPS][COVERAGE_STATUSES];
    uint32_t index = status < 128 ? status : status - 10000 + 128;
    const char *name = test_running ? test_running : "fixture";

    if (status == NFS4_OK || minor >= COVERAGE_MINORS || op >= COVERAGE_OPS ||
        index >= COVERAGE_STATUSES)
        return;
    pthread_mutex_lock(&lock);
    if (coverage_file() && seen[minor][op][index] != name) {
        seen[minor][op][index] = name;
        (void)fprintf(coverage_file(), "%u %u %u %s\n", minor, op, status, name);
        (void)fflush(coverage_file());
    }
    pthread_mutex_unlock(&lock);
}

/* The same for each result of an encoded COMPOUND4res. */
static inline void coverage_note_body(uint32_t minor, const void *body, size_t len)
{
    static _Thread_local struct nfs_resop4 result;
    struct wire_opaque tag;
    struct arena arena;
    uint32_t count;
    struct xdr x;

    if (!getenv("MAINSTAY_COVERAGE"))
        return;
    arena_init(&arena, 4096);
    xdr_init_decode(&x, body, len, &arena);
    (void)xdr_get_u32(&x);
    xdr_opaque(&x, &tag, UINT32_MAX);
    count = xdr_get_u32(&x);
    while (count-- > 0 && wire_nfs_resop4(&x, &result))
        coverage_note(minor, result.resop, result.status);
    arena_fini(&arena);
}

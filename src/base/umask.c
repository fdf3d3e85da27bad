/* SPDX-License-Identifier: Apache-2.0 */
#include "base/umask.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/check.h"

/* A new thread does not know yet: it shares its creator's. */
static _Thread_local enum {
    UNKNOWN,
    OWN,
    SHARED
} state;

bool umask_own(void)
{
    int err = errno;

    if (state == UNKNOWN) {
        /* Without memory: ask again. */
        if (unshare(CLONE_FS) == 0)
            state = OWN;
        else if (errno != ENOMEM)
            state = SHARED;
        if (state == OWN)
            umask_end(); /* it is a copy, perhaps of a client's */
        errno = err;
    }
    return state == OWN;
}

void umask_begin(uint32_t mask)
{
    CHECK(state == OWN);
    (void)umask((mode_t)mask);
}

void umask_end(void)
{
    (void)umask(0);
}

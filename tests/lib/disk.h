/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the disk look full to this process. */
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include "lib/test.h"

/* From now on any call that would make a file longer fails. */
static inline void disk_full(bool full)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? 1 : limit.rlim_max;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own below /tmp, with its contents. */
#pragma once

#include <fcntl.h>
#include <ftw.h>

#include "lib/test.h"

/* Create the directory at `path`, whose last six characters are X and are replaced. Returns a
 * descriptor of it, for the caller to close. */
static inline int directory_make(char *path)
{
    int fd;

    assert_non_null(mkdtemp(path));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static inline int directory_remove_one(const char *path, const struct stat *st, int type,
                                       struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Returns 0, or -1 when something could not be removed. */
static inline int directory_remove(const char *path)
{
    return nftw(path, directory_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

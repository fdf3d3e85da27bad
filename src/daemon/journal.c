/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool journal_reads_stderr(void)
{
    const char *named = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];

    if (!named || fstat(STDERR_FILENO, &st) != 0)
        return false;
    (void)snprintf(own, sizeof(own), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino);
    return strcmp(named, own) == 0;
}

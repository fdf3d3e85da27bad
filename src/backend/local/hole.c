/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/hole.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* ENXIO: there is none, or the file ends before. */
static int next_data(int fd, uint64_t offset, uint64_t *found)
{
    off_t at = lseek(fd, (off_t)offset, SEEK_DATA);

    if (at < 0)
        return errno;
    *found = (uint64_t)at > offset ? (uint64_t)at : offset;
    return 0;
}

/* No data is no hole yet: the file may be cut, and written anew before its size is asked for.  So
 * data are looked for again, in the file that had this size. */
int local_hole_end(int fd, uint64_t offset, uint64_t *end, bool *eof)
{
    struct stat st;
    int err = next_data(fd, offset, end);

    *eof = err == ENXIO;
    if (err != ENXIO)
        return err;
    if (fstat(fd, &st) != 0)
        return errno;
    if ((uint64_t)st.st_size <= offset)
        return ENXIO;
    err = next_data(fd, offset, end);
    *eof = err == ENXIO;
    if (err != ENXIO)
        return err;
    *end = (uint64_t)st.st_size;
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a hole of a file ends, while others may change the file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The bytes from `offset` to *end were a hole at some moment of the call, and are followed by data
 * or, with *eof, by the end of the file.  *end is `offset` where data are.  0 or an errno: ENXIO at
 * and behind the end of the file, others if the file system cannot tell.  May block. */
int local_hole_end(int fd, uint64_t offset, uint64_t *end, bool *eof);

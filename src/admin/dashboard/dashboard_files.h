/* SPDX-License-Identifier: Apache-2.0 */
/* The files in page/, as they are there; dashboard_files.cmake makes the table. */
#pragma once

#include <stddef.h>

struct dashboard_file {
    const char *name, *tag; /* `tag`: of its contents, for ETag */
    const unsigned char *data;
    size_t len;
};

extern const struct dashboard_file dashboard_files[];
extern const size_t dashboard_file_count;

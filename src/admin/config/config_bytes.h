/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the configuration file, all in memory. */
#pragma once

#include "admin/config/config_fault.h"
#include "base/check.h"

struct config_bytes {
    char *data;
    size_t len;
};

/* Read a regular file of LIMIT_CONFIG_BYTES at the most; anything else is refused without waiting
 * for it.  False: `faults` has the reason.  Free with config_bytes_fini() if true. */
bool config_bytes_load(const char *path, struct config_bytes *bytes,
                       struct config_faults *faults) MUST_USE;
void config_bytes_fini(struct config_bytes *bytes);

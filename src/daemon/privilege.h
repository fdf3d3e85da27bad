/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capabilities of the process: as few as its exports need, from the start.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"

struct privilege_needs {
    bool low_port; /* it opens a port below 1024 itself */
    bool machine;  /* files of this machine will be exported (exports_serve_machine()) */
    bool labels;   /* with their security labels (exports_set_labels()) */
    bool watches;  /* while local programs change them (exports_watch_changes()) */
};

/* Drop all capabilities that are not needed, and the means to gain new ones.  To be called before
 * the first thread starts, since threads inherit the result.  False after an error message. */
bool privilege_reduce(const struct privilege_needs *needs) MUST_USE;

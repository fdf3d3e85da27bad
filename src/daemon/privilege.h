/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capabilities of the process: as few as its exports need, from the start.
 */
#pragma once

#include <stdbool.h>

#include "admin/config/config.h"

/* Drop all capabilities that these options do not need, and the means to gain new ones; `machine`:
 * files of this machine will be exported (exports_serve_machine()).  To be called before the first
 * thread starts, since threads inherit the result.  False after an error message. */
bool privilege_reduce(const struct config *config, bool machine);

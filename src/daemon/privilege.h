/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capabilities of the process: as few as its exports need, from the start.
 */
#pragma once

#include <stdbool.h>

#include "admin/config/config.h"

/* Give up all capabilities but those that these options need, of those that there are, and the ways
 * to new ones.  Before the first thread starts, which all inherit it.  False: told on stderr. */
bool privilege_reduce(const struct config *config);

/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay setting`: settings by name, and their change as a whole. */
#pragma once

#include "cli/command.h"

int setting_show(const struct invocation *call);

/* Of values that nobody else has changed since they were read: If-Match has their revision. */
int setting_set(const struct invocation *call);
int setting_unset(const struct invocation *call);

/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay export add` and `set`: exports that the command line describes. */
#pragma once

#include "cli/command.h"

int export_add(const struct invocation *call);
int export_set(const struct invocation *call);

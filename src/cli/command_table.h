/* SPDX-License-Identifier: Apache-2.0 */
/* All commands of `mainstay`. */
#pragma once

#include "cli/command.h"

/* Rows of one noun stand together. */
extern const struct command_table command_table;

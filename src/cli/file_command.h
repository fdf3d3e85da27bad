/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay file show`: what clients hold of one file. */
#pragma once

#include "cli/command.h"

int file_show(const struct invocation *call);

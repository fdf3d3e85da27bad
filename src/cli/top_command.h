/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay top`: what the server does now, again and again. */
#pragma once

#include "cli/command.h"

int top_command(const struct invocation *call);

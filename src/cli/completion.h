/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that complete the words of `mainstay` in a shell. */
#pragma once

#include "cli/command.h"

/* `mainstay completion bash|zsh`: prints the script. */
int completion_command(const struct invocation *call);

/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay probe`: what any NFSv4 server offers; it needs no admin endpoint. */
#pragma once

#include "cli/command.h"

int probe_command(const struct invocation *call);

/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay events`: what the server logs, as it happens. */
#pragma once

#include "cli/command.h"

/* Until the server ends, or somebody interrupts.  A line for each event. */
int event_follow(const struct invocation *call);

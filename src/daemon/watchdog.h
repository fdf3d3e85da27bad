/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the service manager that the server lives (WatchdogSec= of systemd) while all event loops
 * turn, from a thread of its own: what the main thread does may wait for a file system that hangs,
 * and then the other exports are still served.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"

struct transport;
struct watchdog;

/* After transport_start().  Sets *watchdog to NULL if no manager watches.  False, with errno, if
 * the thread cannot be started. */
bool watchdog_start(struct watchdog **watchdog, struct transport *transport) MUST_USE;

/* Before the transport is stopped.  NULL is allowed. */
void watchdog_stop(struct watchdog *watchdog);

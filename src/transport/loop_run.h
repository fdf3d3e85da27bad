/* SPDX-License-Identifier: Apache-2.0 */
/* The main function of a loop's owner: waits for events and gives turns. */
#pragma once

struct worker_hooks;

/* For worker_pool_start(). */
extern const struct worker_hooks loop_run_hooks;

/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner of a loop does: waits for events, and gives turns. */
#pragma once

struct loop;

/* Run it until the transport stops or the calling worker loses it. */
void loop_run(struct loop *loop);

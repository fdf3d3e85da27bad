/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a back channel. */
#pragma once

struct back_channel;

/* The session is dead, or the client lost count: hand its calls to other sessions.  Without
 * locks. */
void back_close(struct back_channel *channel);

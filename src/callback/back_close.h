/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a back channel. */
#pragma once

struct back_channel;

/* The session is dead, or the client's sequence no longer matches ours: hand its calls to other
 * sessions of the client.  Without locks. */
void back_close(struct back_channel *channel);

/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the requests of a back channel over the connections of its session. */
#pragma once

struct back_channel;

/* Send whatever can be sent now.  Without locks. */
void back_send(struct back_channel *channel);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lives of a server whose clients come again after each, for tests with a state directory of their
 * own: what begins and ends such a test, and clients of 4.1 in it.
 */
#pragma once

#include "script.h"

extern char lives_local[128];      /* an option's value: /local, once there is a server */
extern struct client_fh lives_dir; /* /local, which everybody may write to */
extern struct client_mount carol;

/* Setup: the server, and who comes to it. */
int lives_begin(const char *const *options, void (*come)(void));

/* Teardown. */
int lives_end(void **state);

void crash(void); /* and the next life */

/* EXCHANGE_ID and CREATE_SESSION over a new connection. */
void lives_come(struct client_mount *mount, const char *owner, uint8_t verifier);

/* RECLAIM_COMPLETE. */
void lives_complete(struct client_mount *mount);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lives of a server whose clients return after each restart, for tests with a state directory of
 * their own: set-up and teardown of such a test, and its clients of 4.1.
 */
#pragma once

#include "script.h"

extern char lives_local[128];      /* an option's value: /local, once the server runs */
extern struct client_fh lives_dir; /* /local, writable by all */
extern struct client_mount carol;

/* Setup: start the server, then call `come` to make its clients. */
int lives_begin(const char *const *options, void (*come)(void));

/* The same in two steps; in between the server has its directories. */
bool lives_init(void);
int lives_start(const char *const *options, void (*come)(void));

/* Teardown. */
int lives_end(void **state);

void crash(void); /* and start the next life */

/* EXCHANGE_ID and CREATE_SESSION over a new connection. */
void lives_come(struct client_mount *mount, const char *owner, uint8_t verifier);

/* The same with these parameters, but for callbacks. */
void lives_come_as(struct client_mount *mount, const struct client_session_wish *wish);

/* RECLAIM_COMPLETE. */
void lives_complete(struct client_mount *mount);

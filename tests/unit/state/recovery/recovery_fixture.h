/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lives of the state tables with one state directory for each test, and clients of 4.1 in them. A
 * life ends as by a crash: nothing is written at its end.
 */
#pragma once

#include "lib/test.h"
#include "state/client/client.h"
#include "state/client/recovery_client.h"
#include "state/recovery/recovery.h"

enum {
    LEASE_S = 10,
    GRACE_S = 20,
    OWNER_UID = 1000
};

/* Of the present life. */
extern struct state *state;
extern int64_t born_ns;  /* when it began */
extern bool holds_state; /* does each client have opens? */

extern char directory[64];
extern int dir_fd;

/* The first life begins with the test, the last one ends with it. */
int recovery_set_up(void **unused);
int recovery_tear_down(void **unused);

#define RECOVERY_TEST(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, recovery_set_up, recovery_tear_down)

void begin_life(void);
void begin_life_of(uint32_t lease_s, uint32_t grace_s);
void end_life(void);
void crash(void); /* and begin the next life */

/* Run the timer, that many seconds into this life. */
void tick_at(int seconds);

bool in_grace(void);

/* Hooks that count the sections that may block, begun and not ended; and the count when a client's
 * opens were dropped. */
void section_begin(bool surely);
void section_end(void);
extern int sections, released_in;

/* EXCHANGE_ID alone. The table keeps a reference, here and below. */
struct client *introduce_as(const char *owner, uint8_t verifier, uint32_t uid);

/* CREATE_SESSION after that. */
void confirm(uint64_t clientid, uint32_t uid);

/* Both; the session is destroyed at once. */
enum {
    GSS_UIDS = 1000000 /* from here on they stand for principals of Kerberos */
};
struct client *come_as(const char *owner, uint8_t verifier, uint32_t uid);
struct client *come(const char *owner);

/* RECLAIM_COMPLETE. */
void complete(struct client *client);
struct client *come_and_complete(const char *owner);

/* DESTROY_CLIENTID. */
void leave(struct client *client);

/* Change the number of its revoked opens and locks by `count`. */
void count_revoked(struct client *client, int count);

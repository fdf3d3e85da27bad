/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server of v41_fixture and one client of 4.1 that holds write delegations there. No callbacks
 * are sent: a test sees that a delegation is recalled, and returns it when it likes.
 */
#pragma once

#include <stdatomic.h>

#include "unit/proto/v41/v41_fixture.h"

enum {
    PARK_LONG_MS = 60000, /* too long to expire during a test */
};

/* The number of recalls so far. */
extern _Atomic unsigned park_recalls;

int park_set_up(void **unused);
int park_tear_down(void **unused);

#define PARK_TEST(name) cmocka_unit_test_setup_teardown(name, park_set_up, park_tear_down)

struct wire_opaque park_text(const char *string);

/* Sets server.recall_park_ms, which is PARK_LONG_MS at first. */
void park_ms(uint32_t ms);

/* A client with a session of that many slots, whose RECLAIM_COMPLETE is done. */
void park_client(int fd, const char *owner, uint32_t slots, struct v41_session *session);

/* Make a file in the root directory that is delegated to the holder. Any thread. */
struct stateid4 park_delegated(const char *name);

/* DELEGRETURN. */
void park_return(const char *name, const struct stateid4 *stateid);

/* SEQUENCE in that slot, PUTROOTFH and OPEN of the file by `owner` for both: a conflict. */
void park_op_open(struct v41_call *call, const char *owner, const char *name);

/* Wait until as many calls are parked; until as many have been parked in total. */
void park_wait(uint64_t calls);
void park_wait_times(uint64_t times);

/* The number of the client's opens. */
uint32_t park_opens(uint64_t clientid);

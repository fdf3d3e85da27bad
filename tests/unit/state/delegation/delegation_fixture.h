/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations of the open fixture's files, and hooks that record their calls. */
#pragma once

#include "base/clock.h"
#include "state/client/client_lease.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_offer.h"
#include "state/delegation/delegation_stats.h"
#include "state/delegation/delegation_waiter.h"
#include "state/file/revocation.h"
#include "unit/state/open/open_fixture.h"

enum {
    LEASE_S = 10, /* as in the open fixture */
    HOOKED_MAX = 16
};

/* The calls of the hooks so far. */
struct hooked {
    uint32_t recalls, questions;
    struct stateid4 recalled[HOOKED_MAX];
    struct delegation *asked; /* the last one asked about, with a reference, or NULL */
    bool unreachable;
};
extern struct hooked hooked;

int delegation_set_up(void **unused);
int delegation_tear_down(void **unused);

#define DELEGATION_TEST(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, delegation_set_up, delegation_tear_down)

/* A request for exactly `kind`, for the test to refine. */
struct delegation_request wish(struct client *client, struct vfs_object *obj,
                               enum delegation_kind kind);

/* The request must be granted as wished; returns the stateid. */
struct stateid4 must_give(struct client *client, struct vfs_object *obj, enum delegation_kind kind);
struct stateid4 must_give_by(const struct delegation_request *request);

/* The request must be refused; returns the reason. */
enum why_no_delegation4 must_refuse(const struct delegation_request *request);

enum nfsstat4 do_return(struct client *client, const struct stateid4 *stateid);

/* delegation_begin() and, if it succeeds, _end(). */
enum nfsstat4 change(struct client *client, struct vfs_object *obj,
                     struct delegation_waiter *waiter);
enum nfsstat4 use(struct client *client, struct vfs_object *obj, struct delegation_waiter *waiter);

/* A waiter that counts its calls. */
struct counting_waiter {
    struct delegation_waiter waiter;
    uint32_t woken;
};
void counting_waiter_init(struct counting_waiter *waiter);

struct delegation_stats stats(void);

/* Advance the clock while the three clients renew their leases. */
void pass_ms(int64_t ms);
void renew_all(void);

/* Sets the client's last request to long ago. */
void fall_silent(struct client *client);

/* Wait until the files' conflicts are forgotten. */
void pass_rest(void);

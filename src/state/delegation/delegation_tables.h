/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server has of delegations besides the delegations themselves: the hooks by which it
 * calls their holders, settings, counters, lists.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct client;
struct delegation;
struct state;

/* How state/ reaches clients: registered by callback/.  None of them waits. */
struct delegation_hooks {
    /* Could a callback come through now? */
    bool (*reachable)(struct client *client, void *context);
    /* CB_RECALL; the caller has a reference for the duration of the call.  The hook goes on trying
     * until the delegation is returned or revoked (delegation_ended()). */
    void (*recall)(struct delegation *delegation, void *context);
    /* CB_GETATTR; delegation_attr_answer() follows, once. */
    void (*getattr)(struct delegation *delegation, void *context);
    void *context;
};

/* Before the first request; without, none is ever given. */
void delegation_hook(struct state *state, const struct delegation_hooks *hooks);

/* Which kinds are given at all: a setting, any time.  0: none; 1: READ; 2: WRITE too, which is so
 * at first.  What is held stays. */
void delegation_allow(struct state *state, uint32_t kinds);

/* For state_create(), state_destroy(). */
struct delegation_tables *delegation_tables_create(void);
void delegation_tables_destroy(struct delegation_tables *tables);

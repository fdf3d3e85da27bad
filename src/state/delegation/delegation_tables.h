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

/* Functions of callback/ through which state/ reaches clients.  None of them blocks. */
struct delegation_hooks {
    /* Could a callback reach the client now? */
    bool (*reachable)(struct client *client, void *context);
    /* CB_RECALL.  The caller holds a reference during the call.  The hook retries until the
     * delegation is returned or revoked (delegation_ended()). */
    void (*recall)(struct delegation *delegation, void *context);
    /* CB_GETATTR.  delegation_attr_answer() must follow, once. */
    void (*getattr)(struct delegation *delegation, void *context);
    void *context;
};

/* Before the first request.  Without hooks no delegation is granted. */
void delegation_hook(struct state *state, const struct delegation_hooks *hooks);

/* The kinds that are granted; a setting, at any time.  0: none; 1: READ; 2: also WRITE, the
 * default.  Delegations that are held stay. */
void delegation_allow(struct state *state, uint32_t kinds);

/* For state_create(), state_destroy(). */
struct delegation_tables *delegation_tables_create(void);
void delegation_tables_destroy(struct delegation_tables *tables);

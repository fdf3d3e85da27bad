/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client records of an address: an IPv4 address, or an IPv6 /64.  An address that creates too
 * many records replaces its own, not those of other addresses.
 *
 * All functions are called with client_table.lock held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/htable.h"
#include "base/list.h"

struct client;
struct client_table;
struct state;

enum {
    CLIENT_ADDRESS_BYTES = 8
};

/* All zero: not known. */
struct client_address {
    uint8_t bytes[CLIENT_ADDRESS_BYTES];
    uint32_t family;
};

/* An address that has client records. */
struct client_origin {
    struct hnode by_address; /* client_table.by_address */
    struct client_address address;
    struct list confirmed, unconfirmed; /* of client.origin_link; oldest first */
    uint32_t count;
};

/* The records of an address, or NULL: it has none. */
struct client_origin *client_address_find_locked(const struct client_table *clients,
                                                 const struct client_address *address);

/* Count a new, unconfirmed record for its address.  False without memory. */
bool client_address_add_locked(struct client_table *clients, struct client *client,
                               const struct client_address *address);

/* The record was confirmed; it leaves the tables. */
void client_address_confirm_locked(struct client *client);
void client_address_remove_locked(struct client_table *clients, struct client *client);

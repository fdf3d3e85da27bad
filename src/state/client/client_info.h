/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Information about a client for users: a copy, as of one moment.
 */
#pragma once

#include "base/htable.h"
#include "base/limits.h"
#include "state/client/client.h"

/* The callback address of a 4.0 client.  Strings that are too long to be valid are "". */
struct client_callback {
    uint32_t program, ident;
    char netid[LIMIT_CALLBACK_NETID_BYTES + 1];
    char addr[LIMIT_CALLBACK_ADDR_BYTES + 1]; /* a universal address, RFC 5665; not checked */
};

struct client_info {
    struct htable_place place; /* behind it: from here a listing can go on */
    uint64_t id;
    enum client_kind kind;
    struct client_principal principal;           /* who registered it, and how that is known: */
    const char *flavor, *transport;              /* client_caller.h */
    char name[LIMIT_CLIENT_PRINCIPAL_BYTES + 1]; /* "": none */
    char certificate[LIMIT_CLIENT_CERTIFICATE_BYTES + 1];
    struct client_protection protection;
    uint32_t owner_len;
    uint8_t owner[LIMIT_CLIENT_OWNER_BYTES];
    bool confirmed;
    bool courtesy;         /* its lease is over and none of its requests runs */
    bool reclaim_complete; /* it has sent RECLAIM_COMPLETE */
    bool recorded;         /* in stable storage, as far as it has to be before it gets state */
    bool may_reclaim;      /* it had state in the server's last run */
    bool callback_path;    /* 4.1: a connection is bound to the back channel of a session */
    bool callback_refused; /* 4.1: it refused the last callback as a whole */
    bool callback_wanted;  /* 4.1: a session has a back channel, or had one */
    uint32_t flags;        /* SEQ4_STATUS_*, as its sessions together would be told; 4.0: none */
    struct client_peer peer;
    struct client_callback callback; /* 4.0 */
    int64_t silent_ns;               /* time since its last renewal */
    uint32_t sessions;
    uint32_t connections; /* number of connections bound to them, per session */
    uint32_t opens, lock_states, locks, lock_waiters, delegations;
    uint32_t running;           /* 4.0: requests in progress */
    uint32_t parked;            /* requests that wait for delegations of others */
    uint32_t revoked;           /* stateids whose loss it has not acknowledged */
    int64_t delayed_ns;         /* when it was told to retry because of a delegation; 0: never */
    struct stateid4 delayed_by; /* that delegation */
    /* Its implementation ID (RFC 8881 §3.3.21): truncated, unverified; "" and 0 if it sent none. */
    char impl_name[LIMIT_CLIENT_IMPL_BYTES + 1], impl_domain[LIMIT_CLIENT_IMPL_BYTES + 1];
    int64_t impl_date_s;
};

/* False: there is no such client.  Takes client_table.lock. */
bool client_info_get(struct state *state, uint64_t clientid, int64_t now_ns,
                     struct client_info *info);

enum {
    CLIENT_INFO_CHUNK = 8
};

/* Copy up to CLIENT_INFO_CHUNK clients behind `place` to `infos`, and advance it (htable_walk()).
 * Returns their number, which may be 0 before place->end.  The lock is held for some microseconds;
 * afterwards the thread sleeps briefly, so that others get it. */
uint32_t client_info_next(struct state *state, int64_t now_ns, struct htable_place *place,
                          struct client_info infos[CLIENT_INFO_CHUNK]);

/* Visit each client, up to `most`, until `visit` returns false.  No lock is held meanwhile, so
 * clients may come and go.  Without memory none is visited. */
void client_info_visit(struct state *state, int64_t now_ns, uint32_t most,
                       bool (*visit)(const struct client_info *info, void *arg), void *arg);

struct client_lease_stats {
    uint32_t courtesy; /* clients that keep their state although their lease is over */
    uint64_t expired;  /* leases that have expired so far, as the timer found */
};

/* Takes client_table.lock. */
void client_lease_stats_read(struct state *state, struct client_lease_stats *stats);

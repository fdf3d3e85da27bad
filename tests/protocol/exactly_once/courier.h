/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries the requests of one client over two connections, several at a time on slots of one
 * session, and meets with trouble on the way (SR-01, S20-07, S20-12, P-01):
 *
 *   the reply is lost        it came, and nobody read it; the connection is cut
 *   cut behind the request   the server may have had it, or not
 *   cut in the request       the server has a part of the record
 *   sent twice               over both connections at once, without waiting
 *   false ones behind it     its slot with its seqid and other operations, or another seqid that
 *                            is not the next, which are refused (W04)
 *
 * A request without a reply is sent again over another connection until there is one, the bytes of
 * the COMPOUND as they were.  All full replies to a request must be the same bytes.
 */
#pragma once

#include "client/client_mount.h"
#include "lane.h"

enum trouble {
    TROUBLE_NONE,
    TROUBLE_REPLY_LOST,
    TROUBLE_CUT_BEHIND,
    TROUBLE_CUT_WITHIN,
    TROUBLE_TWICE,
    TROUBLE_FALSE,
    TROUBLE_KINDS
};

enum {
    COURIER_CONNS = 2,
    COURIER_WISH = 8,
    COURIER_SLOTS = 12 /* it uses at the most */
};

/* A lane's request on its way. */
struct request {
    bool active;
    struct lane *lane;
    struct client_compound c;
    enum trouble trouble;
    unsigned lose; /* how many replies to it must still be lost */
    bool resend;   /* although there is a reply */
    unsigned sent;
    uint32_t generation;        /* the courier's when it was sent first */
    bool on_way[COURIER_CONNS]; /* sent over that connection, and not answered */
    uint32_t xid[COURIER_CONNS];
    struct client_result *reply; /* the first real one */
};

/* What happened on the way. */
struct tale {
    uint64_t troubles[TROUBLE_KINDS];
    uint64_t replays;  /* the same bytes again */
    uint64_t uncached; /* no bytes kept, as asked */
    uint64_t delays;   /* the first one was in progress */
    uint64_t resizes;  /* another number of slots */
};

struct courier {
    const char *target;
    struct workload *work;
    struct client_session session;
    bool like_linux;
    uint32_t generation; /* of the number of slots */
    struct client_conn conns[COURIER_CONNS];
    struct random random;
    struct lane lanes[WORKLOAD_LANES];
    struct request requests[WORKLOAD_LANES];
    struct tale tale;
};

/* A session of a client of its own, with two connections.  False: there is none. */
bool courier_open(struct courier *courier, const char *target, const struct client_cred *cred,
                  struct workload *work, unsigned number);

/* Do all steps of all lanes, and keep the lease until all couriers have; or stop at the first
 * difference. */
void courier_run(struct courier *courier);

void tale_add(struct tale *sum, const struct tale *tale);

/* End the session; the models stay until courier_fini(). */
void courier_close(struct courier *courier);
void courier_fini(struct courier *courier);

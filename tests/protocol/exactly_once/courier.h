/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries the requests of one client over two connections, several at a time on slots of one
 * session, and disturbs them (SR-01, S20-07, S20-12, P-01):
 *
 *   the reply is lost        it arrived but was not read; the connection is cut
 *   cut behind the request   the server may have received it, or not
 *   cut in the request       the server has received a part of the record
 *   sent twice               over both connections at once, without waiting
 *   false ones behind it     its slot with its seqid and other operations, or with another seqid
 *                            that is not the next: both are refused (W04)
 *
 * A request without a reply is retried over another connection until it has one, with the same
 * bytes of the COMPOUND.  All full replies to a request must have the same bytes.
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
    COURIER_SLOTS = 12 /* used at most */
};

/* A lane's outstanding request. */
struct request {
    bool active;
    struct lane *lane;
    struct client_compound c;
    enum trouble trouble;
    unsigned lose; /* how many of its replies must still be lost */
    bool resend;   /* retry although a reply has come */
    unsigned sent;
    uint32_t generation;        /* the courier's, when the request was first sent */
    bool on_way[COURIER_CONNS]; /* sent over that connection and not answered there */
    uint32_t xid[COURIER_CONNS];
    struct client_result *reply; /* the first full one */
};

/* Counters of events. */
struct tale {
    uint64_t troubles[TROUBLE_KINDS];
    uint64_t replays;  /* replies with the same bytes again */
    uint64_t uncached; /* retries without a cached reply, as requested */
    uint64_t delays;   /* retries while the first was in progress */
    uint64_t resizes;  /* changes of the number of slots */
};

struct courier {
    const char *target;
    struct workload *work;
    struct client_session session;
    bool like_linux;
    uint32_t generation; /* counts changes of the number of slots */
    struct client_conn conns[COURIER_CONNS];
    struct random random;
    struct lane lanes[WORKLOAD_LANES];
    struct request requests[WORKLOAD_LANES];
    struct tale tale;
};

/* A session of a client of its own, with two connections. False: it could not be made. */
bool courier_open(struct courier *courier, const char *target, const struct client_cred *cred,
                  struct workload *work, unsigned number);

/* Do all steps of all lanes, and keep the lease until all couriers are done; stop at the first
 * difference. */
void courier_run(struct courier *courier);

void tale_add(struct tale *sum, const struct tale *tale);

/* End the session; the models stay until courier_fini(). */
void courier_close(struct courier *courier);
void courier_fini(struct courier *courier);

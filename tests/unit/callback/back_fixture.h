/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of 4.1 as callbacks see them: real sockets of the test, connected to a transport whose
 * only program knows their connections, and sessions that are made without the wire. The clock
 * moves only by back_pass_ms().
 */
#pragma once

#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "lib/callback_peer.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "state/session/session_back.h"
#include "state/session/session_conn.h"
#include "transport/transport.h"

enum {
    BACK_LEASE_S = 80, /* a callback lives for 70 s */
    BACK_LIFE_MS = 70000,
    BACK_SLOTS = 16,
    BACK_FLAG = CREATE_SESSION4_FLAG_CONN_BACK_CHAN,
};

struct back_fixture {
    struct transport *transport;
    struct state *state;
    struct callback *callback;
    struct rpc_program program;
};

extern struct back_fixture back;

/* Who makes the clients and their sessions. */
extern struct client_caller back_caller;

int back_set_up(void **unused);
int back_tear_down(void **unused);

/* A connection: its two ends. */
struct back_conn {
    int fd;
    struct session_conn *conn;
    struct connection *transport; /* valid while it is open */
};

void back_connect(struct back_conn *conn);

/* Close the client's end, and wait until the server has noticed. */
void back_conn_close(struct back_conn *conn);

/* Let the server receive from it, at a later time than from others. */
void back_stir(struct back_conn *conn);

/* A session over `conn`, made by its client's next CREATE_SESSION. `change` is NULL or changes the
 * arguments. */
struct back_session {
    uint64_t clientid;
    uint32_t sequence;
    struct session *session; /* a reference */
};
void back_session_make(struct back_session *s, struct back_conn *conn, const char *owner,
                       void (*change)(struct CREATE_SESSION4args *args));
void back_session_add(struct back_session *s, const struct back_session *first,
                      struct back_conn *conn, void (*change)(struct CREATE_SESSION4args *args));
void back_session_destroy(struct back_session *s, struct back_conn *conn);
void back_session_put(struct back_session *s);
void back_bind(struct back_session *s, struct back_conn *conn);

/* Let time pass, and tick once. */
void back_pass_ms(int64_t ms);

/* ---- callbacks ---- */

/* What the hook of a callback was told. */
struct back_test_call {
    _Atomic unsigned count;
    _Atomic int outcome;
    _Atomic uint32_t status, results;
};

/* One CB_RECALL for the client of the session; false as callback_call() returns. */
bool back_call(struct back_session *s, struct back_test_call *told,
               const struct session_call *after);

/* The same, over this session alone. */
bool back_call_session(struct back_session *s, struct back_test_call *told,
                       const struct session_call *after);

/* One CB_RECALL_SLOT, for this session alone. */
bool back_call_slot(struct back_session *s, struct back_test_call *told);
void back_wait_completed(struct back_test_call *told, enum callback_outcome outcome);

/* A received callback: a CB_SEQUENCE and a CB_RECALL. */
struct back_seen {
    uint32_t xid, program, flavor, minor, uid, gid, gid_count;
    char machine[64];
    struct CB_SEQUENCE4args sequence; /* without lists */
    uint32_t list_count;
    struct session_call refers; /* the first call of the first list */
};
void back_expect(struct back_conn *conn, struct back_seen *seen);

/* Answer it: CB_SEQUENCE, and if that is NFS4_OK, CB_RECALL. */
void back_answer(struct back_conn *conn, const struct back_seen *seen, uint32_t sequence,
                 uint32_t recall);
void back_answer_limits(struct back_conn *conn, const struct back_seen *seen, uint32_t highest,
                        uint32_t target);

/* Nothing has come over it by now: what the server sends later is seen after this. */
void back_expect_silence(struct back_conn *conn);

struct callback_stats back_stats(void);
uint32_t back_flags(const struct back_session *s);

/* SPDX-License-Identifier: Apache-2.0 */
/* Clients and sessions without opens: the hooks of opens return what the test sets. */
#pragma once

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "lib/test.h"
#include "state/client/client.h"
#include "state/client/client_exchange.h"
#include "state/client/client_lease.h"
#include "state/session/session.h"
#include "state/session/session_conn.h"

enum {
    LEASE_S = 10
};

extern const struct client_caller alice, bob;
extern struct state *state;
extern struct session_conn *conn;
extern _Atomic uint32_t released; /* number of clients that the hook was called for */
extern bool holds_state;          /* what the hook returns for every client */

int client_set_up(void **unused);
int client_tear_down(void **unused);

#define CLIENT_TEST(name) cmocka_unit_test_setup_teardown(name, client_set_up, client_tear_down)

struct EXCHANGE_ID4args exchange_args(const char *owner, uint8_t verifier, uint32_t flags);
enum nfsstat4 exchange(const char *owner, uint8_t verifier, const struct client_caller *who,
                       uint32_t flags, struct client_exchange *out);

/* CREATE_SESSION over `conn`. */
enum nfsstat4 session_flagged(uint64_t clientid, uint32_t sequence, uint32_t flags,
                              const struct client_caller *who, struct CREATE_SESSION4resok *res);
enum nfsstat4 session(uint64_t clientid, uint32_t sequence, const struct client_caller *who,
                      struct CREATE_SESSION4resok *res);

/* A confirmed client of alice's with one session. */
struct client_exchange confirmed(const char *owner, uint8_t verifier,
                                 struct CREATE_SESSION4resok *res);

/* The same, with a reference on each; `flags` as of CREATE_SESSION. */
struct party {
    struct client *client;
    struct session *session;
};
struct party party_make(const char *owner, uint32_t flags);
void party_put(struct party *party);

bool session_lives(const struct CREATE_SESSION4resok *res);
void drop_session(const struct CREATE_SESSION4resok *res);

/* Advance the clock at once, then run the timer. */
void tick_after(int64_t ms);

/* Advance the clock second by second, and run the timer each time. */
void tick_through(int64_t seconds);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that holds delegations and receives callbacks: of 4.1 or 4.2 over its own connections,
 * of 4.0 on its listening socket.  It runs on the test's thread, so callbacks are answered while
 * the test waits: in holder_pump(), holder_wait(), and in every call that the holder makes.
 *
 *     struct holder holder;
 *     struct client_file file, other;
 *
 *     holder_open(&holder, 1);
 *     file = holder_delegated(&holder, &dir, "name", OPEN_DELEGATE_WRITE);
 *     expect_status(conflict_open(&bob, &dir, "name", &other), NFS4ERR_DELAY);
 *     holder_wait_recall(&holder, &file);
 *     holder_return(&holder, &file);
 *     expect_status(conflict_open(&bob, &dir, "name", &other), NFS4_OK);
 *     holder_close(&holder);
 *
 * How it answers callbacks is set in holder.mount.conn.behaviour, and in that of each further
 * connection (client/client_behaviour.h); received callbacks are in holder.callbacks
 * (client/client_callback.h).  holder_close() fails the test unless all sequence ids of its back
 * channel were right.
 */
#pragma once

#include "lib/wait.h"
#include "script.h"

#define HOLDER_CONNECTIONS 16u

struct holder {
    struct client_mount mount;
    struct client_callbacks *callbacks;
    int listener;                      /* minor version 0; otherwise -1 */
    struct client_behaviour behaviour; /* initial behaviour of each further connection */
    uint32_t more_count;
    struct client_conn more[HOLDER_CONNECTIONS]; /* besides mount.conn; in minor version 0 those
                                                  * that the server made */
};

/* A client of its own of minor version 0, 1 or 2. A client of 4.0 waits until the server has probed
 * it. */
void holder_open(struct holder *holder, uint32_t minor);

/* A client of 4.1 or 4.2 with these parameters; its callbacks are filled in. */
void holder_open_as(struct holder *holder, const struct client_session_wish *wish);

/* End the session and close. Fails the test if the server violated the protocol on the back
 * channel; holder_is_orderly() checks that without closing. */
#define holder_close(holder) holder_end(holder, __FILE__, __LINE__)
void holder_end(struct holder *holder, const char *file, int line);
#define holder_is_orderly(holder) holder_check(holder, __FILE__, __LINE__)
void holder_check(const struct holder *holder, const char *file, int line);

/* The same for a holder whose session or client id is lost: close only. */
#define holder_drop(holder) holder_leave(holder, __FILE__, __LINE__)
void holder_leave(struct holder *holder, const char *file, int line);

/* One more connection of the session, bound in this direction. */
struct client_conn *holder_connect(struct holder *holder, enum channel_dir_from_client4 dir);

/* Bind an existing connection explicitly. */
void holder_bind(struct holder *holder, struct client_conn *conn,
                 enum channel_dir_from_client4 dir);

/* SEQUENCE over that connection; returns the status flags. */
uint32_t holder_speak(struct holder *holder, struct client_conn *conn);

/* The first connection is gone: use this one instead, which moves into its place. */
void holder_move(struct holder *holder, struct client_conn *conn);

/* A new first connection, bound in this direction. */
void holder_reconnect(struct holder *holder, enum channel_dir_from_client4 dir);

/* Answer what has arrived on any connection, or wait for it; false: nothing arrived within
 * wait_ms. */
bool holder_pump(struct holder *holder, int wait_ms);

/* Pump until the condition is true; fails the test when that takes too long. */
#define holder_pump_until(holder, condition)                                                       \
    do {                                                                                           \
        int64_t holder_end_ms = wait_now_ms() + WAIT_PATIENCE_MS;                                  \
                                                                                                   \
        while (!(condition)) {                                                                     \
            assert_true(wait_now_ms() < holder_end_ms);                                            \
            (void)holder_pump(holder, 10);                                                         \
        }                                                                                          \
    } while (0)

/* Wait for a CB_COMPOUND with that operation, from number `from` on (client_callback_at()); returns
 * its number. */
uint32_t holder_wait(struct holder *holder, uint32_t op, uint32_t from);

/* Wait for the first CB_RECALL of the file's delegation; returns its number. */
uint32_t holder_wait_recall(struct holder *holder, const struct client_file *file);

/* How many CB_RECALLs of it have come; how many were executed, which excludes retries. */
uint32_t holder_recalls(const struct holder *holder, const struct client_file *file);
uint32_t holder_executed(const struct holder *holder, const struct client_file *file);

/* Open (or create) the file; the reply must bring that delegation. */
struct client_file holder_delegated(struct holder *holder, const struct client_fh *dir,
                                    const char *name, enum open_delegation_type4 type);

/* The same with any result: see client_file_delegation(). */
struct client_file holder_wanting(struct holder *holder, const struct client_fh *dir,
                                  const char *name, enum open_delegation_type4 type);

/* DELEGRETURN; DELEGRETURN and CLOSE. */
void holder_return(struct holder *holder, const struct client_file *file);
void holder_finish(struct holder *holder, struct client_file *file);

/* GET_DIR_DELEGATION as Linux sends it: before a GETATTR, with nothing asked for.  Its answer. */
struct GET_DIR_DELEGATION4res_non_fatal holder_ask_dir(struct client_mount *by,
                                                       const struct client_fh *dir);

/* The same; it must be granted.  Returns the stateid. */
struct stateid4 holder_delegated_dir(struct holder *holder, const struct client_fh *dir);

/* DELEGRETURN of it. */
void holder_return_dir(struct holder *holder, const struct client_fh *dir,
                       const struct stateid4 *stateid);

/* OPEN for reading and writing, which conflicts with every delegation of another client. One
 * try. */
enum nfsstat4 conflict_open(struct client_mount *by, const struct client_fh *dir, const char *name,
                            struct client_file *file);

/* Retry while the result is NFS4ERR_DELAY; the holder (if not NULL) answers meanwhile. */
enum nfsstat4 conflict_insist(struct client_mount *by, const struct client_fh *dir,
                              const char *name, struct holder *holder, struct client_file *file);

/* The holder gets a write delegation of the file, and bob's OPEN gets NFS4ERR_DELAY. The recall has
 * been sent, and the holder has not read it. */
struct client_file holder_contended(struct holder *holder, const struct client_fh *dir,
                                    const char *name);

/* bob can open the file now. */
void conflict_over(const struct client_fh *dir, const char *name);

/* An outstanding compound: its sender can do other things until it needs the answer. */
struct pending {
    struct client_mount *by;
    struct client_compound c;
    uint32_t xid;
};

/* Send that OPEN; send any compound (copied from C, which is left empty). */
void pending_open(struct pending *pending, struct client_mount *by, const struct client_fh *dir,
                  const char *name);
void pending_send(struct pending *pending, struct client_mount *by);

/* Has something arrived on its connection? */
bool pending_is_answered(const struct pending *pending);

/* Wait for the answer, which becomes R; returns its status. */
enum nfsstat4 pending_take(struct pending *pending);

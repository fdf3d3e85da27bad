/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests whose reply is lost. Each is sent by alice (in minor version 1 on her slot 0) in a
 * directory of its own, with GETFH and GETATTR behind it; the connection is cut; another request
 * changes something that the retry must leave alone; and the retry must get the first reply's
 * bytes, twice, over other connections.
 */
#pragma once

#include "protocol/script.h"

struct lost {
    const char *name;
    void (*before)(void);
    void (*request)(void);   /* builds the compound with begin() */
    void (*meanwhile)(void); /* runs before the retry; may use alice's slot 1 */
    void (*after)(void);     /* checks the outcome; R is the retry's result */
    enum nfsstat4 status;    /* of the request and of the retry */
    bool root_only;
};

struct lost_table {
    const struct lost *rows;
    size_t count;
    bool sequenced; /* by owners' seqids: later operations run again */
};
extern const struct lost_table lost_names, lost_opens, lost_data, lost_locks, lost_attributes;

/* For minor version 0 alone. */
extern const struct lost_table lost_owners_v40, lost_mixed_v40, lost_clients_v40;

/* Run the rows of a table one after the other. */
void lost_run(const char *export, const struct lost_table *table);

#define LOST_TABLE(rows)                                                                           \
    {                                                                                              \
        rows, ARRAY_SIZE(rows), false                                                              \
    }

/* A new directory for each request, with alice's open file `there` in it. */
extern struct client_fh lost_dir;
extern struct client_file lost_file;

/* The first reply. */
extern struct client_result lost_first;
const struct nfs_resop4 *lost_result(uint32_t op);

/* Send C over a connection, the mount's or another, read the reply into lost_first, and cut the
 * connection. */
void lost_send(enum nfsstat4 status);
void lost_send_over(struct client_conn *conn, enum nfsstat4 status);

/* Send C again over another connection, in minor version 0 under the same xid; the reply must be
 * the same bytes. */
void lost_retry(enum nfsstat4 status);

/* A compound on alice's slot 1, on lost_file or in lost_dir. */
void lost_meanwhile(const struct client_fh *fh);

/* There is (no) such name in lost_dir. */
void lost_expect_name(const char *name, bool there);

/* For `meanwhile`: bob renames `new` to `moved`, or writes 5 bytes to `there`. */
void lost_new_moved(void);
void lost_write_by_bob(void);

/* OPEN of `there` that truncates it; the seqid is used in minor version 0. */
void lost_op_truncate(uint32_t seqid, struct state_owner4 owner);

/* Let alice send CREATE of a directory `d<i>`, left in C, and cut the connection at a random
 * moment. Returns its xid. */
uint32_t lost_cut(const struct client_fh *dir, unsigned i);

/* Setup and teardown of the group. */
int lost_teardown(void **state);

/* The operations on 4.1's sessions and client ids, each a test of its own. */
void lost_exchange_id(void **state);
void lost_create_session(void **state);
void lost_destroy_session(void **state);
void lost_reclaim_complete(void **state);

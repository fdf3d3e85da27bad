/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For protocol tests that read as scripts: a server, two clients of it, and one compound at a time.
 *
 *     begin(&alice, &dir);
 *     client_op_lookup(C, "nobody");
 *     run(NFS4ERR_NOENT);
 *
 * A compound that fails as expected must end with the result that says so (S20-14); one that
 * succeeds must have a result for every operation.  Clients that the server calls back, and
 * delegations: holder.h.
 */
#pragma once

#include "base/check.h"
#include "client/client_file.h"
#include "lib/server.h"
#include "lib/test.h"

#define SCRIPT_TIMEOUT_MS 60000

/* Group setup: a server that exports /mem and /local (both no_root_squash) or, if not NULL, what
 * the options say; then two clients with a session each. */
int script_setup(const char *const *options);
int script_setup_default(void **state);
int script_teardown(void **state);

/* The minor version that they speak: 1, or what MAINSTAY_MINOR in the environment says.  CTest runs
 * the program of protocol.<noun> with 0 and 2, too, as protocol.<noun>_v40 and _v42. */
extern uint32_t script_minor;

/* The value in minor version 0, or in later ones. */
#define V40_OR(in_v40, in_v41) (script_minor == 0 ? (in_v40) : (in_v41))

/* The same with clients of minor version 0. */
int script_setup_v40(const char *const *options);
int script_setup_v40_default(void **state);

/* The same with alice in minor version 1 and bob in 0. */
int script_setup_mixed(void **state);

/* Another client, with an owner string of its own; the caller closes it. */
void script_mount_v40(struct client_mount *mount);
void script_mount_v41(struct client_mount *mount);
void script_mount_v42(struct client_mount *mount);

/* A client of minor version 0 with this identity. */
void script_mount_v40_as(struct client_mount *mount, const struct client_id_wish *wish);

/* Let all users create files in a mem export without root_squash. */
bool script_open_to_all(const char *export);

extern struct test_server script_server;
extern struct client_mount alice, bob;
extern struct client_compound script_compound;
extern struct client_result script_result;

#define C (&script_compound)
#define R (&script_result)

/* How the connections of further clients are secured; NULL, as at first: as those of all tests of
 * the program are. */
extern const struct client_security *script_security;

/* The user that runs the test; a server without privileges serves it, too. */
struct client_cred script_cred(void);
/* Another user. */
struct client_cred script_stranger(void);

/* In minor version 1 SEQUENCE on slot 0 with a reply to be cached; then PUTFH of `fh` unless that
 * is NULL. */
void begin(struct client_mount *mount, const struct client_fh *fh);

/* An empty compound of any minor version, to be called over the mount's connection. */
void begin_bare(struct client_mount *mount, uint32_t minor);

/* PUTFH `from`, SAVEFH, PUTFH `to`. */
void begin_two(struct client_mount *mount, const struct client_fh *from,
               const struct client_fh *to);

/* An operation of the mount's client and of `owner`: the open owner, or the lock owner where it has
 * locks already. Fills in the client id, and in minor version 0 the seqid. */
void script_op_as(struct client_mount *mount, const char *owner, struct nfs_argop4 *op);

/* The same for the most common operations. */
void script_op_open(struct client_mount *mount, const struct client_open *open);
void script_op_close(struct client_mount *mount, const struct client_file *file);
void script_op_lock_new(struct client_mount *mount, const struct client_file *file,
                        const char *lock_owner, enum nfs_lock_type4 type, uint64_t offset,
                        uint64_t length);

/* A SEQUENCE alone in `slot`, which need not be granted; its result is in mount->session. */
void script_sequence_in(struct client_mount *mount, uint32_t slot, enum nfsstat4 status);

/* Use the session's slots, but for the last, whose use would ask for more.  Returns how many the
 * server charges. */
uint32_t script_use_slots(struct client_mount *mount);

/* READ of a byte of an open file, by its stateid. */
void script_read_is(struct client_mount *mount, const struct client_file *file,
                    enum nfsstat4 status);

/* An operation with all arguments zero, except where zero is invalid. */
void script_op_zeroed(uint32_t number);

/* Call the compound; its result stays in R until the next call. */
#define run(status) run_on(NULL, status)
/* The same over another connection. */
#define run_on(conn, status) script_run(conn, status, __FILE__, __LINE__)
void script_run(struct client_conn *conn, enum nfsstat4 status, const char *file, int line);

/* Call the compound again, over `conn` or the last connection (NULL): the identical call, with the
 * same xid, or one with another xid. The reply must have the same bytes as R, and becomes R. */
#define replay_on(conn) script_replay(conn, true, __FILE__, __LINE__)
#define retry_on(conn) script_replay(conn, false, __FILE__, __LINE__)
void script_replay(struct client_conn *conn, bool same_xid, const char *file, int line);

/* Repeat the identical call, whose reply may differ. */
#define run_again_on(conn, status) script_run_again(conn, status, __FILE__, __LINE__)
void script_run_again(struct client_conn *conn, enum nfsstat4 status, const char *file, int line);

#define expect_status(got, status) script_expect(got, status, __FILE__, __LINE__)
void script_expect(enum nfsstat4 got, enum nfsstat4 status, const char *file, int line);

/* The result of the (last) operation of that number, which must exist. */
const struct nfs_resop4 *result(uint32_t op);
struct client_fh result_fh(void);

/* Another connection. */
void script_connect(struct client_conn *conn);

/* A directory of the test's own, mode 0777, below "/mem" or another export. */
struct client_fh script_dir(const char *export);

/* A name in `dir`, which must exist. */
struct client_fh look(struct client_mount *mount, const struct client_fh *dir, const char *name);

/* A new file, open for reading and writing; a new file that is closed. */
struct client_file make_open(struct client_mount *mount, const struct client_fh *dir,
                             const char *name);
struct client_fh make_file(struct client_mount *mount, const struct client_fh *dir,
                           const char *name);

/* Wait until the lease of each client is over that has been silent since before the call; `awake`
 * keeps its own.  A client that comes now, and is silent from then on, loses a file in `dir` to
 * it. */
void script_outlast_leases(struct client_mount *awake, const struct client_fh *dir);

/* Attributes by value; the arrays in them are not to be used. */
struct nfs4_attrs attrs_of(struct client_mount *mount, const struct client_fh *fh,
                           struct bitmap4 bits);

extern char script_mem[], script_local[]; /* the two exports */

/* Each test on both backends: *state is the export. */
#define ON_BOTH(test)                                                                              \
    {#test " on mem", test, NULL, NULL, script_mem},                                               \
    {                                                                                              \
#test " on local", test, NULL, NULL, script_local                                          \
    }

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/hold.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/load/op.h"
#include "bench/load/pipe.h"
#include "client/client_call.h"
#include "client/client_file.h"

enum {
    TIMEOUT_MS = 20000,
    PER_CLIENT = 32768, /* servers limit what a client may have */
    CLIENTS_MAX = (BENCH_HOLD_MAX + PER_CLIENT - 1) / PER_CLIENT,
    SPARE_FDS = 64,
};

struct hold {
    const struct bench_options *options;
    const struct hold_kind *kind;
    struct client_fh dir;
    struct client_file file; /* number 0, if the kind needs it before */
    struct stateid4 lock;    /* of the owner of all locks */
    uint32_t pipe_count;
    struct pipe *pipes[CLIENTS_MAX];
    struct client_callbacks *callbacks[CLIENTS_MAX];
    struct client_conn *conns; /* one each, of kind connections */
    uint32_t conn_count;
};

struct hold_kind {
    const char *name;
    bool first; /* file 0 is created and open before */
    /* Append what makes number `index`. */
    void (*build)(struct hold *hold, uint32_t index, struct client_compound *c);
    /* Is it what was wanted?  NULL: it is, if the compound succeeded. */
    bool (*made)(const struct client_result *result);
};

/* ---- what the kinds are made by ---- */

static void open_build(struct hold *hold, struct client_compound *c, uint32_t file,
                       const char *owner, uint32_t access, bool create)
{
    char name[BENCH_NAME_BYTES];

    bench_file_name(file, name);
    client_op_putfh(c, &hold->dir);
    client_op_open(c, &(struct client_open){
                          .clientid = c->session->clientid,
                          .owner = owner,
                          .access = access,
                          .name = name,
                          .create = create,
                          .how = UNCHECKED4,
                          .mode = 0666,
                      });
}

/* Opens for writing of one file, each by an owner of its own. */
static void build_opens(struct hold *hold, uint32_t index, struct client_compound *c)
{
    char owner[32];

    (void)snprintf(owner, sizeof(owner), "hold %u", index);
    open_build(hold, c, 0, owner, OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
               false);
}

static void build_files(struct hold *hold, uint32_t index, struct client_compound *c)
{
    open_build(hold, c, index, "hold", OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
               true);
}

static void build_names(struct hold *hold, uint32_t index, struct client_compound *c)
{
    build_files(hold, index, c);
    client_op_close(c, &client_stateid_current);
}

static void build_delegations(struct hold *hold, uint32_t index, struct client_compound *c)
{
    open_build(hold, c, index, "hold", OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_READ_DELEG,
               true);
    client_op_close(c, &client_stateid_current);
}

static bool delegation_made(const struct client_result *result)
{
    const struct nfs_resop4 *op = client_result_lookup(result, OP_OPEN);

    return op && op->opopen.delegation.delegation_type == OPEN_DELEGATE_READ;
}

/* Number 0 makes the owner. */
static void build_locks(struct hold *hold, uint32_t index, struct client_compound *c)
{
    struct nfs_argop4 op = {.argop = OP_LOCK,
                            .oplock = {.locktype = WRITE_LT,
                                       .offset = (uint64_t)index * HOLD_LOCK_STRIDE,
                                       .length = HOLD_LOCK_BYTES}};

    client_op_putfh(c, &hold->file.fh);
    op.oplock.locker.lock_owner.lock_stateid = hold->lock;
    client_compound_add(c, &op);
}

static const struct hold_kind kinds[] = {
    {.name = "opens", .first = true, .build = build_opens},
    {.name = "files", .build = build_files},
    {.name = "locks", .first = true, .build = build_locks},
    {.name = "delegations", .build = build_delegations, .made = delegation_made},
    {.name = "names", .build = build_names},
    {.name = "sessions"},
    {.name = "connections"},
};

static const struct hold_kind *kind_lookup(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

bool hold_known(const char *kind)
{
    return kind_lookup(kind) != NULL;
}

/* ---- many requests in flight ---- */

static bool reply_take(struct hold *hold, struct pipe *pipe)
{
    struct client_result result;
    uint32_t index;
    bool ok;

    if (!pipe_receive_result(pipe, &index, &result))
        return false;
    ok = result.status == NFS4_OK || pipe_trouble(hold->kind->name, result.status);
    if (ok && hold->kind->made && !hold->kind->made(&result)) {
        (void)fprintf(stderr, "mainstay-bench: the server grants no more than %u %s\n", index,
                      hold->kind->name);
        ok = false;
    }
    client_result_free(&result);
    return ok;
}

static bool pipe_fill(struct hold *hold, struct pipe *pipe, uint32_t from, uint32_t to)
{
    bool ok = true;

    while (ok && (from < to || pipe->busy > 0)) {
        for (; ok && from < to && pipe->busy < pipe->room; from++) {
            struct client_compound c;

            pipe_begin(pipe, &c);
            hold->kind->build(hold, from, &c);
            ok = pipe_send(pipe, &c, from);
        }
        ok = ok && reply_take(hold, pipe);
    }
    return ok;
}

static struct pipe *pipe_new(struct hold *hold)
{
    const uint32_t at = hold->pipe_count++;

    hold->pipes[at] = must_calloc(1, sizeof(*hold->pipes[at]));
    hold->callbacks[at] = must_calloc(1, sizeof(*hold->callbacks[at]));
    return pipe_open(hold->pipes[at], hold->options, hold->callbacks[at]) ? hold->pipes[at] : NULL;
}

static enum nfsstat4 owner_lock(struct hold *hold, struct client_mount *mount)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(mount, &c);
    client_op_putfh(&c, &hold->file.fh);
    client_op_lock_new(&c, &hold->file.stateid, mount->session.clientid, "hold", WRITE_LT, 0,
                       HOLD_LOCK_BYTES);
    status = client_mount_call(mount, &c, &r);
    if (status == NFS4_OK)
        hold->lock = client_result_lookup(&r, OP_LOCK)->oplock.lock_stateid;
    hold->lock.seqid = 0; /* the latest one */
    client_result_free(&r);
    return status;
}

static enum nfsstat4 dir_make(struct hold *hold, struct client_mount *mount)
{
    char name[BENCH_NAME_BYTES];
    const struct client_open how = {
        .owner = "hold",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        .name = name,
        .create = true,
        .how = GUARDED4,
        .mode = 0666,
    };
    struct client_fh parent;
    enum nfsstat4 status = client_file_lookup(mount, hold->options->export, &parent);

    bench_file_name(0, name);
    if (status == NFS4_OK)
        status = client_file_mkdir(mount, &parent, HOLD_DIR, &hold->dir);
    if (status == NFS4_OK && hold->kind->first)
        status = client_file_open(mount, &hold->dir, &how, &hold->file);
    if (status == NFS4_OK && hold->kind->build == build_locks)
        status = owner_lock(hold, mount);
    return status;
}

static bool state_make(struct hold *hold)
{
    const uint32_t count = hold->options->hold_count;

    for (uint32_t from = 0; from < count; from += PER_CLIENT) {
        /* All locks belong to the one owner. */
        struct pipe *pipe =
            from > 0 && hold->kind->build == build_locks ? hold->pipes[0] : pipe_new(hold);
        enum nfsstat4 status = pipe && from == 0 ? dir_make(hold, &pipe->mount) : NFS4_OK;

        if (status != NFS4_OK)
            return pipe_trouble(HOLD_DIR, status);
        if (!pipe ||
            !pipe_fill(hold, pipe, from, count - from < PER_CLIENT ? count : from + PER_CLIENT))
            return false;
    }
    return true;
}

/* ---- sessions ---- */

/* All over one connection. */
static bool sessions_make(struct hold *hold)
{
    struct pipe *pipe = pipe_new(hold);
    struct client_session *session = must_calloc(1, sizeof(*session));
    enum nfsstat4 status = NFS4_OK;
    bool ok = pipe != NULL;

    if (ok)
        pipe->mount.conn.callbacks = NULL;
    for (uint32_t i = 0; ok && i < hold->options->hold_count; i++) {
        struct client_session_wish wish = client_session_wish_default(NULL);

        memset(session, 0, sizeof(*session));
        ok = client_session_open(&pipe->mount.conn, &wish, session, &status) == CLIENT_OK &&
             status == NFS4_OK;
    }
    free(session);
    return ok || pipe_trouble("a session", status);
}

static bool descriptors_allow(uint32_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (limit.rlim_cur >= wanted)
        return true;
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted)
        limit.rlim_max = wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool connections_make(struct hold *hold)
{
    const struct client_cred cred = {
        .uid = hold->options->uid, .gid = hold->options->gid, .security = &hold->options->security};
    struct client_mount *mount = must_calloc(1, sizeof(*mount));
    enum nfsstat4 status = NFS4_OK;

    if (!descriptors_allow(hold->options->hold_count + SPARE_FDS)) {
        perror("mainstay-bench: RLIMIT_NOFILE");
        free(mount);
        return false;
    }
    hold->conns = must_calloc(hold->options->hold_count, sizeof(*hold->conns));
    while (status == NFS4_OK && hold->conn_count < hold->options->hold_count) {
        status = client_mount_open(mount, hold->options->target, TIMEOUT_MS, &cred, NULL);
        if (status != NFS4_OK)
            continue;
        hold->conns[hold->conn_count] = mount->conn;
        list_init(&hold->conns[hold->conn_count++].stash);
    }
    if (status != NFS4_OK)
        (void)fprintf(stderr, "mainstay-bench: %s: connection %u: %s\n", hold->options->target,
                      hold->conn_count + 1, client_mount_failure(mount, status));
    free(mount);
    return status == NFS4_OK;
}

/* ---- holding ---- */

/* Until the input ends.  The server may ask for delegations, and gets an answer. */
static void wait_for_end(struct hold *hold)
{
    struct pollfd fds[1 + CLIENTS_MAX] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    char bytes[64];

    for (uint32_t i = 0; i < hold->pipe_count; i++)
        fds[1 + i] = (struct pollfd){.fd = hold->pipes[i]->mount.conn.fd, .events = POLLIN};
    while (poll(fds, 1 + hold->pipe_count, -1) > 0) {
        if (fds[0].revents && read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
            return;
        for (uint32_t i = 0; i < hold->pipe_count; i++)
            if (fds[1 + i].revents &&
                client_call_serve(&hold->pipes[i]->mount.conn, 0) == CLIENT_CLOSED)
                return;
    }
}

/* Just close: the server forgets it all with the leases, or is stopped. */
static void hold_close(struct hold *hold)
{
    for (uint32_t i = 0; i < hold->pipe_count; i++) {
        client_conn_close(&hold->pipes[i]->mount.conn);
        free(hold->pipes[i]);
        free(hold->callbacks[i]);
    }
    for (uint32_t i = 0; i < hold->conn_count; i++)
        client_conn_close(&hold->conns[i]);
    free(hold->conns);
    free(hold);
}

bool hold_run(const struct bench_options *options)
{
    struct hold *hold = must_calloc(1, sizeof(*hold));
    bool ok;

    hold->options = options;
    hold->kind = kind_lookup(options->hold);
    ok = hold->kind->build                              ? state_make(hold)
         : strcmp(hold->kind->name, "connections") == 0 ? connections_make(hold)
                                                        : sessions_make(hold);
    if (ok) {
        (void)puts("ready");
        (void)fflush(stdout);
        wait_for_end(hold);
    }
    hold_close(hold);
    return ok;
}

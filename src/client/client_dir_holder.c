/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_dir_holder.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "client/client_security.h"

#define READDIR_BYTES 32768u
#define CONNECT_TRIES 3u
#define RENEWALS_PER_LEASE 3
#define PROGRESS_MS 10
#define PROGRESS_TRIES 1000u

static const uint32_t revoked_flags =
    SEQ4_STATUS_EXPIRED_ALL_STATE_REVOKED | SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED |
    SEQ4_STATUS_ADMIN_STATE_REVOKED | SEQ4_STATUS_RECALLABLE_STATE_REVOKED;

/* ---- what the server calls ---- */

static struct client_dir *held_lookup(const struct client_dir_holder *holder,
                                      const struct stateid4 *stateid)
{
    LIST_FOREACH (dir, &holder->dirs, struct client_dir, link)
        if (memcmp(dir->stateid.other, stateid->other, sizeof(stateid->other)) == 0)
            return dir;
    return NULL;
}

static enum nfsstat4 execute(const struct client_callback_op *op,
                             const struct CB_NOTIFY4args *notify, struct arena *arena,
                             void *context)
{
    struct client_dir_holder *holder = context;
    struct client_dir *dir = held_lookup(holder, &op->stateid);

    if (!dir && holder->asking && holder->asking->fh.len == op->fh.len &&
        memcmp(holder->asking->fh.data, op->fh.data, op->fh.len) == 0)
        return NFS4ERR_DELAY; /* it may be that of which the grant is on its way */
    if (!dir)
        return NFS4ERR_BAD_STATEID;
    if (!notify)
        client_dir_lose(dir, CLIENT_DIR_RECALLED);
    else if (dir->state != CLIENT_DIR_LOST)
        return client_dir_notify(dir, notify, arena);
    return NFS4_OK;
}

void client_dir_holder_init(struct client_dir_holder *holder, struct client_mount *mount,
                            const char *target, int timeout_ms)
{
    CHECK(mount->conn.callbacks && !mount->v40);
    memset(holder, 0, sizeof(*holder));
    holder->mount = mount;
    holder->target = target;
    holder->timeout_ms = timeout_ms;
    holder->renewed_ns = clock_now_ns();
    list_init(&holder->dirs);
    mount->conn.callbacks->hook = (struct client_callback_hook){execute, holder};
}

/* What the session holds at the server is not returned any more, so another one must follow. */
static void session_lose(struct client_dir_holder *holder)
{
    holder->gone = true;
    LIST_FOREACH_SAFE (dir, &holder->dirs, struct client_dir, link) {
        client_dir_lose(dir, CLIENT_DIR_SESSION);
        list_remove(&dir->link);
    }
}

void client_dir_holder_fini(struct client_dir_holder *holder)
{
    session_lose(holder);
    if (holder->mount->conn.callbacks)
        holder->mount->conn.callbacks->hook = (struct client_callback_hook){0};
}

/* ---- calls ---- */

/* Connect and bind the connection to the session, for both directions. */
static bool connect_again(struct client_dir_holder *holder)
{
    struct client_mount *mount = holder->mount;
    struct client_callbacks *callbacks = mount->conn.callbacks;
    const struct client_cred cred = mount->conn.cred;
    enum channel_dir_from_server4 bound;

    client_conn_close(&mount->conn);
    mount->trouble = client_conn_open(&mount->conn, holder->target, holder->timeout_ms);
    mount->conn.cred = cred;
    mount->conn.callbacks = callbacks;
    if (mount->trouble == CLIENT_OK)
        mount->trouble = client_security_begin(&mount->conn, holder->target, cred.security);
    if (mount->trouble != CLIENT_OK)
        return false;
    mount->conn.minor = client_session_minor(&mount->session);
    holder->reconnects++;
    mount->trouble = client_session_bind(&mount->conn, &mount->session, CDFC4_FORE_OR_BOTH, &bound,
                                         &holder->status);
    return mount->trouble == CLIENT_OK && holder->status == NFS4_OK;
}

static bool reconnect(struct client_dir_holder *holder)
{
    bool done = connect_again(holder);

    /* Nothing may be sent over one that is not secured as it should be. */
    if (!done)
        client_conn_close(&holder->mount->conn);
    return done;
}

static bool session_gone(enum nfsstat4 status)
{
    return status == NFS4ERR_BADSESSION || status == NFS4ERR_DEADSESSION ||
           status == NFS4ERR_STALE_CLIENTID || status == NFS4ERR_EXPIRED;
}

/* The server is still executing the first copy of the request. */
static bool in_progress(const struct client_result *r)
{
    return r->decoded > 0 && r->ops[0].resop == OP_SEQUENCE && r->ops[0].status == NFS4ERR_DELAY;
}

/* The same request until it has an answer.  The slot sees to it that it is executed once. */
static enum client_status call_until(struct client_mount *mount, struct client_compound *c,
                                     struct client_result *r)
{
    enum client_status client = client_compound_call(&mount->conn, c, r);

    for (unsigned i = 0; client == CLIENT_OK && in_progress(r) && i < PROGRESS_TRIES; i++) {
        client_result_free(r);
        (void)poll(NULL, 0, PROGRESS_MS);
        client = client_compound_call(&mount->conn, c, r);
    }
    if (client != CLIENT_OK)
        client_result_free(r);
    return client;
}

/* Like client_mount_call(); when the connection is lost, the same request goes over another one.
 * NFS4ERR_BADSESSION: none of that is possible. */
static enum nfsstat4 call(struct client_dir_holder *holder, struct client_compound *c,
                          struct client_result *r)
{
    struct client_mount *mount = holder->mount;
    enum client_status client = CLIENT_CLOSED;
    bool bound = mount->conn.fd >= 0;

    memset(r, 0, sizeof(*r));
    holder->status = holder->gone ? NFS4ERR_BADSESSION : NFS4_OK;
    for (unsigned i = 0; i < CONNECT_TRIES && client != CLIENT_OK && !holder->gone; i++) {
        if (!bound)
            bound = reconnect(holder);
        if (session_gone(holder->status))
            break;
        if (bound)
            client = call_until(mount, c, r);
        bound = false;
    }
    client_compound_free(c);
    if (client == CLIENT_OK)
        holder->status = r->status;
    else if (!session_gone(holder->status))
        holder->status = NFS4ERR_BADSESSION;
    if (client == CLIENT_OK && !session_gone(r->status))
        holder->renewed_ns = clock_now_ns();
    else
        session_lose(holder);
    return holder->status;
}

static enum nfsstat4 call_alone(struct client_dir_holder *holder, struct client_compound *c)
{
    struct client_result r;
    enum nfsstat4 status = call(holder, c, &r);

    client_result_free(&r);
    return status;
}

static bool attrs_get(const struct client_result *r, struct nfs4_attrs *attrs)
{
    const struct nfs_resop4 *op = client_result_lookup(r, OP_GETATTR);
    struct arena arena;
    bool ok;

    if (!op || op->status != NFS4_OK)
        return false;
    memset(attrs, 0, sizeof(*attrs));
    arena_init(&arena, 512);
    ok = fattr_decode(&op->opgetattr.obj_attributes, attrs, &arena);
    arena_fini(&arena);
    return ok;
}

/* ---- getting a delegation ---- */

static void op_ask(struct client_compound *c, bool ordered)
{
    struct nfs_argop4 op = {.argop = OP_GET_DIR_DELEGATION};
    struct GET_DIR_DELEGATION4args *args = &op.opget_dir_delegation;

    for (uint32_t type = 0; type < NOTIFY_TYPES; type++)
        bitmap4_set(&args->gdda_notification_types, type);
    if (!ordered)
        bitmap4_set(&args->gdda_notification_types, NOTIFY4_GFLAG_EXTEND);
    args->gdda_child_attributes = client_dir_entry_attrs();
    args->gdda_dir_attributes = client_dir_attrs();
    client_compound_add(c, &op);
}

/* The change attribute before it, and the grant. */
static enum client_dir_answer ask(struct client_dir_holder *holder, struct client_dir *dir,
                                  bool ordered, uint64_t *before)
{
    enum client_dir_answer answer = CLIENT_DIR_REFUSED;
    const struct nfs_resop4 *op;
    struct nfs4_attrs attrs;
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(holder->mount, &c);
    client_op_putfh(&c, &dir->fh);
    client_op_getattr(&c, CLIENT_BITS(FATTR4_CHANGE, FATTR4_LEASE_TIME));
    op_ask(&c, ordered);
    holder->asking = dir;
    status = call(holder, &c, &r);
    holder->asking = NULL;
    op = client_result_lookup(&r, OP_GET_DIR_DELEGATION);
    if (session_gone(status)) {
        answer = CLIENT_DIR_GONE;
    } else if (status == NFS4ERR_DIRDELEG_UNAVAIL || status == NFS4ERR_DELAY ||
               status == NFS4ERR_GRACE) {
        answer = CLIENT_DIR_UNAVAILABLE;
    } else if (status == NFS4_OK && op && attrs_get(&r, &attrs)) {
        holder->lease_ns = attrs.lease_time * NSEC_PER_SEC;
        *before = attrs.change;
        answer = op->opget_dir_delegation.gddrnf_status == GDD4_OK ? CLIENT_DIR_GRANTED
                                                                   : CLIENT_DIR_UNAVAILABLE;
        if (answer == CLIENT_DIR_GRANTED)
            client_dir_fill_begin(dir, &op->opget_dir_delegation.gddrnf_resok4);
    }
    client_result_free(&r);
    return answer;
}

/* The entries of one reply.  False: there are no more. */
static bool entries_take(struct client_dir *dir, const struct READDIR4resok *ok, uint64_t *cookie)
{
    for (const struct entry4 *e = ok->reply.entries; e; e = e->nextentry) {
        *cookie = e->cookie;
        if (!client_dir_fill_entry(dir, e))
            return false;
    }
    return !ok->reply.eof && ok->reply.entries;
}

static enum nfsstat4 read_all(struct client_dir_holder *holder, struct client_dir *dir)
{
    uint8_t verifier[NFS4_VERIFIER_SIZE] = {0};
    enum nfsstat4 status = NFS4_OK;
    uint64_t cookie = 0;
    bool more = true;

    while (more && (status == NFS4_OK || status == NFS4ERR_RETRY_UNCACHED_REP)) {
        const struct nfs_resop4 *op;
        struct client_compound c;
        struct client_result r;

        client_mount_begin_uncached(holder->mount, &c);
        client_op_putfh(&c, &dir->fh);
        client_op_readdir(&c, cookie, verifier, READDIR_BYTES, client_dir_entry_attrs());
        status = call(holder, &c, &r);
        op = client_result_lookup(&r, OP_READDIR);
        if (status == NFS4_OK && op) {
            memcpy(verifier, op->opreaddir.cookieverf, sizeof(verifier));
            more = entries_take(dir, &op->opreaddir, &cookie);
        }
        client_result_free(&r);
    }
    return status;
}

static enum nfsstat4 change_read(struct client_dir_holder *holder, struct client_dir *dir,
                                 uint64_t *change)
{
    struct nfs4_attrs attrs = {0};
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(holder->mount, &c);
    client_op_putfh(&c, &dir->fh);
    client_op_getattr(&c, CLIENT_BITS(FATTR4_CHANGE));
    status = call(holder, &c, &r);
    if (status == NFS4_OK && !attrs_get(&r, &attrs))
        status = NFS4ERR_BADXDR;
    client_result_free(&r);
    *change = attrs.change;
    return status;
}

enum client_dir_answer client_dir_holder_acquire(struct client_dir_holder *holder,
                                                 struct client_dir *dir, bool ordered)
{
    uint64_t before = 0, after = 0;
    enum client_dir_answer answer;
    enum nfsstat4 status;

    CHECK(dir->state == CLIENT_DIR_UNKNOWN || dir->state == CLIENT_DIR_LOST);
    if (!list_empty(&dir->link))
        client_dir_holder_return(holder, dir);
    answer = ask(holder, dir, ordered, &before);
    if (answer != CLIENT_DIR_GRANTED)
        return answer;
    list_push_back(&holder->dirs, &dir->link);
    status = read_all(holder, dir);
    if (status == NFS4_OK)
        status = change_read(holder, dir, &after);
    if (session_gone(status))
        return CLIENT_DIR_GONE;
    if (status == NFS4_OK) {
        client_dir_fill_end(dir, before, after);
        return CLIENT_DIR_GRANTED;
    }
    client_dir_holder_return(holder, dir);
    holder->status = status;
    return CLIENT_DIR_REFUSED;
}

/* ---- giving it back ---- */

static void op_stateid(struct client_dir_holder *holder, struct client_dir *dir,
                       struct nfs_argop4 op)
{
    struct client_compound c;

    client_mount_begin(holder->mount, &c);
    if (op.argop == OP_DELEGRETURN)
        client_op_putfh(&c, &dir->fh);
    client_compound_add(&c, &op);
    (void)call_alone(holder, &c);
}

void client_dir_holder_return(struct client_dir_holder *holder, struct client_dir *dir)
{
    bool revoked = dir->state == CLIENT_DIR_LOST && dir->loss == CLIENT_DIR_REVOKED;
    struct nfs_argop4 op = {.argop = OP_DELEGRETURN, .opdelegreturn = {dir->stateid}};

    if (list_empty(&dir->link))
        return;
    if (revoked)
        op = (struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {dir->stateid}};
    /* What is told until it is returned is accepted, and means nothing. */
    client_dir_lose(dir, CLIENT_DIR_RETURNED);
    op_stateid(holder, dir, op);
    list_remove(&dir->link);
}

/* ---- own changes ---- */

/* What the compound did to the directory; NULL: nothing. */
static const struct change_info4 *cinfo_of(const struct client_result *r)
{
    for (uint32_t i = 0; i < r->decoded; i++) {
        const struct nfs_resop4 *op = &r->ops[i];

        if (op->status != NFS4_OK)
            continue;
        switch (op->resop) {
        case OP_CREATE:
            return &op->opcreate.cinfo;
        case OP_OPEN:
            return &op->opopen.cinfo;
        case OP_LINK:
            return &op->oplink.cinfo;
        case OP_REMOVE:
            return &op->opremove.cinfo;
        case OP_RENAME:
            return &op->oprename.target_cinfo;
        default:
            break;
        }
    }
    return NULL;
}

enum nfsstat4 client_dir_holder_change(struct client_dir_holder *holder, struct client_dir *dir,
                                       const struct client_dir_change *change,
                                       struct client_compound *c, struct client_result *r)
{
    enum nfsstat4 status;

    client_dir_change_begin(dir, change);
    status = call(holder, c, r);
    if (session_gone(status))
        client_dir_change_lost(dir, change);
    else
        client_dir_change_end(dir, change, cinfo_of(r));
    return status;
}

/* ---- in between ---- */

static struct client_dir *lost_first(const struct client_dir_holder *holder)
{
    LIST_FOREACH (dir, &holder->dirs, struct client_dir, link)
        if (dir->state == CLIENT_DIR_LOST)
            return dir;
    return NULL;
}

static void lost_return(struct client_dir_holder *holder)
{
    struct client_dir *dir;

    while ((dir = lost_first(holder)) != NULL)
        client_dir_holder_return(holder, dir);
}

/* Look up one name.  False: the session is gone. */
static bool doubt_settle(struct client_dir_holder *holder, struct client_dir *dir,
                         struct client_dir_entry *e)
{
    const struct nfs_resop4 *op;
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_dir_doubt_begin(dir, e);
    client_mount_begin(holder->mount, &c);
    client_op_putfh(&c, &dir->fh);
    client_op_lookup(&c, e->name);
    client_op_getattr(&c, client_dir_entry_attrs());
    status = call(holder, &c, &r);
    op = client_result_lookup(&r, OP_GETATTR);
    client_dir_doubt_end(dir, e, status, op ? &op->opgetattr.obj_attributes : NULL);
    client_result_free(&r);
    return !session_gone(status);
}

static bool doubts_settle(struct client_dir_holder *holder)
{
    LIST_FOREACH (dir, &holder->dirs, struct client_dir, link) {
        struct client_dir_entry *e = dir->state == CLIENT_DIR_VALID ? client_dir_doubt(dir) : NULL;

        /* One for each directory; the next ones at the next call. */
        if (e && !doubt_settle(holder, dir, e))
            return false;
    }
    return true;
}

/* Which delegations were revoked? */
static void revoked_find(struct client_dir_holder *holder)
{
    LIST_FOREACH (dir, &holder->dirs, struct client_dir, link) {
        struct nfs_argop4 op = {.argop = OP_TEST_STATEID};
        const struct nfs_resop4 *res;
        struct client_compound c;
        struct client_result r;
        enum nfsstat4 status;

        op.optest_stateid.ts_stateids = &dir->stateid;
        op.optest_stateid.ts_stateids_count = 1;
        client_mount_begin(holder->mount, &c);
        client_compound_add(&c, &op);
        status = call(holder, &c, &r);
        res = client_result_lookup(&r, OP_TEST_STATEID);
        if (status == NFS4_OK && res && res->optest_stateid.tsr_status_codes_count == 1 &&
            res->optest_stateid.tsr_status_codes[0] != NFS4_OK)
            client_dir_lose(dir, CLIENT_DIR_REVOKED);
        client_result_free(&r);
        if (session_gone(status))
            return;
    }
}

static bool renew(struct client_dir_holder *holder)
{
    int64_t now_ns = clock_now_ns();
    struct client_compound c;

    if (holder->lease_ns == 0 ||
        now_ns - holder->renewed_ns < holder->lease_ns / RENEWALS_PER_LEASE)
        return true;
    client_mount_begin_uncached(holder->mount, &c);
    if (session_gone(call_alone(holder, &c)))
        return false;
    if (holder->mount->session.status_flags & revoked_flags)
        revoked_find(holder);
    return !session_gone(holder->status);
}

bool client_dir_holder_serve(struct client_dir_holder *holder, int wait_ms)
{
    struct client_mount *mount = holder->mount;
    enum client_status client = CLIENT_CLOSED;

    if (mount->conn.fd >= 0 && !holder->gone)
        client = client_call_serve(&mount->conn, wait_ms);
    holder->status = NFS4_OK;
    if (holder->gone || (client != CLIENT_OK && client != CLIENT_TIMEOUT && !reconnect(holder))) {
        session_lose(holder);
        return false;
    }
    lost_return(holder);
    return !session_gone(holder->status) && doubts_settle(holder) && renew(holder);
}

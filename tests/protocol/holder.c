/* SPDX-License-Identifier: Apache-2.0 */
#include "holder.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- clients ---- */

static void holder_init(struct holder *holder)
{
    memset(holder, 0, sizeof(*holder));
    holder->listener = holder->mount.conn.fd = -1;
    holder->callbacks = must_calloc(1, sizeof(*holder->callbacks));
}

/* The test's listening address in the notation of a client of 4.0 (RFC 5665 §5.2.3.3). */
static void listen_at(struct holder *holder, char *text, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    unsigned port;

    holder->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(holder->listener >= 0);
    assert_int_equal(bind(holder->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(holder->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(holder->listener, 8), 0);
    port = ntohs(address.sin_port);
    (void)snprintf(text, size, "127.0.0.1.%u.%u", port >> 8, port & 0xff);
}

static void open_v40(struct holder *holder)
{
    struct client_id_wish wish = client_id_wish_default(NULL);
    char address[64];

    holder_init(holder);
    listen_at(holder, address, sizeof(address));
    wish.address = address;
    script_mount_v40_as(&holder->mount, &wish);
    holder_pump_until(holder, holder->callbacks->null_count > 0);
}

void holder_open_as(struct holder *holder, const struct client_session_wish *wish)
{
    const struct client_cred cred = script_cred();
    struct client_session_wish mine = *wish;

    holder_init(holder);
    mine.callbacks = holder->callbacks;
    expect_status(
        client_mount_open(&holder->mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &mine),
        NFS4_OK);
}

void holder_open(struct holder *holder, uint32_t minor)
{
    struct client_session_wish wish = client_session_wish_default(NULL);

    if (minor == 0) {
        open_v40(holder);
        return;
    }
    wish.minor = minor;
    holder_open_as(holder, &wish);
}

/* How many callbacks were executed before this one in its slot. */
static uint32_t executed_before(const struct client_callbacks *cbs, uint32_t number)
{
    const struct CB_SEQUENCE4args *args = &client_callback_at(cbs, number)->sequence;
    uint32_t count = 0;

    for (uint32_t i = 0; i < number; i++) {
        const struct client_callback *cb = client_callback_at(cbs, i);

        count += cb->has_sequence && cb->fate == CLIENT_CALLBACK_EXECUTED &&
                 cb->sequence.csa_slotid == args->csa_slotid &&
                 memcmp(cb->sequence.csa_sessionid, args->csa_sessionid, NFS4_SESSIONID_SIZE) == 0;
    }
    return count;
}

/* Check the sequence of each slot over all connections: it advances by one with each executed
 * callback, and with nothing else. */
static void sequences_check(const struct client_callbacks *cbs, const char *file, int line)
{
    for (uint32_t i = 0; i < cbs->count && cbs->count <= CLIENT_CALLBACKS_KEPT; i++) {
        const struct client_callback *cb = client_callback_at(cbs, i);
        const uint32_t seqid = cb->sequence.csa_sequenceid, executed = executed_before(cbs, i);

        if (!cb->has_sequence || (seqid == executed + 1 && cb->fate != CLIENT_CALLBACK_RETRIED) ||
            (seqid == executed && seqid > 0 && cb->fate != CLIENT_CALLBACK_EXECUTED))
            continue;
        print_error("call %u: slot %u, sequence id %u, %u executed before, fate %d\n", i,
                    cb->sequence.csa_slotid, seqid, executed, cb->fate);
        _fail(file, line);
    }
}

void holder_check(const struct holder *holder, const char *file, int line)
{
    sequences_check(holder->callbacks, file, line);
    if (holder->callbacks->trouble_count == 0)
        return;
    print_error("%u times trouble; the first: %s\n", holder->callbacks->trouble_count,
                holder->callbacks->trouble);
    _fail(file, line);
}

void holder_leave(struct holder *holder, const char *file, int line)
{
    client_conn_close(&holder->mount.conn);
    for (uint32_t i = 0; i < holder->more_count; i++)
        client_conn_close(&holder->more[i]);
    if (holder->listener >= 0)
        close(holder->listener);
    holder_check(holder, file, line);
    free(holder->callbacks);
    holder->callbacks = NULL;
}

void holder_end(struct holder *holder, const char *file, int line)
{
    client_mount_close(&holder->mount);
    holder_leave(holder, file, line);
}

/* ---- connections ---- */

static struct client_conn *conn_new(struct holder *holder)
{
    for (uint32_t i = 0; i < holder->more_count; i++)
        if (holder->more[i].fd < 0)
            return &holder->more[i];
    assert_true(holder->more_count < HOLDER_CONNECTIONS);
    return &holder->more[holder->more_count++];
}

void holder_bind(struct holder *holder, struct client_conn *conn, enum channel_dir_from_client4 dir)
{
    enum channel_dir_from_server4 got;
    enum nfsstat4 status;
    enum client_status called =
        client_session_bind(conn, &holder->mount.session, dir, &got, &status);

    if (called == CLIENT_CLOSED && conn->fd < 0)
        return; /* a callback came before the reply, and was configured to cut the connection */
    assert_int_equal(called, CLIENT_OK);
    expect_status(status, NFS4_OK);
}

struct client_conn *holder_connect(struct holder *holder, enum channel_dir_from_client4 dir)
{
    struct client_conn *conn = conn_new(holder);

    script_connect(conn);
    conn->callbacks = holder->callbacks;
    conn->behaviour = holder->behaviour;
    holder_bind(holder, conn, dir);
    return conn;
}

uint32_t holder_speak(struct holder *holder, struct client_conn *conn)
{
    enum nfsstat4 status;

    assert_int_equal(client_session_renew(conn, &holder->mount.session, 0, &status), CLIENT_OK);
    expect_status(status, NFS4_OK);
    return holder->mount.session.status_flags;
}

void holder_move(struct holder *holder, struct client_conn *conn)
{
    client_conn_close(&holder->mount.conn);
    assert_int_equal(conn->stash_count, 0);
    holder->mount.conn = *conn;
    list_init(&holder->mount.conn.stash);
    conn->fd = -1;
}

void holder_reconnect(struct holder *holder, enum channel_dir_from_client4 dir)
{
    holder_move(holder, holder_connect(holder, dir));
}

static void conn_accept(struct holder *holder)
{
    struct client_conn *conn = conn_new(holder);
    int fd = accept4(holder->listener, NULL, NULL, SOCK_CLOEXEC);

    assert_true(fd >= 0);
    client_conn_adopt(conn, fd, SCRIPT_TIMEOUT_MS);
    conn->callbacks = holder->callbacks;
    conn->behaviour = holder->behaviour;
}

/* A connection that the server or the configured behaviour closed is closed here, too. */
static void conn_serve(struct client_conn *conn)
{
    enum client_status status = client_call_serve(conn, SCRIPT_TIMEOUT_MS);

    if (status == CLIENT_CLOSED)
        client_conn_close(conn);
    else
        assert_int_equal(status, CLIENT_OK);
}

bool holder_pump(struct holder *holder, int wait_ms)
{
    struct client_conn *conns[HOLDER_CONNECTIONS + 1];
    struct pollfd fds[HOLDER_CONNECTIONS + 2];
    nfds_t count = 0;

    if (holder->mount.conn.fd >= 0)
        conns[count++] = &holder->mount.conn;
    for (uint32_t i = 0; i < holder->more_count; i++)
        if (holder->more[i].fd >= 0)
            conns[count++] = &holder->more[i];
    for (nfds_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = conns[i]->fd, .events = POLLIN};
    fds[count] = (struct pollfd){.fd = holder->listener, .events = POLLIN};
    if (poll(fds, count + 1, wait_ms) <= 0)
        return false;
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents)
            conn_serve(conns[i]);
    if (fds[count].revents)
        conn_accept(holder);
    return true;
}

/* ---- received callbacks ---- */

static bool callback_find(const struct holder *holder, uint32_t op, uint32_t *number)
{
    for (; *number < holder->callbacks->count; (*number)++)
        if (client_callback_lookup(client_callback_at(holder->callbacks, *number), op))
            return true;
    return false;
}

uint32_t holder_wait(struct holder *holder, uint32_t op, uint32_t from)
{
    holder_pump_until(holder, callback_find(holder, op, &from));
    return from;
}

static bool recalls(const struct client_callback *cb, const struct client_file *file)
{
    const struct client_callback_op *op = client_callback_lookup(cb, OP_CB_RECALL);
    const struct stateid4 *held = client_file_delegation(file);

    return op && held && memcmp(op->stateid.other, held->other, NFS4_OTHER_SIZE) == 0;
}

static uint32_t recalls_from(const struct holder *holder, const struct client_file *file,
                             uint32_t from)
{
    while (from < holder->callbacks->count &&
           !recalls(client_callback_at(holder->callbacks, from), file))
        from++;
    return from;
}

uint32_t holder_wait_recall(struct holder *holder, const struct client_file *file)
{
    uint32_t number = 0;

    holder_pump_until(holder, (number = recalls_from(holder, file, 0)) < holder->callbacks->count);
    return number;
}

uint32_t holder_recalls(const struct holder *holder, const struct client_file *file)
{
    uint32_t count = 0;

    for (uint32_t i = recalls_from(holder, file, 0); i < holder->callbacks->count;
         i = recalls_from(holder, file, i + 1))
        count++;
    return count;
}

uint32_t holder_executed(const struct holder *holder, const struct client_file *file)
{
    uint32_t count = 0;

    for (uint32_t i = recalls_from(holder, file, 0); i < holder->callbacks->count;
         i = recalls_from(holder, file, i + 1))
        count += client_callback_at(holder->callbacks, i)->fate == CLIENT_CALLBACK_EXECUTED;
    return count;
}

/* ---- delegations ---- */

struct client_file holder_wanting(struct holder *holder, const struct client_fh *dir,
                                  const char *name, enum open_delegation_type4 type)
{
    const bool write = type == OPEN_DELEGATE_WRITE;
    struct client_open how = {
        .owner = "holder",
        .access = write ? OPEN4_SHARE_ACCESS_BOTH : OPEN4_SHARE_ACCESS_READ,
        .name = name,
        .create = true,
        .how = UNCHECKED4,
        .mode = 0666,
    };
    struct client_file file;

    if (!holder->mount.v40)
        how.access |=
            write ? OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG : OPEN4_SHARE_ACCESS_WANT_READ_DELEG;
    expect_status(client_file_open(&holder->mount, dir, &how, &file), NFS4_OK);
    if (!(file.open.rflags & OPEN4_RESULT_CONFIRM))
        return file;
    /* An unconfirmed owner of 4.0 gets no delegation yet (RFC 7530 §10.4). */
    expect_status(client_file_close(&holder->mount, &file), NFS4_OK);
    expect_status(client_file_open(&holder->mount, dir, &how, &file), NFS4_OK);
    return file;
}

struct client_file holder_delegated(struct holder *holder, const struct client_fh *dir,
                                    const char *name, enum open_delegation_type4 type)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    struct client_file file = holder_wanting(holder, dir, name, type);

    /* The client of 4.0 has answered CB_NULL, but the server may not have read that yet. */
    while (holder->mount.v40 && !client_file_delegation(&file) && wait_now_ms() < end_ms) {
        expect_status(client_file_close(&holder->mount, &file), NFS4_OK);
        wait_ms(1);
        file = holder_wanting(holder, dir, name, type);
    }
    assert_int_equal(file.open.delegation.delegation_type, type);
    return file;
}

void holder_return(struct holder *holder, const struct client_file *file)
{
    expect_status(client_file_return(&holder->mount, &file->fh, client_file_delegation(file)),
                  NFS4_OK);
}

void holder_finish(struct holder *holder, struct client_file *file)
{
    holder_return(holder, file);
    expect_status(client_file_close(&holder->mount, file), NFS4_OK);
}

/* ---- conflicts ---- */

static const struct client_open conflicting = {
    .owner = "conflict", .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG};

static struct client_open conflicting_as(const struct client_mount *by, const char *name)
{
    struct client_open how = conflicting;

    how.name = name;
    how.clientid = client_mount_clientid(by);
    if (by->v40)
        how.access = OPEN4_SHARE_ACCESS_BOTH;
    return how;
}

/* ---- directories ---- */

struct GET_DIR_DELEGATION4res_non_fatal holder_ask_dir(struct client_mount *by,
                                                       const struct client_fh *dir)
{
    begin(by, dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION});
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE));
    run_on(&by->conn, NFS4_OK);
    return result(OP_GET_DIR_DELEGATION)->opget_dir_delegation;
}

struct stateid4 holder_delegated_dir(struct holder *holder, const struct client_fh *dir)
{
    struct GET_DIR_DELEGATION4res_non_fatal answer = holder_ask_dir(&holder->mount, dir);

    assert_int_equal(answer.gddrnf_status, GDD4_OK);
    return answer.gddrnf_resok4.gddr_stateid;
}

void holder_return_dir(struct holder *holder, const struct client_fh *dir,
                       const struct stateid4 *stateid)
{
    begin(&holder->mount, dir);
    client_compound_add(C,
                        &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {*stateid}});
    run_on(&holder->mount.conn, NFS4_OK);
}

enum nfsstat4 conflict_open(struct client_mount *by, const struct client_fh *dir, const char *name,
                            struct client_file *file)
{
    const struct client_open how = conflicting_as(by, name);

    return client_file_open(by, dir, &how, file);
}

enum nfsstat4 conflict_insist(struct client_mount *by, const struct client_fh *dir,
                              const char *name, struct holder *holder, struct client_file *file)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    enum nfsstat4 status;

    while ((status = conflict_open(by, dir, name, file)) == NFS4ERR_DELAY) {
        assert_true(wait_now_ms() < end_ms);
        if (holder)
            (void)holder_pump(holder, 10);
        else
            wait_ms(10);
    }
    return status;
}

struct client_file holder_contended(struct holder *holder, const struct client_fh *dir,
                                    const char *name)
{
    struct client_file file = holder_delegated(holder, dir, name, OPEN_DELEGATE_WRITE), other;

    expect_status(conflict_open(&bob, dir, name, &other), NFS4ERR_DELAY);
    return file;
}

void conflict_over(const struct client_fh *dir, const char *name)
{
    struct client_file file;

    expect_status(conflict_open(&bob, dir, name, &file), NFS4_OK);
    expect_status(client_file_close(&bob, &file), NFS4_OK);
}

void pending_send(struct pending *pending, struct client_mount *by)
{
    pending->by = by;
    pending->c = *C;
    memset(C, 0, sizeof(*C));
    assert_int_equal(client_compound_send(&by->conn, &pending->c, &pending->xid), CLIENT_OK);
}

void pending_open(struct pending *pending, struct client_mount *by, const struct client_fh *dir,
                  const char *name)
{
    const struct client_open how = conflicting_as(by, name);

    begin(by, dir);
    script_op_open(by, &how);
    client_op_getfh(C);
    pending_send(pending, by);
}

bool pending_is_answered(const struct pending *pending)
{
    struct pollfd ready = {.fd = pending->by->conn.fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

enum nfsstat4 pending_take(struct pending *pending)
{
    client_result_free(R);
    assert_int_equal(client_compound_receive(&pending->by->conn, &pending->c, pending->xid, R),
                     CLIENT_OK);
    client_compound_free(&pending->c);
    return R->status;
}

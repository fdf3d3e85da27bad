/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/recall.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client_call.h"
#include "client/client_file.h"

enum {
    TIMEOUT_MS = 20000,
    HOLDERS_MAX = 4,
    OPENERS_MAX = 64,
    NAME_BYTES = 64,
    STALLED_FILES = 32,
    STALLED_READ_BYTES = 64 << 10,
};

static bool complain(const char *what, enum nfsstat4 status)
{
    (void)fprintf(stderr, "mainstay-bench: %s: %s\n", what, status_name(status));
    return false;
}

static struct client_cred cred_of(const struct bench_options *options)
{
    return (struct client_cred){.uid = options->uid, .gid = options->gid};
}

static bool mount_open(const struct bench_options *options, struct client_mount *mount,
                       struct client_callbacks *callbacks)
{
    const struct client_cred cred = cred_of(options);
    struct client_session_wish wish = client_session_wish_default(NULL);
    enum nfsstat4 status;

    wish.callbacks = callbacks;
    status = client_mount_open(mount, options->target, TIMEOUT_MS, &cred, &wish);
    return status == NFS4_OK || complain("no session", status);
}

static void name_file(char *name, uint32_t holder, uint64_t round, uint32_t file)
{
    (void)snprintf(name, NAME_BYTES, "recall-%ld-%u-%lu-%u", (long)getpid(), holder,
                   (unsigned long)round, file);
}

/* ---- who holds delegations ---- */

struct held {
    struct client_fh fh;
    struct stateid4 stateid;
};

struct holder {
    pthread_t thread;
    struct bench *bench;
    uint32_t number, file_count;
    struct client_mount mount;
    struct client_callbacks *callbacks;
    struct held *files;
    uint32_t seen; /* callbacks looked at */
    uint32_t returned;
    struct histogram took;        /* as recall_result.holder */
    struct client_compound *sent; /* by slot */
    uint32_t *xids;
    bool broken;
};

struct bench {
    const struct bench_options *options;
    struct recall_result *result;
    struct client_fh dir;
    uint64_t round;
    bool over;
    uint32_t holder_count;
    struct holder holders[HOLDERS_MAX];
    pthread_barrier_t turn; /* of the holders and the main thread */
    uint32_t opener_count;
    struct opener {
        struct client_mount mount;
        struct ticket {
            uint32_t xid; /* 0: free */
            uint32_t request;
        } slots[CLIENT_SLOTS];
        uint32_t busy;
    } openers[OPENERS_MAX];
};

static bool take_delegation(struct holder *holder, uint32_t number)
{
    struct held *held = &holder->files[number];
    struct client_file file;
    char name[NAME_BYTES];
    const struct client_open how = {
        .owner = "holder",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
        .name = name,
        .create = true,
        .how = UNCHECKED4,
        .mode = 0666,
    };
    enum nfsstat4 status;

    name_file(name, holder->number, holder->bench->round, number);
    status = client_file_open(&holder->mount, &holder->bench->dir, &how, &file);
    if (status != NFS4_OK)
        return complain("a file to delegate", status);
    if (!client_file_delegation(&file)) {
        (void)fprintf(stderr, "mainstay-bench: the server gives no delegation\n");
        return false;
    }
    held->fh = file.fh;
    held->stateid = *client_file_delegation(&file);
    return client_file_close(&holder->mount, &file) == NFS4_OK;
}

static const struct held *find_held(const struct holder *holder, const struct stateid4 *stateid)
{
    for (uint32_t i = 0; i < holder->file_count; i++)
        if (memcmp(holder->files[i].stateid.other, stateid->other, sizeof(stateid->other)) == 0)
            return &holder->files[i];
    return NULL;
}

static bool return_send(struct holder *holder, uint32_t slot, const struct stateid4 *stateid)
{
    struct client_compound *c = &holder->sent[slot];
    const struct held *held = find_held(holder, stateid);
    struct nfs_argop4 op = {.argop = OP_DELEGRETURN};

    if (!held)
        return false;
    op.opdelegreturn.deleg_stateid = held->stateid;
    client_compound_begin_slot(c, &holder->mount.session, slot, false);
    client_op_putfh(c, &held->fh);
    client_compound_add(c, &op);
    return client_compound_send(&holder->mount.conn, c, &holder->xids[slot]) == CLIENT_OK;
}

/* Return what has been recalled since the last time, all at once; then take the answers. */
static bool returns(struct holder *holder)
{
    uint32_t sent = 0, slots = holder->mount.session.slot_count - 1;
    bool ok = true;

    while (ok && sent < slots && holder->seen < holder->callbacks->count) {
        const struct client_callback *cb = client_callback_at(holder->callbacks, holder->seen++);
        const struct client_callback_op *op = client_callback_find(cb, OP_CB_RECALL);

        if (!op)
            continue;
        ok = return_send(holder, ++sent, &op->stateid);
        histogram_add(&holder->took, (uint64_t)(clock_now_ns() - cb->came_ns));
    }
    for (uint32_t slot = 1; ok && slot <= sent; slot++) {
        struct client_result result;

        ok = client_compound_receive(&holder->mount.conn, &holder->sent[slot], holder->xids[slot],
                                     &result) == CLIENT_OK;
        if (ok && result.status != NFS4_OK)
            ok = complain("DELEGRETURN", result.status);
        if (ok)
            client_result_free(&result);
        client_compound_free(&holder->sent[slot]);
        holder->returned++;
    }
    return ok;
}

static bool holder_round(struct holder *holder)
{
    bool ok = true;

    holder->returned = 0;
    for (uint32_t i = 0; ok && i < holder->file_count; i++)
        ok = take_delegation(holder, i);
    pthread_barrier_wait(&holder->bench->turn);
    while (ok && holder->returned < holder->file_count) {
        if (holder->seen == holder->callbacks->count)
            ok = client_call_serve(&holder->mount.conn, TIMEOUT_MS) == CLIENT_OK;
        ok = ok && returns(holder);
    }
    return ok;
}

static void *holder_main(void *arg)
{
    struct holder *holder = arg;

    for (;;) {
        pthread_barrier_wait(&holder->bench->turn);
        if (holder->bench->over)
            return NULL;
        holder->broken = !holder_round(holder) || holder->broken;
        if (holder->broken)
            client_conn_close(&holder->mount.conn); /* its lease ends, no more comes */
        pthread_barrier_wait(&holder->bench->turn);
    }
}

static bool holder_open(struct bench *bench, uint32_t number)
{
    struct holder *holder = &bench->holders[number];
    uint32_t count = bench->options->recalls;

    holder->bench = bench;
    holder->number = number;
    holder->file_count = count / bench->holder_count + (number < count % bench->holder_count);
    holder->callbacks = must_calloc(1, sizeof(*holder->callbacks));
    holder->files = must_calloc(holder->file_count, sizeof(*holder->files));
    holder->sent = must_calloc(CLIENT_SLOTS, sizeof(*holder->sent));
    holder->xids = must_calloc(CLIENT_SLOTS, sizeof(*holder->xids));
    return mount_open(bench->options, &holder->mount, holder->callbacks) &&
           pthread_create(&holder->thread, NULL, holder_main, holder) == 0;
}

/* ---- who opens ---- */

enum kind {
    KIND_RECALL,
    KIND_OPEN,
    KIND_GETATTR,
};

static void compound_fill(struct bench *bench, enum kind kind, uint32_t request,
                          struct client_compound *c)
{
    const uint32_t holder = request % bench->holder_count, file = request / bench->holder_count;
    const struct stateid4 current = {.seqid = 1};
    char name[NAME_BYTES];
    const struct client_open how = {
        .owner = "opener",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        .name = name,
    };

    name_file(name, holder, bench->round, file);
    if (kind == KIND_GETATTR) {
        client_op_putfh(c, &bench->dir);
        client_op_getattr(c, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
        return;
    }
    client_op_putfh(c, &bench->dir);
    client_op_open(c, &how);
    client_op_close(c, &current);
}

static bool request_send(struct bench *bench, enum kind kind, struct opener *opener, uint32_t slot,
                         uint32_t request)
{
    struct client_session *session = &opener->mount.session;
    struct client_compound c;
    bool sent;

    session->highest_in_use = session->slot_count - 1;
    client_compound_begin_slot(&c, session, slot, false);
    compound_fill(bench, kind, request, &c);
    sent = client_compound_send(&opener->mount.conn, &c, &opener->slots[slot].xid) == CLIENT_OK;
    opener->slots[slot].request = request;
    client_compound_free(&c);
    return sent;
}

static struct histogram *histogram_of(struct bench *bench, enum kind kind)
{
    struct recall_result *result = bench->result;

    return kind == KIND_RECALL ? &result->recall
           : kind == KIND_OPEN ? &result->open
                               : &result->getattr;
}

/* A reply has come; true unless something is wrong. */
static bool reply_take(struct bench *bench, enum kind kind, struct opener *opener,
                       const int64_t *sent_ns, uint32_t *left)
{
    struct client_reply reply;
    enum nfsstat4 status;
    int64_t now_ns;
    uint32_t slot = 1;

    if (client_call_receive_any(&opener->mount.conn, &reply) != CLIENT_OK)
        return complain("no reply", NFS4ERR_IO);
    now_ns = clock_now_ns();
    status = (enum nfsstat4)xdr_get_u32(&reply.results);
    while (slot < CLIENT_SLOTS && opener->slots[slot].xid != reply.header.xid)
        slot++;
    client_reply_free(&reply);
    CHECK(slot < CLIENT_SLOTS);
    opener->mount.session.slots[slot].seqid++;
    if (status == NFS4ERR_DELAY && kind == KIND_RECALL) {
        bench->result->delayed++;
        return request_send(bench, kind, opener, slot, opener->slots[slot].request);
    }
    opener->slots[slot].xid = 0;
    opener->busy--;
    (*left)--;
    histogram_add(histogram_of(bench, kind),
                  (uint64_t)(now_ns - sent_ns[opener->slots[slot].request]));
    return status == NFS4_OK || complain("a request", status);
}

static bool replies_take(struct bench *bench, enum kind kind, const int64_t *sent_ns,
                         uint32_t *left)
{
    struct pollfd fds[OPENERS_MAX];

    for (uint32_t i = 0; i < bench->opener_count; i++)
        fds[i] = (struct pollfd){.fd = bench->openers[i].mount.conn.fd, .events = POLLIN};
    if (poll(fds, bench->opener_count, TIMEOUT_MS) <= 0)
        return complain("no reply", NFS4ERR_IO);
    for (uint32_t i = 0; i < bench->opener_count; i++)
        if (fds[i].revents && !reply_take(bench, kind, &bench->openers[i], sent_ns, left))
            return false;
    return true;
}

/* All requests at once, one after the other over the connections. */
static bool volley(struct bench *bench, enum kind kind)
{
    const uint32_t count = bench->options->recalls;
    int64_t *sent_ns = must_calloc(count, sizeof(*sent_ns));
    uint32_t left = count;
    bool ok = true;

    for (uint32_t i = 0; ok && i < count; i++) {
        struct opener *opener = &bench->openers[i % bench->opener_count];

        sent_ns[i] = clock_now_ns();
        ok = request_send(bench, kind, opener, ++opener->busy, i);
    }
    while (ok && left > 0)
        ok = replies_take(bench, kind, sent_ns, &left);
    free(sent_ns);
    return ok;
}

static bool files_remove(struct bench *bench)
{
    struct client_mount *mount = &bench->openers[0].mount;
    bool ok = true;

    for (uint32_t i = 0; ok && i < bench->options->recalls; i++) {
        char name[NAME_BYTES];

        name_file(name, i % bench->holder_count, bench->round, i / bench->holder_count);
        ok = client_file_remove(mount, &bench->dir, name) == NFS4_OK;
    }
    return ok;
}

static bool round_run(struct bench *bench)
{
    bool ok;

    pthread_barrier_wait(&bench->turn); /* holders take delegations */
    pthread_barrier_wait(&bench->turn); /* they have, and wait for recalls */
    ok = volley(bench, KIND_RECALL);
    pthread_barrier_wait(&bench->turn);
    for (uint32_t i = 0; i < bench->holder_count; i++)
        ok = ok && !bench->holders[i].broken;
    ok = ok && volley(bench, KIND_GETATTR) && volley(bench, KIND_OPEN) && files_remove(bench);
    bench->round++;
    return ok;
}

/* Sessions enough for all of the requests, slot 0 of each for everything else. */
static bool openers_open(struct bench *bench)
{
    uint32_t room = 0;

    while (room < bench->options->recalls) {
        struct opener *opener = &bench->openers[bench->opener_count];

        if (bench->opener_count == OPENERS_MAX || !mount_open(bench->options, &opener->mount, NULL))
            return false;
        bench->opener_count++;
        room += opener->mount.session.slot_count - 1;
    }
    return true;
}

static bool bench_open(struct bench *bench)
{
    enum nfsstat4 status;

    if (!openers_open(bench))
        return false;
    status = client_file_lookup(&bench->openers[0].mount, bench->options->export, &bench->dir);
    if (status != NFS4_OK)
        return complain(bench->options->export, status);
    bench->holder_count =
        bench->options->recalls < HOLDERS_MAX ? bench->options->recalls : HOLDERS_MAX;
    CHECK(pthread_barrier_init(&bench->turn, NULL, bench->holder_count + 1) == 0);
    for (uint32_t i = 0; i < bench->holder_count; i++)
        if (!holder_open(bench, i))
            exit(1); /* others wait at the barrier already */
    return true;
}

static void took_add(struct histogram *sum, const struct histogram *part)
{
    sum->count += part->count;
    if (part->max_ns > sum->max_ns)
        sum->max_ns = part->max_ns;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum->buckets[i] += part->buckets[i];
}

static void bench_close(struct bench *bench)
{
    bench->over = true;
    pthread_barrier_wait(&bench->turn);
    for (uint32_t i = 0; i < bench->holder_count; i++) {
        struct holder *holder = &bench->holders[i];

        pthread_join(holder->thread, NULL);
        took_add(&bench->result->holder, &holder->took);
        client_mount_close(&holder->mount);
        free(holder->callbacks);
        free(holder->files);
        free(holder->sent);
        free(holder->xids);
    }
    pthread_barrier_destroy(&bench->turn);
    for (uint32_t i = 0; i < bench->opener_count; i++)
        client_mount_close(&bench->openers[i].mount);
}

bool recall_run(const struct bench_options *options, struct recall_result *result)
{
    struct bench *bench = must_calloc(1, sizeof(*bench));
    int64_t warm_ns = clock_now_ns() + (int64_t)(options->warmup_s * 1e9), end_ns;
    bool ok;

    memset(result, 0, sizeof(*result));
    bench->options = options;
    bench->result = result;
    ok = bench_open(bench);
    while (ok && clock_now_ns() < warm_ns)
        ok = round_run(bench);
    memset(result, 0, sizeof(*result));
    end_ns = clock_now_ns() + (int64_t)(options->time_s * 1e9);
    for (; ok && (result->rounds == 0 || clock_now_ns() < end_ns); result->rounds++)
        ok = round_run(bench);
    if (bench->holder_count > 0)
        bench_close(bench);
    free(bench);
    return ok;
}

/* ---- who does not read ---- */

static bool hostile_read(struct client_mount *mount, const struct client_file *file)
{
    const struct stateid4 anonymous = {0};
    bool ok = true;

    (void)file;
    for (uint32_t slot = 1; ok && slot < mount->session.slot_count; slot++) {
        struct client_compound c;
        uint32_t xid;

        mount->session.highest_in_use = mount->session.slot_count - 1;
        client_compound_begin_slot(&c, &mount->session, slot, false);
        client_op_putfh(&c, &file->fh);
        client_op_read(&c, &anonymous, 0, STALLED_READ_BYTES);
        ok = client_compound_send(&mount->conn, &c, &xid) == CLIENT_OK;
        client_compound_free(&c);
    }
    return ok;
}

/* The file that is read, and others that are delegated. */
static bool hostile_prepare(struct holder *holder)
{
    static uint8_t data[STALLED_READ_BYTES];
    struct client_file file;
    char name[NAME_BYTES];
    uint32_t written;
    bool ok = true;

    for (uint32_t i = 0; ok && i < holder->file_count; i++)
        ok = take_delegation(holder, i);
    name_file(name, 9, 0, 0);
    ok = ok && client_file_create(&holder->mount, &holder->bench->dir, name, &file) == NFS4_OK &&
         client_file_write(&holder->mount, &file, 0, UNSTABLE4, data, sizeof(data), &written) ==
             NFS4_OK;
    return ok && hostile_read(&holder->mount, &file);
}

/* Somebody wants the files all the time. */
static bool hostile_press(struct bench *bench)
{
    int64_t end_ns = clock_now_ns() + (int64_t)(bench->options->time_s * 1e9);
    struct opener *opener = &bench->openers[0];
    int64_t sent_ns[STALLED_FILES] = {0};
    uint32_t left = STALLED_FILES;
    bool ok = true;

    for (uint32_t i = 0; ok && i < STALLED_FILES; i++)
        ok = request_send(bench, KIND_RECALL, opener, ++opener->busy, i);
    while (ok && left > 0 && clock_now_ns() < end_ns)
        ok = replies_take(bench, KIND_RECALL, sent_ns, &left);
    return ok;
}

bool recall_hostile_run(const struct bench_options *options)
{
    struct bench_options mine = *options;
    struct bench *bench = must_calloc(1, sizeof(*bench));
    struct recall_result result = {0};
    struct holder *holder = &bench->holders[0];
    bool ok;

    mine.recalls = STALLED_FILES;
    bench->options = &mine;
    bench->result = &result;
    bench->holder_count = 1;
    *holder = (struct holder){.bench = bench, .file_count = STALLED_FILES};
    holder->files = must_calloc(STALLED_FILES, sizeof(*holder->files));
    holder->callbacks = must_calloc(1, sizeof(*holder->callbacks));
    ok = openers_open(bench) && mount_open(&mine, &holder->mount, holder->callbacks) &&
         client_file_lookup(&bench->openers[0].mount, mine.export, &bench->dir) == NFS4_OK &&
         hostile_prepare(holder);
    if (ok) {
        (void)puts("ready");
        (void)fflush(stdout);
        ok = hostile_press(bench);
    }
    (void)fprintf(stderr, "%lu times NFS4ERR_DELAY\n", (unsigned long)result.delayed);
    free(holder->files);
    free(holder->callbacks);
    free(bench);
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/recall.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench/load/process.h"
#include "bench/load/recall_holder.h"
#include "client/client_file.h"

enum {
    WAIT_MS = 20000,
    HOLDERS_MAX = 4,
    OPENERS_MAX = 64,
};

struct recall_bench {
    const struct bench_options *options;
    struct recall_result *result;
    struct client_fh dir;
    uint64_t round;
    uint32_t holder_count, opener_count;
    struct recall_holder holders[HOLDERS_MAX];
    struct pipe openers[OPENERS_MAX];
    pthread_barrier_t turn; /* of the holders and the main thread */
    int64_t sent_ns[BENCH_RECALLS_MAX];
};

enum kind {
    KIND_RECALL,
    KIND_OPEN,
    KIND_GETATTR,
};

/* ---- requests ---- */

static void compound_fill(struct recall_bench *bench, enum kind kind, uint32_t request,
                          struct client_compound *c)
{
    const struct stateid4 current = {.seqid = 1};
    char name[RECALL_NAME_BYTES];
    const struct client_open how = {
        .owner = "opener",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        .name = name,
    };

    client_op_putfh(c, &bench->dir);
    if (kind == KIND_GETATTR) {
        client_op_getattr(c, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
        return;
    }
    recall_name(name, request % bench->holder_count, bench->round, request / bench->holder_count);
    client_op_open(c, &how);
    client_op_close(c, &current);
}

static bool request_make(struct recall_bench *bench, enum kind kind, struct pipe *opener,
                         uint32_t request)
{
    struct client_compound c;

    pipe_begin(opener, &c);
    compound_fill(bench, kind, request, &c);
    return pipe_send(opener, &c, request);
}

static struct recall_kind *result_of(struct recall_bench *bench, enum kind kind)
{
    struct recall_result *result = bench->result;

    return kind == KIND_RECALL ? &result->recall
           : kind == KIND_OPEN ? &result->open
                               : &result->getattr;
}

static bool reply_take(struct recall_bench *bench, enum kind kind, struct pipe *opener,
                       uint32_t *left)
{
    enum nfsstat4 status;
    uint32_t request;

    if (!pipe_receive(opener, &request, &status))
        return false;
    if (status == NFS4ERR_DELAY && kind == KIND_RECALL) {
        bench->result->delayed++;
        return request_make(bench, kind, opener, request) &&
               client_conn_flush(&opener->mount.conn) == CLIENT_OK;
    }
    (*left)--;
    histogram_add(&result_of(bench, kind)->latency,
                  (uint64_t)(clock_now_ns() - bench->sent_ns[request]));
    return status == NFS4_OK || pipe_trouble("a request", status);
}

static bool replies_take(struct recall_bench *bench, enum kind kind, uint32_t *left)
{
    struct pollfd fds[OPENERS_MAX];

    for (uint32_t i = 0; i < bench->opener_count; i++)
        fds[i] = (struct pollfd){.fd = bench->openers[i].mount.conn.fd, .events = POLLIN};
    if (poll(fds, bench->opener_count, WAIT_MS) <= 0)
        return pipe_trouble("no reply", NFS4ERR_IO);
    for (uint32_t i = 0; i < bench->opener_count; i++) {
        if (!fds[i].revents)
            continue;
        do {
            if (!reply_take(bench, kind, &bench->openers[i], left))
                return false;
        } while (client_conn_ready(&bench->openers[i].mount.conn));
    }
    return true;
}

static int64_t server_cpu_ns(const struct recall_bench *bench)
{
    int64_t ns = 0;

    if (bench->options->pid)
        (void)process_cpu_ns(bench->options->pid, &ns);
    return ns;
}

/* Send all requests, distributed over the connections, before any reply is received. */
static bool volley(struct recall_bench *bench, enum kind kind)
{
    uint32_t count = bench->options->recalls, left = count;
    struct recall_kind *result = result_of(bench, kind);
    bool ok = true;

    result->server_cpu_ns -= server_cpu_ns(bench);
    for (uint32_t i = 0; ok && i < count; i++) {
        struct pipe *opener = &bench->openers[i % bench->opener_count];

        ok = request_make(bench, kind, opener, i);
        bench->sent_ns[i] = clock_now_ns();
        ok = ok && client_conn_flush(&opener->mount.conn) == CLIENT_OK;
    }
    while (ok && left > 0)
        ok = replies_take(bench, kind, &left);
    result->server_cpu_ns += server_cpu_ns(bench);
    result->done += count;
    return ok;
}

/* ---- rounds ---- */

static bool files_remove(struct recall_bench *bench)
{
    struct client_mount *mount = &bench->openers[0].mount;
    bool ok = true;

    for (uint32_t i = 0; ok && i < bench->options->recalls; i++) {
        char name[RECALL_NAME_BYTES];

        recall_name(name, i % bench->holder_count, bench->round, i / bench->holder_count);
        ok = client_file_remove(mount, &bench->dir, name) == NFS4_OK;
    }
    return ok;
}

static bool round_run(struct recall_bench *bench)
{
    bool ok;

    pthread_barrier_wait(&bench->turn); /* the holders acquire delegations */
    pthread_barrier_wait(&bench->turn); /* they have, and wait for recalls */
    ok = volley(bench, KIND_RECALL);
    pthread_barrier_wait(&bench->turn);
    for (uint32_t i = 0; i < bench->holder_count; i++)
        ok = ok && !bench->holders[i].broken;
    ok = ok && volley(bench, KIND_GETATTR) && volley(bench, KIND_OPEN) && files_remove(bench);
    bench->round++;
    return ok;
}

/* Open as many sessions as the requests need. */
static bool openers_open(struct recall_bench *bench)
{
    uint32_t least = UINT32_MAX;

    do {
        struct pipe *opener = &bench->openers[bench->opener_count];

        if (bench->opener_count == OPENERS_MAX)
            return pipe_trouble("too few slots", NFS4ERR_RESOURCE);
        if (!pipe_open(opener, bench->options, NULL))
            return false;
        bench->opener_count++;
        least = opener->room < least ? opener->room : least;
    } while (least * bench->opener_count < bench->options->recalls);
    return true;
}

static bool holders_open(struct recall_bench *bench)
{
    uint32_t count = bench->options->recalls;
    uint32_t holders = count < HOLDERS_MAX ? count : HOLDERS_MAX;

    CHECK(pthread_barrier_init(&bench->turn, NULL, holders + 1) == 0);
    for (uint32_t i = 0; i < holders; i++) {
        struct recall_holder *holder = &bench->holders[i];

        holder->options = bench->options;
        holder->number = i;
        holder->dir = &bench->dir;
        holder->turn = &bench->turn;
        holder->file_count = count / holders + (i < count % holders);
        if (!recall_holder_open(holder) || !recall_holder_start(holder))
            exit(1); /* others are waiting at the barrier already */
        bench->holder_count++;
    }
    return true;
}

static bool bench_open(struct recall_bench *bench)
{
    enum nfsstat4 status;

    if (!openers_open(bench))
        return false;
    status = client_file_lookup(&bench->openers[0].mount, bench->options->export, &bench->dir);
    if (status != NFS4_OK)
        return pipe_trouble(bench->options->export, status);
    return holders_open(bench);
}

static void holders_close(struct recall_bench *bench)
{
    if (bench->holder_count == 0)
        return;
    for (uint32_t i = 0; i < bench->holder_count; i++)
        bench->holders[i].over = true;
    pthread_barrier_wait(&bench->turn);
    for (uint32_t i = 0; i < bench->holder_count; i++) {
        pthread_join(bench->holders[i].thread, NULL);
        histogram_join(&bench->result->holder, &bench->holders[i].took);
        recall_holder_close(&bench->holders[i]);
    }
    pthread_barrier_destroy(&bench->turn);
}

static void results_forget(struct recall_bench *bench)
{
    memset(bench->result, 0, sizeof(*bench->result));
    for (uint32_t i = 0; i < bench->holder_count; i++)
        memset(&bench->holders[i].took, 0, sizeof(bench->holders[i].took));
}

bool recall_run(const struct bench_options *options, struct recall_result *result)
{
    struct recall_bench *bench = must_calloc(1, sizeof(*bench));
    int64_t warm_ns = clock_now_ns() + (int64_t)(options->warmup_s * 1e9), end_ns;
    bool ok;

    bench->options = options;
    bench->result = result;
    ok = bench_open(bench);
    while (ok && clock_now_ns() < warm_ns)
        ok = round_run(bench);
    results_forget(bench);
    end_ns = clock_now_ns() + (int64_t)(options->time_s * 1e9);
    for (; ok && (result->rounds == 0 || clock_now_ns() < end_ns); result->rounds++)
        ok = round_run(bench);
    holders_close(bench);
    for (uint32_t i = 0; i < bench->opener_count; i++)
        pipe_close(&bench->openers[i]);
    free(bench);
    return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bench/load/recall_holder.h"
#include "client/client_file.h"

enum {
    FILES = 48, /* more than a back channel has slots */
    READ_BYTES = 512 << 10,
};

struct hostile {
    struct recall_holder holder;
    struct pipe opener; /* the other client */
    struct client_fh dir;
    uint64_t delayed;
};

/* Create a file, and send a READ of it in each slot. */
static bool replies_ask(struct hostile *hostile)
{
    static uint8_t data[READ_BYTES];
    struct pipe *pipe = &hostile->holder.pipe;
    const struct stateid4 anonymous = {0};
    char name[RECALL_NAME_BYTES];
    struct client_file file;
    uint32_t written;
    bool ok = true;
    enum nfsstat4 status;

    recall_name(name, hostile->holder.number, 0, FILES);
    status = client_file_create(&pipe->mount, &hostile->dir, name, &file);
    if (status == NFS4_OK)
        status = client_file_write(&pipe->mount, &file, 0, UNSTABLE4, data, sizeof(data), &written);
    if (status != NFS4_OK)
        return pipe_trouble(name, status);
    while (ok && pipe->busy < pipe->room) {
        struct client_compound c;

        pipe_begin(pipe, &c);
        client_op_putfh(&c, &file.fh);
        client_op_read(&c, &anonymous, 0, READ_BYTES);
        ok = pipe_send(pipe, &c, 0);
    }
    return ok && client_conn_flush(&pipe->mount.conn) == CLIENT_OK;
}

static bool file_want(struct hostile *hostile, uint32_t number)
{
    char name[RECALL_NAME_BYTES];
    const struct client_open how = {
        .owner = "opener",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        .name = name,
    };
    struct client_compound c;

    recall_name(name, hostile->holder.number, 0, number);
    pipe_begin(&hostile->opener, &c);
    client_op_putfh(&c, &hostile->dir);
    client_op_open(&c, &how);
    return pipe_send(&hostile->opener, &c, number);
}

/* Keep opening the files that are delegated, until `end_ns`. */
static bool press(struct hostile *hostile, int64_t end_ns)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < FILES; i++)
        ok = file_want(hostile, i);
    while (ok && hostile->opener.busy > 0 && clock_now_ns() < end_ns) {
        enum nfsstat4 status;
        uint32_t number;

        ok = pipe_receive(&hostile->opener, &number, &status);
        if (ok && status == NFS4ERR_DELAY) {
            hostile->delayed++;
            ok = file_want(hostile, number);
        }
    }
    return ok;
}

/* Keep the socket's buffer as small as possible. */
static bool hostile_open(struct hostile *hostile, const struct bench_options *options)
{
    struct recall_holder *holder = &hostile->holder;
    const int bytes = 4096;
    enum nfsstat4 status;

    *holder = (struct recall_holder){
        .options = options, .dir = &hostile->dir, .number = 9, .file_count = FILES};
    if (!recall_holder_open(holder) || !pipe_open(&hostile->opener, options, NULL))
        return false;
    (void)setsockopt(holder->pipe.mount.conn.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    status = client_file_lookup(&holder->pipe.mount, options->export, &hostile->dir);
    if (status != NFS4_OK)
        return pipe_trouble(options->export, status);
    return hostile->opener.room >= FILES || pipe_trouble("too few slots", NFS4ERR_RESOURCE);
}

/* Just close: the client does not read replies. */
static void hostile_close(struct hostile *hostile)
{
    client_conn_close(&hostile->holder.pipe.mount.conn);
    client_conn_close(&hostile->opener.mount.conn);
    free(hostile->holder.callbacks);
    free(hostile->holder.files);
    free(hostile);
}

static void wait_until(int64_t end_ns)
{
    while (clock_now_ns() < end_ns)
        nanosleep(&(struct timespec){.tv_nsec = 10 * NSEC_PER_MSEC}, NULL);
}

bool hostile_run(const struct bench_options *options)
{
    const bool recalls = options->hostile & HOSTILE_RECALLS;
    struct hostile *hostile = must_calloc(1, sizeof(*hostile));
    int64_t end_ns;
    bool ok = hostile_open(hostile, options) &&
              (!recalls || recall_holder_take(&hostile->holder)) &&
              (!(options->hostile & HOSTILE_REPLIES) || replies_ask(hostile));

    end_ns = clock_now_ns() + (int64_t)(options->time_s * 1e9);
    if (ok) {
        (void)puts("ready");
        (void)fflush(stdout);
        ok = !recalls || press(hostile, end_ns);
        wait_until(ok ? end_ns : 0);
    }
    if (recalls)
        (void)fprintf(stderr, "%lu times NFS4ERR_DELAY\n", (unsigned long)hostile->delayed);
    hostile_close(hostile);
    return ok;
}

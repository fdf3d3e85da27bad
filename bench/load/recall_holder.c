/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/recall_holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/client_call.h"
#include "client/client_file.h"

enum {
    WAIT_MS = 20000,
    TRIES = 100
};

void recall_name(char *name, uint32_t holder, uint64_t round, uint32_t file)
{
    (void)snprintf(name, RECALL_NAME_BYTES, "recall-%ld-%u-%lu-%u", (long)getpid(), holder,
                   (unsigned long)round, file);
}

bool recall_holder_open(struct recall_holder *holder)
{
    holder->callbacks = must_calloc(1, sizeof(*holder->callbacks));
    holder->files = must_calloc(holder->file_count, sizeof(*holder->files));
    return pipe_open(&holder->pipe, holder->options, holder->callbacks);
}

void recall_holder_close(struct recall_holder *holder)
{
    pipe_close(&holder->pipe);
    free(holder->callbacks);
    free(holder->files);
}

/* ---- acquiring ---- */

/* Open the file of this number, made if it is not there, and close it again.  *given: there
 * is a delegation of it. */
static bool try_to_take(struct recall_holder *holder, uint32_t number, bool *given)
{
    struct held *held = &holder->files[number];
    struct client_file file;
    char name[RECALL_NAME_BYTES];
    const struct client_open how = {
        .owner = "holder",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
        .name = name,
        .create = true,
        .how = UNCHECKED4,
        .mode = 0666,
    };
    enum nfsstat4 status;

    recall_name(name, holder->number, holder->round, number);
    status = client_file_open(&holder->pipe.mount, holder->dir, &how, &file);
    if (status != NFS4_OK)
        return pipe_trouble("a file to delegate", status);
    *given = client_file_delegation(&file) != NULL;
    held->fh = file.fh;
    if (*given)
        held->stateid = *client_file_delegation(&file);
    status = client_file_close(&holder->pipe.mount, &file);
    return status == NFS4_OK || pipe_trouble("CLOSE", status);
}

/* A server may refuse one while it works on something else, here the files of the other holders. */
static bool take(struct recall_holder *holder, uint32_t number)
{
    bool given = false, ok = true;

    for (int i = 0; ok && !given && i < TRIES; i++)
        ok = try_to_take(holder, number, &given);
    if (ok && !given)
        (void)fprintf(stderr, "mainstay-bench: the server gives no delegation\n");
    return ok && given;
}

bool recall_holder_take(struct recall_holder *holder)
{
    bool ok = true;

    holder->found = holder->returned = 0;
    for (uint32_t i = 0; ok && i < holder->file_count; i++)
        ok = take(holder, i);
    return ok;
}

/* ---- returning ---- */

/* It is nearly always the next one. */
static const struct held *find(struct recall_holder *holder, const struct stateid4 *stateid)
{
    for (uint32_t i = 0; i < holder->file_count; i++) {
        uint32_t at = (holder->found + i) % holder->file_count;

        if (memcmp(holder->files[at].stateid.other, stateid->other, sizeof(stateid->other)) != 0)
            continue;
        holder->found = at + 1;
        return &holder->files[at];
    }
    return NULL;
}

static bool return_one(struct recall_holder *holder, const struct client_callback *cb)
{
    const struct client_callback_op *recall = client_callback_lookup(cb, OP_CB_RECALL);
    const struct held *held = recall ? find(holder, &recall->stateid) : NULL;
    struct nfs_argop4 op = {.argop = OP_DELEGRETURN};
    struct client_compound c;

    if (!recall)
        return true;
    if (!held)
        return pipe_trouble("a recall of what is not held", NFS4ERR_BAD_STATEID);
    op.opdelegreturn.deleg_stateid = held->stateid;
    pipe_begin(&holder->pipe, &c);
    client_op_putfh(&c, &held->fh);
    client_compound_add(&c, &op);
    if (!pipe_send(&holder->pipe, &c, 0))
        return false;
    histogram_add(&holder->took, (uint64_t)(clock_now_ns() - cb->came_ns));
    return true;
}

static bool answers_take(struct recall_holder *holder)
{
    while (holder->pipe.mount.conn.stash_count > 0) {
        enum nfsstat4 status;
        uint32_t tag;

        if (!pipe_receive(&holder->pipe, &tag, &status))
            return false;
        if (status != NFS4_OK)
            return pipe_trouble("DELEGRETURN", status);
        holder->returned++;
    }
    return true;
}

/* Handle one record after the other; DELEGRETURNs are sent when no more input is available. */
static bool return_all(struct recall_holder *holder)
{
    bool ok = true;

    while (ok && holder->returned < holder->file_count) {
        ok = client_call_serve(&holder->pipe.mount.conn, WAIT_MS) == CLIENT_OK &&
             answers_take(holder);
        while (ok && holder->seen < holder->callbacks->count &&
               holder->pipe.busy < holder->pipe.room)
            ok = return_one(holder, client_callback_at(holder->callbacks, holder->seen++));
    }
    return ok;
}

/* ---- the thread ---- */

static void *holder_main(void *arg)
{
    struct recall_holder *holder = arg;
    bool ok = true;

    for (;;) {
        pthread_barrier_wait(holder->turn);
        if (holder->over)
            return NULL;
        ok = ok && recall_holder_take(holder);
        pthread_barrier_wait(holder->turn);
        ok = ok && return_all(holder);
        if (!ok)
            client_conn_close(&holder->pipe.mount.conn); /* its lease expires, and it sends no
                                                          * more */
        holder->broken = !ok;
        holder->round++;
        pthread_barrier_wait(holder->turn);
    }
}

bool recall_holder_start(struct recall_holder *holder)
{
    return pthread_create(&holder->thread, NULL, holder_main, holder) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guess.h"
#include "bench/load/lane.h"

#define FILL_BYTES (256u << 10) /* size of each WRITE that fills a file */

static void build_nothing(const struct bench_work *work, const struct lane_slot *slot,
                          struct client_compound *c)
{
    (void)work;
    (void)slot;
    (void)c;
}

static const struct bench_op op_null = {
    .name = "null",
    .bare = true,
    .stage_count = 1,
    .stages = {{.build = build_nothing}},
};

static const struct bench_op op_seq = {
    .name = "seq",
    .session = true,
    .stage_count = 1,
    .stages = {{.build = build_nothing}},
};

static const struct bench_op *const all[] = {
    &op_null,
    &op_seq,
    &bench_op_getattr,
    &bench_op_lookup,
    &bench_op_access,
    &bench_op_open_close,
    &bench_op_read,
    &bench_op_create_remove,
    &bench_op_write,
    &bench_op_write_sync,
    &bench_op_readdir,
    &bench_op_list,
    &bench_op_open_wish,
    &bench_op_lock,
    &bench_op_create,
    &bench_op_remove,
    &bench_op_rename,
    &bench_op_read_plus,
    &bench_op_copy,
    &bench_op_getxattr,
    &bench_op_setxattr,
};

const struct bench_op *bench_op_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

void bench_op_offer(struct guess *guess)
{
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        guess_offer(guess, all[i]->name);
}

struct bitmap4 bench_attrs(void)
{
    return CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_FSID, FATTR4_FILEID,
                       FATTR4_MODE, FATTR4_NUMLINKS, FATTR4_OWNER, FATTR4_OWNER_GROUP,
                       FATTR4_RAWDEV, FATTR4_SPACE_USED, FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA,
                       FATTR4_TIME_MODIFY, FATTR4_MOUNTED_ON_FILEID);
}

enum nfsstat4 bench_work_fill(struct bench_work *work, struct client_file *file, uint32_t bytes)
{
    uint8_t *data = must_calloc(1, FILL_BYTES);
    enum nfsstat4 status = NFS4_OK;
    uint32_t done = 0;

    memset(data, 0x5a, FILL_BYTES);
    while (status == NFS4_OK && done < bytes) {
        uint32_t part = bytes - done < FILL_BYTES ? bytes - done : FILL_BYTES, written;

        status = client_file_write(work->mount, file, done, UNSTABLE4, data, part, &written);
        if (status == NFS4_OK && written == 0)
            status = NFS4ERR_IO;
        done += written;
    }
    free(data);
    return status;
}

void bench_file_name(uint32_t index, char name[BENCH_NAME_BYTES])
{
    (void)snprintf(name, BENCH_NAME_BYTES, "f%07u", index);
}

/* Multiples of a prime: neighbours are far from each other, and none is met again soon. */
uint32_t bench_entry(const struct lane_slot *slot, uint32_t turn)
{
    const uint64_t number = (uint64_t)turn * slot->lane->slot_count + slot->index;

    return (uint32_t)(number * 1000000007u % slot->lane->work.options->entries);
}

/* The files of --dir.  With fewer than `count`, they come again. */
static enum nfsstat4 files_lookup(struct bench_work *work, uint32_t count)
{
    enum nfsstat4 status = NFS4_OK;

    for (uint32_t i = 0; i < count && status == NFS4_OK; i++) {
        char name[BENCH_NAME_BYTES];

        bench_file_name(i % work->options->entries, name);
        status = client_file_lookup_at(work->mount, &work->dir, name, &work->files[i].fh);
    }
    return status;
}

enum nfsstat4 bench_work_files(struct bench_work *work, uint32_t count, uint32_t bytes,
                               bool keep_open)
{
    enum nfsstat4 status = NFS4_OK;

    work->files = must_calloc(count, sizeof(*work->files));
    work->file_room = count;
    if (work->options->dir)
        return files_lookup(work, count);
    for (uint32_t i = 0; i < count && status == NFS4_OK; i++) {
        char name[BENCH_NAME_BYTES];

        bench_file_name(i, name);
        status = client_file_create(work->mount, &work->dir, name, &work->files[i]);
        if (status != NFS4_OK)
            break;
        work->file_count++;
        status = bench_work_fill(work, &work->files[i], bytes);
        if (status == NFS4_OK && !keep_open)
            status = client_file_close(work->mount, &work->files[i]);
    }
    if (!keep_open)
        work->file_count = 0; /* the clean-up need not close any */
    return status;
}

enum nfsstat4 bench_work_setup(struct bench_work *work, const struct bench_op *op)
{
    enum nfsstat4 status;

    if (!op->setup)
        return NFS4_OK;
    (void)snprintf(work->dir_name, sizeof(work->dir_name), "bench.%ld.%u", (long)getpid(),
                   work->lane);
    status = client_file_lookup(work->mount, work->options->export, &work->parent);
    if (status == NFS4_OK && work->options->dir)
        status = client_file_lookup_at(work->mount, &work->parent, work->options->dir, &work->dir);
    else if (status == NFS4_OK)
        status = client_file_mkdir(work->mount, &work->parent, work->dir_name, &work->dir);
    return status == NFS4_OK ? op->setup(work) : status;
}

void bench_work_cleanup(struct bench_work *work)
{
    for (uint32_t i = 0; i < work->file_count; i++)
        client_file_close(work->mount, &work->files[i]);
    if (work->dir.len > 0 && !work->options->dir) {
        enum nfsstat4 status = client_file_remove_tree(work->mount, &work->parent, work->dir_name);

        if (status != NFS4_OK)
            (void)fprintf(stderr, "mainstay-bench: %s is left behind: %s\n", work->dir_name,
                          status_name(status));
    }
    free(work->files);
    free(work->locks);
    free(work->payload);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/idle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "bench/load/process.h"
#include "client/client_file.h"

#define IDLE_TIMEOUT_MS 20000
#define IDLE_SPARE_FDS 64u
#define IDLE_FILE "mainstay-bench-kept"

static bool files_allow(uint32_t wanted)
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

static void sleep_s(double seconds)
{
    struct timespec ts = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

    nanosleep(&ts, NULL);
}

static enum nfsstat4 mount_open(const struct bench_options *options, struct client_mount *mount)
{
    struct client_cred cred = {
        .uid = options->uid, .gid = options->gid, .security = &options->security};

    return client_mount_open(mount, options->target, IDLE_TIMEOUT_MS, &cred, NULL);
}

/* The file that --kept reads, created over a connection of its own. */
struct kept_file {
    struct client_mount mount;
    struct client_fh parent, fh;
};

static enum nfsstat4 kept_file_write(struct kept_file *kept, const struct bench_options *options)
{
    /* No delegation: nothing here would return it. */
    const struct client_open how = {
        .owner = "kept",
        .access = OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
        .name = IDLE_FILE,
        .create = true,
        .how = GUARDED4,
        .mode = 0644,
    };
    uint8_t *data = must_calloc(1, options->kept);
    struct client_file file;
    uint32_t written = 0;
    enum nfsstat4 status;

    status = client_file_lookup(&kept->mount, options->export, &kept->parent);
    if (status == NFS4_OK)
        status = client_file_open(&kept->mount, &kept->parent, &how, &file);
    if (status == NFS4_OK) {
        status =
            client_file_write(&kept->mount, &file, 0, UNSTABLE4, data, options->kept, &written);
        kept->fh = file.fh;
        (void)client_file_close(&kept->mount, &file);
    }
    free(data);
    return status;
}

static bool kept_file_make(struct kept_file *kept, const struct bench_options *options)
{
    enum nfsstat4 status = mount_open(options, &kept->mount);

    if (status == NFS4_OK)
        status = kept_file_write(kept, options);
    if (status != NFS4_OK)
        (void)fprintf(stderr, "mainstay-bench: %s: file to read: %s\n", options->target,
                      client_mount_failure(&kept->mount, status));
    return status == NFS4_OK;
}

static void kept_file_remove(struct kept_file *kept)
{
    enum nfsstat4 status = client_file_remove(&kept->mount, &kept->parent, IDLE_FILE);

    if (status != NFS4_OK)
        (void)fprintf(stderr, "mainstay-bench: %s stays: %s\n", IDLE_FILE, status_name(status));
    client_mount_close(&kept->mount);
}

/* Send a READ in each slot, with its reply cached. */
static enum nfsstat4 fill(struct client_mount *mount, const struct kept_file *kept, uint32_t bytes)
{
    enum nfsstat4 status = NFS4_OK;

    for (uint32_t i = 0; i < mount->session.slot_count && status == NFS4_OK; i++) {
        struct client_compound c;
        struct client_result r;

        client_compound_begin_slot(&c, &mount->session, i, true);
        client_op_putfh(&c, &kept->fh);
        client_op_read(&c, &client_stateid_anonymous, 0, bytes);
        status = client_mount_call(mount, &c, &r);
        client_result_free(&r);
    }
    return status;
}

/* Keep only the connections, to save memory on this side, too. */
static uint32_t open_all(const struct bench_options *options, const struct kept_file *kept,
                         struct client_conn *conns, uint64_t *slots)
{
    struct client_mount mount;

    for (uint32_t i = 0; i < options->idle; i++) {
        enum nfsstat4 status = mount_open(options, &mount);

        if (status == NFS4_OK && options->kept)
            status = fill(&mount, kept, options->kept);
        if (status != NFS4_OK) {
            (void)fprintf(stderr, "mainstay-bench: %s: connection %u: %s\n", options->target, i + 1,
                          client_mount_failure(&mount, status));
            return i;
        }
        *slots += mount.session.slot_count;
        conns[i] = mount.conn;
        list_init(&conns[i].stash);
    }
    return options->idle;
}

bool idle_run(const struct bench_options *options, struct idle_result *result)
{
    struct kept_file kept;
    struct client_conn *conns = must_calloc(options->idle, sizeof(*conns));
    int64_t begin_ns;

    memset(result, 0, sizeof(*result));
    if (!files_allow(options->idle + IDLE_SPARE_FDS)) {
        perror("mainstay-bench: RLIMIT_NOFILE");
        free(conns);
        return false;
    }
    if (options->kept && !kept_file_make(&kept, options)) {
        free(conns);
        return false;
    }
    if (options->pid)
        process_memory(options->pid, &result->resident_before, &result->threads_before);
    begin_ns = clock_now_ns();
    result->conns = open_all(options, &kept, conns, &result->slots);
    result->open_s = (double)(clock_now_ns() - begin_ns) / 1e9;
    sleep_s(options->settle_s);
    if (options->pid)
        process_memory(options->pid, &result->resident_after, &result->threads_after);
    for (uint32_t i = 0; i < result->conns; i++)
        client_conn_close(&conns[i]);
    if (options->kept)
        kept_file_remove(&kept);
    free(conns);
    return result->conns == options->idle;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/idle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "bench/process.h"
#include "client/client_mount.h"

#define IDLE_TIMEOUT_MS 20000
#define IDLE_SPARE_FDS 64u

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

/* Only the connections are kept: this side is to be small, too. */
static uint32_t open_all(const struct bench_options *options, struct client_conn *conns)
{
    struct client_mount mount;
    struct client_cred cred = {.uid = options->uid, .gid = options->gid};

    for (uint32_t i = 0; i < options->idle; i++) {
        enum nfsstat4 status =
            client_mount_open(&mount, options->target, IDLE_TIMEOUT_MS, &cred, NULL);

        if (status != NFS4_OK) {
            (void)fprintf(stderr, "mainstay-bench: connection %u: %s\n", i + 1,
                          mount.trouble == CLIENT_OK ? status_name(status)
                                                     : client_status_name(mount.trouble));
            return i;
        }
        conns[i] = mount.conn;
        list_init(&conns[i].stash);
    }
    return options->idle;
}

bool idle_run(const struct bench_options *options, struct idle_result *result)
{
    struct client_conn *conns = must_calloc(options->idle, sizeof(*conns));
    int64_t begin_ns;

    memset(result, 0, sizeof(*result));
    if (!files_allow(options->idle + IDLE_SPARE_FDS)) {
        perror("mainstay-bench: RLIMIT_NOFILE");
        free(conns);
        return false;
    }
    if (options->pid)
        process_memory(options->pid, &result->resident_before, &result->threads_before);
    begin_ns = clock_now_ns();
    result->conns = open_all(options, conns);
    result->open_s = (double)(clock_now_ns() - begin_ns) / 1e9;
    sleep_s(options->settle_s);
    if (options->pid)
        process_memory(options->pid, &result->resident_after, &result->threads_after);
    for (uint32_t i = 0; i < result->conns; i++)
        client_conn_close(&conns[i]);
    free(conns);
    return result->conns == options->idle;
}

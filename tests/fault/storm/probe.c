/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm_probe ADDRESS:PORT EXPORT MINOR SECONDS LIMIT_MS PID
 *     A client with few requests, on a file of its own in EXPORT: GETATTR, WRITE and COMMIT, now
 *     and then CREATE and REMOVE, every 50 ms.  Every ten seconds and at the end it prints how long
 *     each took until it was NFS4_OK, DELAY included, and the longest delay that this machine
 *     imposed on a thread that only sleeps.  Status 1: an error, or a request took longer than
 *     LIMIT_MS plus that delay meanwhile.
 *
 * The first line is the handle of its directory. PID is the server: for slow requests the probe
 * also prints how much processor time the server used meanwhile.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "client/client_file.h"
#include "lib/wait.h"

enum {
    TIMEOUT_MS = 60000,
    PERIOD_MS = 50,
    NAP_MS = 10,
    TELL_EVERY_MS = 10000,
    SLOW_MS = 300, /* slower requests get a line of their own */
    STALL_US = 500000,
    BYTES = 512,
    SAMPLES = 1 << 20,
};

enum kind {
    GETATTR,
    WRITE,
    COMMIT,
    MAKE,
    REMOVE,
    KINDS
};

static const char *const kind_names[KINDS] = {"GETATTR", "WRITE", "COMMIT", "CREATE", "REMOVE"};

static struct probe {
    struct client_mount mount;
    struct client_fh dir;
    struct client_file file;
    char name[32];
    int64_t start_ms;
    unsigned long count, delays, errors, over;
    double worst[KINDS];
    float *samples;
    double limit_ms;
    clockid_t server; /* processor time of all the server's threads */
} probe;

/* Delay of the sleeping thread: since the last query, and the worst ever. */
static _Atomic int64_t lag_us, worst_lag_us;
static _Atomic int64_t waits_since_us; /* 0: the probe waits for nothing */

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* STORM_ON_STALL: a shell command that examines the server when a request is stalled. */
static void look_into_stall(void)
{
    const char *command = getenv("STORM_ON_STALL");
    static int64_t looked_us;
    int64_t since_us = atomic_load(&waits_since_us);

    if (!command || since_us == 0 || since_us == looked_us || now_us() - since_us < STALL_US)
        return;
    looked_us = since_us;
    if (system(command) != 0)
        (void)printf("STORM_ON_STALL: the command failed\n");
}

static double server_ms(void)
{
    struct timespec used = {0};

    (void)clock_gettime(probe.server, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static void *sleep_only(void *unused)
{
    for (;;) {
        int64_t begin_us = now_us(), late_us;

        wait_ms(NAP_MS);
        late_us = now_us() - begin_us - NAP_MS * 1000;
        if (late_us > atomic_load(&lag_us))
            atomic_store(&lag_us, late_us);
        if (late_us > atomic_load(&worst_lag_us))
            atomic_store(&worst_lag_us, late_us);
        look_into_stall();
    }
    return unused;
}

static enum nfsstat4 commit(void)
{
    struct client_compound c;
    struct client_result r;
    enum nfsstat4 status;

    client_mount_begin(&probe.mount, &c);
    client_op_putfh(&c, &probe.file.fh);
    client_op_commit(&c, 0, 0);
    status = client_mount_call(&probe.mount, &c, &r);
    client_result_free(&r);
    return status;
}

static enum nfsstat4 call(enum kind kind)
{
    static const uint8_t data[BYTES];
    struct nfs4_attrs attrs;
    struct client_fh made;
    uint32_t written;
    char name[48];

    (void)snprintf(name, sizeof(name), "%s made", probe.name);
    switch (kind) {
    case GETATTR:
        return client_file_getattr(&probe.mount, &probe.file.fh,
                                   CLIENT_BITS(FATTR4_SIZE, FATTR4_CHANGE), &attrs, NULL);
    case WRITE:
        return client_file_write(&probe.mount, &probe.file, probe.count % 64 * BYTES, UNSTABLE4,
                                 data, BYTES, &written);
    case COMMIT:
        return commit();
    case MAKE:
        return client_file_mkdir(&probe.mount, &probe.dir, name, &made);
    default:
        return client_file_remove(&probe.mount, &probe.dir, name);
    }
}

static void measure(enum kind kind)
{
    int64_t begin_us = now_us();
    enum nfsstat4 status;
    unsigned delays = 0;
    double ms, lag_ms, worked_ms = server_ms();

    atomic_store(&lag_us, 0);
    atomic_store(&waits_since_us, begin_us);
    while ((status = call(kind)) == NFS4ERR_DELAY) {
        delays++;
        wait_ms(1);
    }
    atomic_store(&waits_since_us, 0);
    ms = (double)(now_us() - begin_us) / 1e3;
    lag_ms = (double)atomic_load(&lag_us) / 1e3;
    worked_ms = server_ms() - worked_ms;
    if (status != NFS4_OK) {
        probe.errors++;
        (void)printf("%s: %s %s\n", kind_names[kind], status_name(status),
                     client_status_name(probe.mount.trouble));
    }
    if (ms > SLOW_MS)
        (void)printf("%8.1f s: %s took %.0f ms, %u times DELAY; the server ran for %.0f ms, the "
                     "machine was %.0f ms late\n",
                     (double)begin_us / 1e6 - (double)probe.start_ms / 1e3, kind_names[kind], ms,
                     delays, worked_ms, lag_ms);
    probe.over += ms - lag_ms > probe.limit_ms;
    probe.delays += delays;
    if (ms > probe.worst[kind])
        probe.worst[kind] = ms;
    probe.samples[probe.count++ % SAMPLES] = (float)ms;
}

static int compare(const void *a, const void *b)
{
    const float *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void tell(const char *what)
{
    (void)printf("%s %.0f s: calls=%lu delays=%lu errors=%lu over=%lu", what,
                 (double)(wait_now_ms() - probe.start_ms) / 1e3, probe.count, probe.delays,
                 probe.errors, probe.over);
    for (unsigned i = 0; i < KINDS; i++)
        (void)printf(" %s=%.0f", kind_names[i], probe.worst[i]);
    (void)printf(" machine=%.0f\n", (double)atomic_load(&worst_lag_us) / 1e3);
    (void)fflush(stdout);
}

static void tell_all(void)
{
    size_t count = probe.count < SAMPLES ? probe.count : SAMPLES;

    qsort(probe.samples, count, sizeof(*probe.samples), compare);
    (void)printf("latency p50=%.2f p99=%.2f p999=%.2f max=%.2f ms\n",
                 (double)probe.samples[count / 2], (double)probe.samples[count * 99 / 100],
                 (double)probe.samples[count * 999 / 1000], (double)probe.samples[count - 1]);
    tell("end");
}

static bool begin(const char *target, const char *export, bool v40)
{
    enum nfsstat4 status;

    client_conn_reserve_ports();
    (void)snprintf(probe.name, sizeof(probe.name), "probe %s", v40 ? "4.0" : "4.1");
    if (v40) {
        struct client_id_wish wish = client_id_wish_default(probe.name);

        status = client_mount_open_v40(&probe.mount, target, TIMEOUT_MS, NULL, &wish);
    } else {
        struct client_session_wish wish = client_session_wish_default(probe.name);

        status = client_mount_open(&probe.mount, target, TIMEOUT_MS, NULL, &wish);
    }
    if (status == NFS4_OK)
        status = client_file_lookup(&probe.mount, export, &probe.dir);
    if (status == NFS4_OK)
        status = client_file_create(&probe.mount, &probe.dir, probe.name, &probe.file);
    if (status != NFS4_OK)
        (void)printf("%s: %s\n", export, status_name(status));
    return status == NFS4_OK;
}

int main(int argc, char **argv)
{
    int64_t end_ms, tell_ms;
    pthread_t thread;

    if (argc != 7 || clock_getcpuclockid((pid_t)strtol(argv[6], NULL, 10), &probe.server) != 0)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    probe.samples = must_calloc(SAMPLES, sizeof(*probe.samples));
    probe.limit_ms = strtod(argv[5], NULL);
    if (!begin(argv[1], argv[2], argv[3][0] == '0'))
        return 1;
    for (unsigned i = 0; i < probe.dir.len; i++)
        (void)printf("%02x", probe.dir.data[i]);
    (void)printf("\n");
    (void)fflush(stdout);
    CHECK(pthread_create(&thread, NULL, sleep_only, NULL) == 0);
    probe.start_ms = wait_now_ms();
    end_ms = probe.start_ms + strtol(argv[4], NULL, 10) * 1000;
    tell_ms = probe.start_ms + TELL_EVERY_MS;
    while (wait_now_ms() < end_ms && probe.mount.trouble == CLIENT_OK) {
        measure(GETATTR);
        measure(WRITE);
        measure(COMMIT);
        if (probe.count % 7 == 0) {
            measure(MAKE);
            measure(REMOVE);
        }
        if (wait_now_ms() > tell_ms) {
            tell("so far");
            tell_ms += TELL_EVERY_MS;
        }
        wait_ms(PERIOD_MS);
    }
    tell_all();
    return probe.errors || probe.over || probe.mount.trouble != CLIENT_OK ? 1 : 0;
}

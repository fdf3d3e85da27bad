/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S20-27: the range of minor versions changes under load from clients of all versions. Each request
 * runs or is refused as a whole, and once the server has logged the new range, no later request is
 * handled by the old one.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "script.h"
#include "set_range.h"

enum {
    WORKERS = 6, /* two of each minor version */
    CHANGES = 14,
    WAIT_MS = 120000
};

struct worker {
    struct client_mount mount;
    struct client_file file;
    pthread_t thread;
    uint32_t minor;
    _Atomic uint32_t done, refused;
    _Atomic enum nfsstat4 last;
    uint64_t written; /* the last number that the server accepted */
};

static struct worker workers[WORKERS];
static atomic_bool stopping;

static void *work(void *arg)
{
    struct worker *worker = arg;

    for (uint64_t word = 1; !stopping; word++) {
        uint32_t written;
        enum nfsstat4 status = client_file_write(&worker->mount, &worker->file, 0, UNSTABLE4, &word,
                                                 sizeof(word), &written);

        if (status == NFS4_OK)
            worker->written = word;
        CHECK(status == NFS4_OK || status == NFS4ERR_MINOR_VERS_MISMATCH);
        worker->last = status;
        (void)atomic_fetch_add(status == NFS4_OK ? &worker->done : &worker->refused, 1);
    }
    return NULL;
}

/* Of two requests that end from now on, the second began after the change. */
static void expect_next(struct worker *worker, bool served)
{
    uint32_t begin = worker->done + worker->refused;

    for (int waited = 0; worker->done + worker->refused < begin + 2; waited++) {
        assert_true(waited < WAIT_MS);
        (void)usleep(1000);
    }
    assert_int_equal(worker->last, served ? NFS4_OK : NFS4ERR_MINOR_VERS_MISMATCH);
}

static void begin_work(struct client_fh *dir)
{
    char name[16];

    for (uint32_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &workers[i];

        worker->minor = i % 3;
        if (worker->minor == 0)
            script_mount_v40(&worker->mount);
        else if (worker->minor == 1)
            script_mount_v41(&worker->mount);
        else
            script_mount_v42(&worker->mount);
        (void)snprintf(name, sizeof(name), "file%u", i);
        worker->file = make_open(&worker->mount, dir, name);
        assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
    }
}

/* All accepted writes are there, and no state is lost. */
static void end_work(void)
{
    uint64_t word;
    uint32_t got;
    bool eof;

    stopping = true;
    for (uint32_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &workers[i];

        assert_int_equal(pthread_join(worker->thread, NULL), 0);
        assert_true(worker->done > 0 && worker->refused > 0);
        expect_status(
            client_file_read(&worker->mount, &worker->file, 0, &word, sizeof(word), &got, &eof),
            NFS4_OK);
        assert_int_equal(got, sizeof(word));
        assert_int_equal(word, worker->written);
        expect_status(client_file_close(&worker->mount, &worker->file), NFS4_OK);
        client_mount_close(&worker->mount);
    }
}

static void changes_under_traffic(void **state)
{
    static const uint32_t ranges[][2] = {{0, 0}, {1, 1}, {0, 2}, {2, 2}, {0, 1}, {1, 2}};
    struct client_fh dir = script_dir("/mem");

    (void)state;
    begin_work(&dir);
    for (uint32_t i = 0; i < CHANGES; i++) {
        const uint32_t *range = ranges[i % ARRAY_SIZE(ranges)];

        set_range(range[0], range[1]);
        for (uint32_t j = 0; j < WORKERS; j++)
            expect_next(&workers[j], workers[j].minor >= range[0] && workers[j].minor <= range[1]);
    }
    set_range(0, 2);
    end_work();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_under_traffic)};

    return test_group_run_fixtures(tests, script_setup_mixed, script_teardown);
}

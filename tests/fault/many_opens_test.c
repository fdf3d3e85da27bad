/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 65,536 opens of one file, each by an owner of its own: the cost of the last ones compared with
 * the first.
 */
#include "lib/wait.h"
#include "protocol/script.h"

enum {
    CLIENTS = 8,
    OPENS_EACH = 8192,
    BATCH = 32, /* OPENs of one COMPOUND */
    WINDOW = 32 /* COMPOUNDs measured at each end; the fastest counts */
};

static struct client_mount mounts[CLIENTS];
static struct client_fh file;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

/* The time that it took. */
static int64_t open_batch(struct client_mount *mount, uint32_t first)
{
    int64_t start_us;

    begin(mount, &file);
    for (uint32_t i = 0; i < BATCH; i++) {
        char owner[16];
        const struct client_open open = {
            .owner = owner, .clientid = mount->session.clientid, .access = OPEN4_SHARE_ACCESS_BOTH};

        (void)snprintf(owner, sizeof(owner), "o%u", first + i);
        client_op_open(C, &open);
    }
    start_us = now_us();
    run(NFS4_OK);
    return now_us() - start_us;
}

static int64_t open_window(struct client_mount *mount, uint32_t *next)
{
    int64_t least_us = INT64_MAX;

    for (uint32_t i = 0; i < WINDOW; i++, *next += BATCH) {
        int64_t took_us = open_batch(mount, *next);

        if (took_us < least_us)
            least_us = took_us;
    }
    return least_us;
}

static void many_opens(void **state)
{
    const struct client_fh dir = script_dir(*state);
    int64_t start_us = now_us(), first_us = 0, last_us = 0;

    file = make_file(&alice, &dir, "popular");
    for (uint32_t c = 0; c < CLIENTS; c++) {
        uint32_t next = 0;

        script_mount_v41(&mounts[c]);
        while (next < OPENS_EACH) {
            last_us = open_window(&mounts[c], &next);
            if (first_us == 0)
                first_us = last_us;
        }
    }
    print_message("%u opens took %.1f s; 32 of them first %lld us, last %lld us\n",
                  CLIENTS * OPENS_EACH, (double)(now_us() - start_us) / 1e6, (long long)first_us,
                  (long long)last_us);
    /* A walk over all opens was forty times as slow. */
    assert_true(last_us < 8 * first_us);
    for (uint32_t c = 0; c < CLIENTS; c++)
        client_mount_close(&mounts[c]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(many_opens, script_mem),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that go on after their reply, and hang in a file system: OFFLOAD_CANCEL, which can't stop
 * them at once (RFC 7862 §15.8). */
#include "copy_jam.h"
#include "scrape.h"

#define SIZE (32 * COPYING_MIB + 5)

static struct client_fh dir;
static struct holder holder;
static struct client_file from, to;
static struct disk_watch *watch;

static int start(void **state)
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    (void)state;
    script_minor = 2;
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    watch = disk_watch_install(script_server.dir, script_server.data, 0);
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

static double metric(const char *pattern)
{
    struct scrape scrape = scrape_take();
    double value = scrape_sum(&scrape, pattern);

    scrape_free(&scrape);
    return value;
}

static struct client_file open_new(const char *name)
{
    const struct client_open how = {.owner = "copier",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .name = name,
                                    .create = true,
                                    .how = GUARDED4,
                                    .mode = 0666};
    struct client_file file;

    expect_status(client_file_open(&holder.mount, &dir, &how, &file), NFS4_OK);
    return file;
}

/* A copy that hangs in its first piece. */
static struct stateid4 begin_hanging(void)
{
    struct stateid4 stateid;
    struct copying all;

    holder_open(&holder, 2);
    dir = script_dir(script_local);
    from = open_new("from");
    to = open_new("to");
    copying_fill(&holder.mount, &from, 0, SIZE, 1);
    all = copying_all(&from, &to);
    all.asynchronous = true;
    copy_jam_hold(watch);
    stateid = offloading_begin(&holder.mount, &all);
    copy_jam_await(watch, 1);
    return stateid;
}

static void send_cancel(struct pending *pending, const struct stateid4 *stateid)
{
    begin(&holder.mount, &to.fh);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_OFFLOAD_CANCEL, .opoffload_cancel = {*stateid}});
    pending_send(pending, &holder.mount);
}

/* The copy is gone; its client was not told, and nothing was written after the piece. */
static void expect_stopped(const struct stateid4 *stateid)
{
    uint32_t number = 0;
    uint64_t size;

    offloading_expect_gone(&holder, &to.fh, stateid);
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, stateid), NFS4ERR_BAD_STATEID);
    wait_until(metric("copies") == 0);
    size = copying_size(&bob, &to.fh);
    assert_in_range(size, 1, SIZE - 1);
    copying_expect(&bob, &to.fh, 0, size, 0, 1);
    assert_null(offloading_heard(&holder, stateid, &number));
    holder_close(&holder);
}

/* OFFLOAD_CANCEL does not wait for ever; the copy ends with its piece. */
static void cancelled_in_vain(void **state)
{
    double cancelled = metric("copy_cancelled");
    struct stateid4 stateid = begin_hanging();
    struct pending pending;

    (void)state;
    send_cancel(&pending, &stateid);
    make_file(&bob, &dir, "other"); /* the server answers others meanwhile */
    expect_status(pending_take(&pending), NFS4ERR_DELAY);
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, &stateid), NFS4_OK);
    assert_false(offloading_is_over());
    assert_true(metric("copies{state=\"live\"}") == 1);
    disk_watch_reset(watch);
    expect_stopped(&stateid);
    assert_true(metric("copy_cancelled") == cancelled + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancelled_in_vain),
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies that go on after their reply, and leases that end meanwhile (RFC 8881 §8.3, §8.4.3, RFC
 * 7862 §4.8): the copier's own, and that of a client whose delegation is in its way.  Copies of
 * others go on.
 */
#include <string.h>

#include "admin_call.h"
#include "copy_jam.h"
#include "scrape.h"

#define SIZE (32 * COPYING_MIB + 5)

static struct client_fh dir;
static struct holder holder;
static struct client_file from, to;
static struct disk_watch *watch;
static struct copy_jam jam;

static int start(void **state)
{
    static char local[128];
    const char *const options[] = {"--lease",  "1",   "--export", "/mem=mem:,no_root_squash",
                                   "--export", local, NULL};

    (void)state;
    script_minor = 2;
    if (!test_server_init(&script_server))
        return -1;
    watch = disk_watch_install(script_server.dir, script_server.data, 0);
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

static struct client_file open_as(struct client_mount *mount, const char *name, uint32_t deny)
{
    const struct client_open how = {.owner = "copier",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .deny = deny,
                                    .name = name,
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};
    struct client_file file;

    wait_until_every(50, client_file_open(mount, &dir, &how, &file) == NFS4_OK);
    return file;
}

/* The holder is a client of that owner string, and has the two files of the copy open. */
static void come(const char *owner)
{
    struct client_session_wish wish = client_session_wish_default(owner);

    wish.minor = 2;
    holder_open_as(&holder, &wish);
    dir = script_dir(script_local);
    from = open_as(&holder.mount, "from", OPEN4_SHARE_DENY_NONE);
    to = open_as(&holder.mount, "to", OPEN4_SHARE_DENY_NONE);
    copying_fill(&holder.mount, &from, 0, SIZE, 1);
}

static struct copying all_of_it(void)
{
    struct copying all = copying_all(&from, &to);

    all.asynchronous = true;
    return all;
}

static double metric(const char *pattern)
{
    struct scrape scrape = scrape_take();
    double value = scrape_sum(&scrape, pattern);

    scrape_free(&scrape);
    return value;
}

/* What the list of copies tells of it. */
static void expect_listed(const struct stateid4 *stateid, const char *state, json_int_t copied)
{
    json_t *page = admin_get("/copies"), *item;
    const char *id = strrchr(offloading_path(stateid), '/') + 1;
    bool found = false;
    size_t i;

    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), id) != 0)
            continue;
        found = true;
        assert_string_equal(json_string_value(json_object_get(item, "state")), state);
        assert_int_equal(json_integer_value(json_object_get(item, "copied_bytes")), copied);
    }
    assert_true(found);
    json_decref(page);
}

static uint64_t copied(const struct stateid4 *stateid)
{
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, stateid), NFS4_OK);
    assert_false(offloading_is_over());
    return result(OP_OFFLOAD_STATUS)->opoffload_status.osr_count;
}

/* The copier is silent, and another client wants the target for itself: the copier loses its open,
 * and the copy ends as a WRITE would. */
static void lapsed(void **state)
{
    const struct client_callback_op *op;
    struct stateid4 stateid;
    struct client_file denying;
    struct copying all;
    uint32_t number = 0;
    uint64_t before;

    (void)state;
    come(NULL);
    all = all_of_it();
    stateid = copy_jam_begin(&jam, watch, &holder, &all, "to");
    before = copied(&stateid);
    denying = open_as(&bob, "to", OPEN4_SHARE_DENY_BOTH);
    copy_jam_break(&jam);
    op = offloading_hear(&holder, &stateid, &number);
    expect_status(op->offload_status, NFS4ERR_EXPIRED);
    assert_int_equal(op->offload_bytes, before);
    offloading_expect_gone(&holder, &to.fh, &stateid);
    expect_listed(&stateid, "over", (json_int_t)before);
    copy_jam_end(&jam);
    assert_int_equal(copying_size(&bob, &to.fh), before);
    assert_true(metric("copies") == 0);
    expect_status(client_file_close(&bob, &denying), NFS4_OK);
    holder_drop(&holder);
}

/* EXCHANGE_ID of another user with that owner string: it is refused as long as the client has a
 * lease, and takes everything from it then (RFC 8881 §18.35.4). */
static enum nfsstat4 take_over(const char *owner)
{
    struct client_session_wish wish = client_session_wish_default(owner);
    struct client_session session = {.minor = 2};
    struct client_conn conn;
    enum nfsstat4 status;

    script_connect(&conn);
    conn.cred = script_stranger();
    assert_int_equal(client_session_exchange_id(&conn, &wish, &session, &status), CLIENT_OK);
    client_conn_close(&conn);
    return status;
}

/* The copier goes with its lease.  Its copy has no turn any more, and is forgotten even before the
 * disk answers. */
static void gone(void **state)
{
    double cancelled = metric("copy_cancelled"), told = metric("callback{op=\"CB_OFFLOAD\"}");
    struct stateid4 stateid;
    struct copying all;
    uint64_t before;

    (void)state;
    come("gone");
    all = all_of_it();
    stateid = copy_jam_begin(&jam, watch, &holder, &all, "to");
    before = copied(&stateid);
    expect_listed(&stateid, "waiting", (json_int_t)before);
    wait_until_every(50, take_over("gone") == NFS4_OK);
    wait_until(metric("copies{state=\"live\"}") == LIMIT_COPY_THREADS_PER_VOLUME);
    expect_listed(&stateid, "cancelled", (json_int_t)before);
    assert_int_equal(admin_call("DELETE", offloading_path(&stateid), NULL), 404);
    copy_jam_break(&jam);
    copy_jam_end(&jam);
    assert_int_equal(copying_size(&bob, &to.fh), before);
    assert_true(metric("copy_cancelled") == cancelled + 1);
    wait_until(metric("copies") == 0);
    assert_true(metric("callback{op=\"CB_OFFLOAD\"}") == told + LIMIT_COPY_THREADS_PER_VOLUME);
    holder_drop(&holder);
}

/* The copier goes with its lease before it has heard of the end. */
static void gone_untold(void **state)
{
    struct stateid4 stateid;
    struct copying all;

    (void)state;
    come("untold");
    holder.mount.conn.behaviour.op_status = NFS4ERR_DELAY;
    all = all_of_it();
    stateid = offloading_begin(&holder.mount, &all);
    wait_until(metric("copies{state=\"ended\"}") == 1);
    client_conn_close(&holder.mount.conn);
    wait_until_every(50, take_over("untold") == NFS4_OK);
    wait_until(metric("copies") == 0);
    expect_listed(&stateid, "over", SIZE);
    holder_drop(&holder);
}

/* While a piece is copied the lease does not end, as while a request runs: nobody takes over, nor
 * gets what the copier has, however long it is silent. */
static void kept(void **state)
{
    const struct client_open deny = {.owner = "taker",
                                     .access = OPEN4_SHARE_ACCESS_BOTH,
                                     .deny = OPEN4_SHARE_DENY_BOTH,
                                     .name = "to"};
    const struct client_callback_op *op;
    struct stateid4 stateid;
    struct client_file file;
    struct copying all;
    uint32_t number = 0;
    enum nfsstat4 status;

    (void)state;
    come("kept");
    all = all_of_it();
    copy_jam_hold(watch);
    stateid = offloading_begin(&holder.mount, &all);
    copy_jam_await(watch, 1);
    script_outlast_leases(&bob, &dir);
    expect_status(take_over("kept"), NFS4ERR_CLID_INUSE);
    status = client_file_open(&bob, &dir, &deny, &file);
    assert_true(status == NFS4ERR_SHARE_DENIED || status == NFS4ERR_DELAY);
    disk_watch_reset(watch);
    op = offloading_hear(&holder, &stateid, &number);
    expect_status(op->offload_status, NFS4_OK);
    assert_int_equal(op->offload_bytes, SIZE);
    copying_expect(&bob, &to.fh, 0, SIZE, 0, 1);
    holder_close(&holder);
}

/* Another client does not return the delegation that is in the way: it loses that when a lease has
 * passed since the recall, and the copy goes on. */
static void not_returned(void **state)
{
    const struct client_callback_op *op;
    struct stateid4 stateid;
    struct client_file file;
    struct holder other;
    struct copying all;
    uint32_t number = 0, written;
    enum nfsstat4 status;

    (void)state;
    come(NULL);
    expect_status(client_file_close(&holder.mount, &from), NFS4_OK);
    expect_status(client_file_close(&holder.mount, &to), NFS4_OK);
    holder_open(&other, 2);
    all = all_of_it();
    all.from_stateid = all.to_stateid = client_stateid_anonymous;
    stateid = copy_jam_begin(&jam, watch, &holder, &all, "to");
    file = holder_delegated(&other, &dir, "to", OPEN_DELEGATE_WRITE);
    copy_jam_break(&jam);
    (void)holder_wait_recall(&other, &file);
    op = offloading_hear(&holder, &stateid, &number);
    expect_status(op->offload_status, NFS4_OK);
    assert_int_equal(op->offload_bytes, SIZE);
    copying_expect(&bob, &to.fh, 0, SIZE, 0, 1);
    copy_jam_end(&jam);
    file.stateid = *client_file_delegation(&file);
    status = client_file_write(&other.mount, &file, 0, UNSTABLE4, "x", 1, &written);
    assert_true(status == NFS4ERR_DELEG_REVOKED || status == NFS4ERR_EXPIRED);
    holder_drop(&other);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lapsed), cmocka_unit_test(gone),         cmocka_unit_test(gone_untold),
        cmocka_unit_test(kept),   cmocka_unit_test(not_returned),
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}

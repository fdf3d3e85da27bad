/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations that are recalled while a copy goes on after its reply (RFC 7862 §4.8, RFC 8881
 * §10.4.4): the copier's own, by whose stateids it copies, and those of others, which are in its
 * way.
 */
#include <string.h>

#include "admin_call.h"
#include "copy_jam.h"

#define SIZE (32 * COPYING_MIB + 5)
#define TRIES 100 /* to be quicker than a copy of that size */

static struct client_fh dir;
static struct holder holder, other;
static struct client_file from, to;
static struct disk_watch *watch;
static struct copy_jam jam;

static int start(void **state)
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    (void)state;
    script_minor = 2;
    if (!test_server_init(&script_server))
        return -1;
    watch = disk_watch_install(script_server.dir, script_server.data, 0);
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

/* The holder has written a source, and has write delegations of it and of the target. */
static void make_two(const char *export)
{
    dir = script_dir(export);
    from = holder_delegated(&holder, &dir, "from", OPEN_DELEGATE_WRITE);
    to = holder_delegated(&holder, &dir, "to", OPEN_DELEGATE_WRITE);
    copying_fill(&holder.mount, &from, 0, SIZE, 1);
}

static struct stateid4 begin_delegated(void)
{
    struct copying all = copying_all(&from, &to);

    all.from_stateid = *client_file_delegation(&from);
    all.to_stateid = *client_file_delegation(&to);
    all.asynchronous = true;
    return offloading_begin(&holder.mount, &all);
}

static bool is_over(const struct stateid4 *stateid)
{
    enum nfsstat4 status = offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, stateid);

    if (status == NFS4ERR_BAD_STATEID)
        return true;
    expect_status(status, NFS4_OK);
    return offloading_is_over();
}

/* bob's OPEN has the delegation recalled, which the copier returns: its own open remains. */
static void give_up(const struct client_file *file, const char *name)
{
    struct client_file conflict;

    expect_status(conflict_open(&bob, &dir, name, &conflict), NFS4ERR_DELAY);
    (void)holder_wait_recall(&holder, file);
    holder_return(&holder, file);
    expect_status(conflict_insist(&bob, &dir, name, &holder, &conflict), NFS4_OK);
    expect_status(client_file_close(&bob, &conflict), NFS4_OK);
}

/* The copy goes on under the open that the copier has of the file. */
static void recalled(void **state)
{
    for (int i = 0; i < 3; i++) {
        bool seen = false;

        for (int try = 0; !seen; try++) {
            const struct client_callback_op *op;
            struct stateid4 stateid;
            uint32_t number = 0;

            assert_true(try < TRIES);
            holder_open(&holder, 2);
            make_two(*state);
            stateid = begin_delegated();
            if (i != 0)
                holder_return(&holder, &from);
            if (i != 1)
                holder_return(&holder, &to);
            seen = !is_over(&stateid);
            op = offloading_hear(&holder, &stateid, &number);
            expect_status(op->offload_status, NFS4_OK);
            assert_int_equal(op->offload_bytes, SIZE);
            copying_expect(&holder.mount, &to.fh, 0, SIZE, 0, 1);
            holder_close(&holder);
        }
    }
}

/* The same by a recall, which does not have to wait for the end of the copy. */
static void conflicting(void **state)
{
    const struct client_callback_op *op;
    struct stateid4 stateid;
    uint32_t number = 0;

    holder_open(&holder, 2);
    make_two(*state);
    stateid = begin_delegated();
    give_up(&from, "from");
    give_up(&to, "to");
    op = offloading_hear(&holder, &stateid, &number);
    expect_status(op->offload_status, NFS4_OK);
    assert_int_equal(op->offload_bytes, SIZE);
    copying_expect(&holder.mount, &to.fh, 0, SIZE, 0, 1);
    holder_close(&holder);
}

/* Without an open the delegation was all that permitted the copy. */
static void closed(void **state)
{
    bool seen = false;

    for (int try = 0; !seen; try++) {
        const struct client_callback_op *op;
        struct stateid4 stateid;
        uint32_t number = 0;

        assert_true(try < TRIES);
        holder_open(&holder, 2);
        make_two(*state);
        stateid = begin_delegated();
        expect_status(client_file_close(&holder.mount, &to), NFS4_OK);
        holder_return(&holder, &to);
        op = offloading_hear(&holder, &stateid, &number);
        seen = op->offload_status == NFS4ERR_BAD_STATEID;
        if (!seen)
            expect_status(op->offload_status, NFS4_OK); /* it was quicker */
        holder_close(&holder);
    }
}

static struct client_file open_as(struct client_mount *mount, const char *owner, uint32_t access,
                                  const char *name)
{
    const struct client_open how = {
        .owner = owner, .access = access | OPEN4_SHARE_ACCESS_WANT_NO_DELEG, .name = name};
    struct client_file file;

    expect_status(client_file_open(mount, &dir, &how, &file), NFS4_OK);
    return file;
}

/* Opens that do not permit the access, or of other users, do not stand in. */
static void unsuitable(void **state)
{
    for (int i = 0; i < 2; i++) {
        bool seen = false;

        for (int try = 0; !seen; try++) {
            struct client_cred own;
            struct client_file another;
            struct stateid4 stateid;
            uint32_t number = 0;
            enum nfsstat4 status;

            assert_true(try < TRIES);
            holder_open(&holder, 2);
            make_two(*state);
            own = holder.mount.conn.cred;
            if (i == 0)
                holder.mount.conn.cred = script_stranger();
            another = open_as(&holder.mount, "another",
                              i == 0 ? OPEN4_SHARE_ACCESS_BOTH : OPEN4_SHARE_ACCESS_READ, "to");
            holder.mount.conn.cred = own;
            stateid = begin_delegated();
            expect_status(client_file_close(&holder.mount, &to), NFS4_OK);
            holder_return(&holder, &to);
            status = offloading_hear(&holder, &stateid, &number)->offload_status;
            seen = status == NFS4ERR_BAD_STATEID;
            if (!seen)
                expect_status(status, NFS4_OK);
            expect_status(client_file_close(&holder.mount, &another), NFS4_OK);
            holder_close(&holder);
        }
    }
}

/* Another client gets a delegation of one of the files while a copy without opens, to which it is
 * in the way, waits for its turn.  Then the copy goes on, as far as it can. */
static struct client_file get_into_its_way(const char *name, enum open_delegation_type4 type,
                                           struct stateid4 *stateid)
{
    struct copying all;
    struct client_file file;

    holder_open(&holder, 2);
    holder_open(&other, 2);
    dir = script_dir(script_local);
    from = holder_wanting(&holder, &dir, "from", OPEN_DELEGATE_WRITE);
    to = holder_wanting(&holder, &dir, "to", OPEN_DELEGATE_WRITE);
    copying_fill(&holder.mount, &from, 0, SIZE, 1);
    holder_finish(&holder, &from);
    holder_finish(&holder, &to);
    all = copying_all(&from, &to);
    all.from_stateid = all.to_stateid = client_stateid_anonymous;
    all.asynchronous = true;
    *stateid = copy_jam_begin(&jam, watch, &holder, &all, "to");
    file = holder_delegated(&other, &dir, name, type);
    copy_jam_break(&jam);
    return file;
}

static uint64_t copied(const struct stateid4 *stateid)
{
    expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_STATUS, stateid), NFS4_OK);
    assert_false(offloading_is_over());
    return result(OP_OFFLOAD_STATUS)->opoffload_status.osr_count;
}

/* As READ and WRITE, a copy has what is in its way recalled, and waits; meanwhile others go on.
 * Then it copies what the other client has written last. */
static void others_recalled(void **state)
{
    static const struct {
        const char *name;
        enum open_delegation_type4 type;
    } cases[] = {
        {"from", OPEN_DELEGATE_WRITE}, {"to", OPEN_DELEGATE_READ}, {"to", OPEN_DELEGATE_WRITE}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const uint64_t late = SIZE - COPYING_MIB;
        const struct client_callback_op *op;
        struct stateid4 stateid;
        struct client_file file = get_into_its_way(cases[i].name, cases[i].type, &stateid);
        struct client_file delegated = file;
        uint32_t number = 0;
        uint64_t before;

        delegated.stateid = *client_file_delegation(&file);
        (void)holder_wait_recall(&other, &file);
        before = copied(&stateid);
        assert_in_range(before, 1, late);
        copy_jam_end(&jam);
        assert_int_equal(copied(&stateid), before);
        assert_null(offloading_heard(&holder, &stateid, &number));
        if (i == 0)
            copying_fill(&other.mount, &delegated, late, COPYING_MIB, 9);
        holder_finish(&other, &file);
        op = offloading_hear(&holder, &stateid, &number);
        expect_status(op->offload_status, NFS4_OK);
        assert_int_equal(op->offload_bytes, SIZE);
        copying_expect(&bob, &to.fh, 0, late, 0, 1);
        copying_expect(&bob, &to.fh, late, COPYING_MIB, late, i == 0 ? 9 : 1);
        holder_close(&other);
        holder_close(&holder);
    }
}

/* Read delegations of the source are not in the way. */
static void others_undisturbed(void **state)
{
    struct stateid4 stateid;
    struct client_file file = get_into_its_way("from", OPEN_DELEGATE_READ, &stateid);
    uint32_t number = 0;

    (void)state;
    expect_status(offloading_hear(&holder, &stateid, &number)->offload_status, NFS4_OK);
    copying_expect(&bob, &to.fh, 0, SIZE, 0, 1);
    copy_jam_end(&jam);
    assert_int_equal(holder_recalls(&other, &file), 0);
    holder_finish(&other, &file);
    holder_close(&other);
    holder_close(&holder);
}

/* A copy that waits for a delegation is cancelled at once, by its client or an administrator, and
 * writes nothing more when the delegation is returned. */
static void cancelled_meanwhile(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stateid4 stateid;
        struct client_file file = get_into_its_way("to", OPEN_DELEGATE_READ, &stateid);
        uint32_t number = 0;
        uint64_t before;

        (void)holder_wait_recall(&other, &file);
        before = copied(&stateid);
        if (i == 0) {
            expect_status(offload(&holder.mount, &to.fh, OP_OFFLOAD_CANCEL, &stateid), NFS4_OK);
        } else {
            const struct client_callback_op *op;

            assert_int_equal(admin_call("DELETE", offloading_path(&stateid), NULL), 204);
            op = offloading_hear(&holder, &stateid, &number);
            expect_status(op->offload_status, NFS4ERR_IO);
            assert_int_equal(op->offload_bytes, before);
        }
        offloading_expect_gone(&holder, &to.fh, &stateid);
        copy_jam_end(&jam);
        holder_finish(&other, &file);
        assert_int_equal(copying_size(&bob, &to.fh), before);
        assert_true(i != 0 || !offloading_heard(&holder, &stateid, &number));
        holder_close(&other);
        holder_close(&holder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(recalled),
        ON_BOTH(conflicting),
        ON_BOTH(closed),
        ON_BOTH(unsuitable),
        {"others_recalled", others_recalled, NULL, NULL, script_local},
        {"others_undisturbed", others_undisturbed, NULL, NULL, script_local},
        {"cancelled_meanwhile", cancelled_meanwhile, NULL, NULL, script_local},
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}

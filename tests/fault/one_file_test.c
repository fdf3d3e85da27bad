/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file in several exports: the same directory twice, a directory within another exported one, a
 * bind mount, a read-only export. What separates clients belongs to the file: share reservations,
 * locks, delegations. Permission belongs to the export.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/wait.h"
#include "protocol/holder.h"

enum {
    CONTEST_MS = 1000
};

/* alice uses `first`, other clients the export of the test. */
static const char first_path[] = "/a/sub";
static struct client_fh first, other;
static char bound_dir[128];
static bool is_bound;

/* Returns false if the test lacks the privileges for this. */
static bool bind_elsewhere(void)
{
    (void)snprintf(bound_dir, sizeof(bound_dir), "%s/bound", script_server.dir);
    if (mkdir(bound_dir, 0755) != 0)
        return false;
    return unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(script_server.data, bound_dir, NULL, MS_BIND, NULL) == 0;
}

static int setup(void **state)
{
    static char exports[5][192];
    static const char *options[2 * ARRAY_SIZE(exports) + 1];
    size_t count;
    char sub[128];

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    is_bound = bind_elsewhere();
    count = is_bound ? 5 : 4;
    (void)snprintf(sub, sizeof(sub), "%s/sub", script_server.data);
    if (mkdir(sub, 0777) != 0 || chmod(sub, 0777) != 0)
        return -1;
    (void)snprintf(exports[0], 192, "/a=local:%s,no_root_squash", script_server.data);
    (void)snprintf(exports[1], 192, "/twice=local:%s,no_root_squash", script_server.data);
    (void)snprintf(exports[2], 192, "/nested=local:%s,no_root_squash", sub);
    (void)snprintf(exports[3], 192, "/ro=local:%s,no_root_squash,ro", script_server.data);
    (void)snprintf(exports[4], 192, "/bound=local:%s,no_root_squash", bound_dir);
    for (size_t i = 0; i < count; i++) {
        options[2 * i] = "--export";
        options[2 * i + 1] = exports[i];
    }
    options[2 * count] = NULL;
    return script_setup(options);
}

static int teardown(void **state)
{
    int status = script_teardown(state);

    if (is_bound)
        (void)umount2(bound_dir, MNT_DETACH);
    (void)rmdir(bound_dir);
    return status;
}

static void clear(const char *name)
{
    enum nfsstat4 status = client_file_remove(&alice, &first, name);

    assert_true(status == NFS4_OK || status == NFS4ERR_NOENT);
}

static void look_up(const char *path)
{
    if (strncmp(path, "/bound", 6) == 0 && !is_bound)
        test_skip("no right to make a bind mount");
    expect_status(client_file_lookup(&alice, first_path, &first), NFS4_OK);
    expect_status(client_file_lookup(&bob, path, &other), NFS4_OK);
    clear("file");
    clear("moved");
}

static enum nfsstat4 open_as(struct client_mount *by, const struct client_fh *dir, uint32_t access,
                             uint32_t deny, struct client_file *file)
{
    const struct client_open how = {
        .owner = "owner", .name = "file", .access = access, .deny = deny};

    return client_file_open(by, dir, &how, file);
}

static void share_reservations(void **state)
{
    struct client_file mine, theirs;

    look_up(*state);
    make_file(&alice, &first, "file");
    expect_status(open_as(&alice, &first, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH, &mine),
                  NFS4_OK);
    expect_status(open_as(&bob, &other, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &theirs),
                  NFS4ERR_SHARE_DENIED);
    begin(&bob, &other);
    client_op_lookup(C, "file");
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    run(NFS4ERR_LOCKED);
    expect_status(client_file_close(&alice, &mine), NFS4_OK);
    expect_status(open_as(&bob, &other, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE, &theirs),
                  NFS4_OK);
    expect_status(open_as(&alice, &first, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_NONE, &mine),
                  NFS4ERR_SHARE_DENIED);
    expect_status(client_file_close(&bob, &theirs), NFS4_OK);
}

static struct stateid4 lock(struct client_mount *mount, const struct client_file *file,
                            const char *owner, enum nfs_lock_type4 type, enum nfsstat4 status)
{
    begin(mount, &file->fh);
    script_op_lock_new(mount, file, owner, type, 0, UINT64_MAX);
    run(status);
    return status == NFS4_OK ? result(OP_LOCK)->oplock.lock_stateid : (struct stateid4){0};
}

static void unlock(struct client_mount *mount, const struct client_file *file,
                   const struct stateid4 *stateid)
{
    begin(mount, &file->fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOCKU,
                                                .oplocku = {WRITE_LT, 0, *stateid, 0, UINT64_MAX}});
    run(NFS4_OK);
}

/* A waiter's notification has the filehandle that it knows. */
static void locks(void **state)
{
    struct client_file mine, theirs;
    const struct client_callback_op *notice;
    struct stateid4 held;
    struct holder holder;

    look_up(*state);
    mine = make_open(&alice, &first, "file");
    holder_open(&holder, 1);
    expect_status(client_file_open_rw(&holder.mount, &other, "file", &theirs), NFS4_OK);
    assert_true(theirs.fh.len != mine.fh.len ||
                memcmp(theirs.fh.data, mine.fh.data, mine.fh.len) != 0);
    held = lock(&alice, &mine, "holder", WRITE_LT, NFS4_OK);
    begin(&holder.mount, &theirs.fh);
    client_compound_add(
        C, &(struct nfs_argop4){
               .argop = OP_LOCKT,
               .oplockt = {
                   READ_LT, 0, 1, {client_mount_clientid(&holder.mount), client_text("waiter")}}});
    run(NFS4ERR_DENIED);
    (void)lock(&holder.mount, &theirs, "waiter", WRITEW_LT, NFS4ERR_DENIED);
    unlock(&alice, &mine, &held);
    notice = client_callback_lookup(
        client_callback_at(holder.callbacks, holder_wait(&holder, OP_CB_NOTIFY_LOCK, 0)),
        OP_CB_NOTIFY_LOCK);
    assert_int_equal(notice->fh.len, theirs.fh.len);
    assert_memory_equal(notice->fh.data, theirs.fh.data, theirs.fh.len);
    (void)lock(&holder.mount, &theirs, "waiter", WRITEW_LT, NFS4_OK);
    (void)lock(&alice, &mine, "late", READ_LT, NFS4ERR_DENIED);
    expect_status(client_file_close(&holder.mount, &theirs), NFS4_OK);
    expect_status(client_file_close(&alice, &mine), NFS4_OK);
    holder_close(&holder);
}

static void delegation_and_open(void **state)
{
    struct client_file file, theirs;
    struct holder holder;

    look_up(*state);
    holder_open(&holder, 1);
    file = holder_delegated(&holder, &first, "file", OPEN_DELEGATE_WRITE);
    expect_status(conflict_open(&bob, &other, "file", &theirs), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    expect_status(conflict_insist(&bob, &other, "file", &holder, &theirs), NFS4_OK);
    expect_status(client_file_close(&bob, &theirs), NFS4_OK);
    holder_close(&holder);
}

/* The same client, too, takes them for two files, and would not see through one what it caches of
 * the other. */
static void delegation_and_its_holder(void **state)
{
    struct client_file file, same;
    struct holder holder;

    look_up(*state);
    holder_open(&holder, 1);
    file = holder_delegated(&holder, &first, "file", OPEN_DELEGATE_WRITE);
    expect_status(conflict_open(&holder.mount, &other, "file", &same), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    expect_status(conflict_insist(&holder.mount, &other, "file", &holder, &same), NFS4_OK);
    expect_status(client_file_close(&holder.mount, &same), NFS4_OK);
    holder_close(&holder);
}

static void op_remove(void)
{
    client_op_remove(C, "file");
}

static void op_rename(void)
{
    client_op(C, OP_SAVEFH);
    client_op_rename(C, "file", "moved");
}

static void op_setattr(void)
{
    client_op_lookup(C, "file");
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0640});
}

static void op_write(void)
{
    client_op_lookup(C, "file");
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "x", 1);
}

static enum nfsstat4 try_change(void (*add)(void))
{
    enum nfsstat4 status;

    begin(&bob, &other);
    add();
    CHECK(client_compound_call(&bob.conn, C, R) == CLIENT_OK);
    status = R->status;
    return status;
}

static void delegation_and_changes(void **state)
{
    static void (*const changes[])(void) = {op_setattr, op_write, op_rename, op_remove};
    struct client_file file;
    struct holder holder;

    look_up(*state);
    holder_open(&holder, 1);
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        clear("file");
        file = holder_delegated(&holder, &first, "file", OPEN_DELEGATE_WRITE);
        expect_status(try_change(changes[i]), NFS4ERR_DELAY);
        holder_wait_recall(&holder, &file);
        holder_finish(&holder, &file);
        while (try_change(changes[i]) == NFS4ERR_DELAY)
            (void)holder_pump(&holder, 10);
        expect_status(R->status, NFS4_OK);
    }
    holder_close(&holder);
}

/* A change through one export shows in the other. */
static void change_attribute(void **state)
{
    const struct bitmap4 bits = CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE);
    struct client_file mine;
    struct client_fh theirs;

    look_up(*state);
    mine = make_open(&alice, &first, "file");
    theirs = look(&bob, &other, "file");
    for (uint32_t i = 0; i < 200; i++) {
        uint64_t before = attrs_of(&bob, &theirs, bits).change;
        struct nfs4_attrs after;
        uint32_t written;

        expect_status(client_file_write(&alice, &mine, i, UNSTABLE4, "x", 1, &written), NFS4_OK);
        after = attrs_of(&bob, &theirs, bits);
        assert_int_equal(after.size, i + 1);
        assert_true(after.change > before);
        assert_int_equal(attrs_of(&alice, &mine.fh, bits).change, after.change);
    }
    expect_status(client_file_close(&alice, &mine), NFS4_OK);
}

/* For its client, the file has a separate open in each export. */
static void opens_of_one_client(void **state)
{
    struct client_file mine, same;

    look_up(*state);
    make_file(&alice, &first, "file");
    expect_status(open_as(&alice, &first, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &mine),
                  NFS4_OK);
    expect_status(open_as(&alice, &other, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, &same),
                  NFS4_OK);
    assert_memory_not_equal(mine.stateid.other, same.stateid.other, NFS4_OTHER_SIZE);
    expect_status(client_file_close(&alice, &mine), NFS4_OK);
    script_read_is(&alice, &same, NFS4_OK);
    expect_status(client_file_close(&alice, &same), NFS4_OK);
}

/* The stateid belongs to the file, the right to write to the export. */
static void read_only(void **state)
{
    struct client_file mine, theirs;
    struct client_fh ro;

    look_up(*state);
    mine = make_open(&alice, &first, "file");
    ro = look(&alice, &other, "file");
    begin(&alice, &ro);
    client_op_read(C, &mine.stateid, 0, 1);
    run(NFS4_OK);
    begin(&alice, &ro);
    client_op_write(C, &mine.stateid, 0, FILE_SYNC4, "x", 1);
    run(NFS4ERR_ROFS);
    begin(&alice, &ro);
    client_op_setattr(C, &mine.stateid, CLIENT_BITS(FATTR4_SIZE), &(struct nfs4_attrs){.size = 7});
    run(NFS4ERR_ROFS);
    /* A reader through one export denies writers through the other. */
    expect_status(client_file_close(&alice, &mine), NFS4_OK);
    expect_status(open_as(&bob, &other, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE, &theirs),
                  NFS4_OK);
    expect_status(open_as(&alice, &first, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_NONE, &mine),
                  NFS4ERR_SHARE_DENIED);
    expect_status(client_file_close(&bob, &theirs), NFS4_OK);
}

/* One thread for each export competes for the file. */
struct contender {
    pthread_t thread;
    const char *path;
    struct client_mount mount;
    uint32_t won;
};

static _Atomic uint32_t inside, most_inside;
static int64_t end_ms;

static void contend(struct contender *me, const struct client_fh *dir)
{
    struct client_file file;
    enum nfsstat4 status =
        open_as(&me->mount, dir, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH, &file);
    uint32_t now;

    if (status == NFS4ERR_SHARE_DENIED || status == NFS4ERR_DELAY)
        return;
    CHECK(status == NFS4_OK);
    now = ++inside;
    if (now > most_inside)
        most_inside = now;
    me->won++;
    inside--;
    CHECK(client_file_close(&me->mount, &file) == NFS4_OK);
}

static void *contender_run(void *arg)
{
    struct contender *me = arg;
    struct client_fh dir;

    CHECK(client_file_lookup(&me->mount, me->path, &dir) == NFS4_OK);
    while (wait_now_ms() < end_ms || me->won == 0)
        contend(me, &dir);
    return NULL;
}

static void contest(void **state)
{
    struct contender contenders[] = {
        {.path = "/a/sub"}, {.path = "/twice/sub"}, {.path = "/nested"}};

    look_up(*state);
    make_file(&alice, &first, "file");
    end_ms = wait_now_ms() + CONTEST_MS;
    for (size_t i = 0; i < ARRAY_SIZE(contenders); i++)
        script_mount_v41(&contenders[i].mount);
    for (size_t i = 0; i < ARRAY_SIZE(contenders); i++)
        CHECK(pthread_create(&contenders[i].thread, NULL, contender_run, &contenders[i]) == 0);
    for (size_t i = 0; i < ARRAY_SIZE(contenders); i++) {
        CHECK(pthread_join(contenders[i].thread, NULL) == 0);
        client_mount_close(&contenders[i].mount);
    }
    assert_int_equal(most_inside, 1);
}

static char twice[] = "/twice/sub", nested[] = "/nested", bound[] = "/bound/sub", ro[] = "/ro/sub";

#define BY_EACH(test)                                                                              \
    {#test " by the same directory", test, NULL, NULL, twice},                                     \
        {#test " by a nested export", test, NULL, NULL, nested},                                   \
    {                                                                                              \
#test " by a bind mount", test, NULL, NULL, bound                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BY_EACH(share_reservations),
        BY_EACH(locks),
        BY_EACH(delegation_and_open),
        BY_EACH(delegation_and_its_holder),
        BY_EACH(delegation_and_changes),
        BY_EACH(change_attribute),
        BY_EACH(opens_of_one_client),
        cmocka_unit_test_prestate(read_only, ro),
        cmocka_unit_test_prestate(contest, twice),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}

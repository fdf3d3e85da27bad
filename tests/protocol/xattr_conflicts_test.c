/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of extended attributes (RFC 8276) and delegations, which they recall as SETATTR does; and
 * their replies, which are the same when they are asked for again.
 */
#include "holder.h"

enum {
    LIST_BYTES = 4096
};

static struct client_fh dir;

static void set_by(struct client_mount *by, const struct client_fh *fh, const char *value,
                   enum nfsstat4 status)
{
    begin(by, fh);
    client_op_setxattr(C, "a", SETXATTR4_EITHER, value, (uint32_t)strlen(value));
    run_on(&by->conn, status);
}

static void unset_by(struct client_mount *by, const struct client_fh *fh, enum nfsstat4 status)
{
    begin(by, fh);
    client_op_removexattr(C, "a");
    run_on(&by->conn, status);
}

/* What does not change it. */
static void look_by(struct client_mount *by, const struct client_fh *fh, const char *want)
{
    begin(by, fh);
    client_op_getxattr(C, "a");
    client_op_listxattrs(C, 0, LIST_BYTES);
    client_op_access(C, ACCESS4_XAREAD | ACCESS4_XAWRITE | ACCESS4_XALIST);
    run_on(&by->conn, NFS4_OK);
    assert_int_equal(result(OP_GETXATTR)->opgetxattr.gxr_value.len, strlen(want));
    assert_memory_equal(result(OP_GETXATTR)->opgetxattr.gxr_value.data, want, strlen(want));
    assert_int_equal(result(OP_LISTXATTRS)->oplistxattrs.lxr_names_count, 1);
}

/* The export's file system may have none. */
static bool have(const struct client_fh *fh)
{
    return attrs_of(&alice, fh, CLIENT_BITS(FATTR4_XATTR_SUPPORT)).xattr_support;
}

static void recalled(const char *export, enum open_delegation_type4 type, bool remove)
{
    struct client_file file;
    struct holder holder;

    dir = script_dir(export);
    holder_open(&holder, 2);
    file = holder_delegated(&holder, &dir, "file", type);
    if (have(&dir)) {
        set_by(&holder.mount, &file.fh, "old", NFS4_OK);
        look_by(&bob, &file.fh, "old");
        (void)holder_pump(&holder, 0);
        assert_int_equal(holder.callbacks->count, 0);
        if (remove)
            unset_by(&bob, &file.fh, NFS4ERR_DELAY);
        else
            set_by(&bob, &file.fh, "new", NFS4ERR_DELAY);
        holder_wait_recall(&holder, &file);
        look_by(&bob, &file.fh, "old");
        holder_return(&holder, &file);
        if (remove)
            unset_by(&bob, &file.fh, NFS4_OK);
        else
            set_by(&bob, &file.fh, "new", NFS4_OK);
    } else {
        holder_return(&holder, &file);
    }
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    holder_close(&holder);
}

static void others_recall(void **state)
{
    recalled(*state, OPEN_DELEGATE_READ, false);
    recalled(*state, OPEN_DELEGATE_READ, true);
    recalled(*state, OPEN_DELEGATE_WRITE, false);
    recalled(*state, OPEN_DELEGATE_WRITE, true);
}

/* The holder's own changes, and those that are refused, recall nothing. */
static void harmless(void **state)
{
    struct client_cred own = bob.conn.cred;
    struct client_file file;
    struct holder holder;

    dir = script_dir(*state);
    holder_open(&holder, 2);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    if (have(&dir)) {
        set_by(&holder.mount, &file.fh, "own", NFS4_OK);
        unset_by(&holder.mount, &file.fh, NFS4_OK);
        unset_by(&holder.mount, &file.fh, NFS4ERR_NOXATTR);
        begin(&bob, &file.fh);
        client_op_setxattr(C, "", SETXATTR4_EITHER, "", 0);
        run(NFS4ERR_INVAL);
        if (*state == script_mem) { /* local may have one user for all */
            expect_status(client_file_setattr(&holder.mount, &file.fh, CLIENT_BITS(FATTR4_MODE),
                                              &(struct nfs4_attrs){.mode = 0644}),
                          NFS4_OK);
            bob.conn.cred = script_stranger();
            set_by(&bob, &file.fh, "no", NFS4ERR_ACCESS);
            unset_by(&bob, &file.fh, NFS4ERR_ACCESS);
            bob.conn.cred = own;
        }
        (void)holder_pump(&holder, 0);
        assert_int_equal(holder.callbacks->count, 0);
    }
    holder_finish(&holder, &file);
    holder_close(&holder);
}

/* The request waits, and is answered once when the delegation is returned. */
static void waits_for_the_return(void **state)
{
    struct pending pending;
    struct client_file file;
    struct holder holder;

    dir = script_dir(*state);
    holder_open(&holder, 2);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    if (have(&dir)) {
        begin(&bob, &file.fh);
        client_op_setxattr(C, "a", SETXATTR4_CREATE, "new", 3);
        pending_send(&pending, &bob);
        holder_wait_recall(&holder, &file);
        holder_finish(&holder, &file);
        if (pending_take(&pending) == NFS4ERR_DELAY) { /* on a slow machine */
            begin(&bob, &file.fh);
            client_op_setxattr(C, "a", SETXATTR4_CREATE, "new", 3);
            run(NFS4_OK);
        }
        expect_status(R->status, NFS4_OK);
        look_by(&alice, &file.fh, "new");
    } else {
        holder_finish(&holder, &file);
    }
    holder_close(&holder);
}

/* A delegation of a directory promises its attributes. */
static void of_directories(void **state)
{
    struct stateid4 stateid;
    struct holder holder;

    dir = script_dir(*state);
    holder_open(&holder, 2);
    if (have(&dir)) {
        stateid = holder_delegated_dir(&holder, &dir);
        set_by(&holder.mount, &dir, "own", NFS4_OK);
        look_by(&bob, &dir, "own");
        (void)holder_pump(&holder, 0);
        assert_int_equal(holder.callbacks->count, 0);
        set_by(&bob, &dir, "new", NFS4ERR_DELAY);
        (void)holder_wait(&holder, OP_CB_RECALL, 0);
        look_by(&bob, &dir, "own");
        holder_return_dir(&holder, &dir, &stateid);
        set_by(&bob, &dir, "new", NFS4_OK);
    }
    holder_close(&holder);
}

/* A holder that watches the attributes of its directory is told, and keeps the delegation. */
static void told_to_watchers(void **state)
{
    const struct GET_DIR_DELEGATION4args wish = {
        .gdda_notification_types = {.count = 1, .words = {1u << NOTIFY4_CHANGE_DIR_ATTRS}},
        .gdda_dir_attributes = CLIENT_BITS(FATTR4_CHANGE)};
    const struct GET_DIR_DELEGATION4res_non_fatal *given;
    struct holder holder;
    struct stateid4 stateid;

    dir = script_dir(*state);
    holder_open(&holder, 2);
    if (have(&dir)) {
        begin(&holder.mount, &dir);
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION, .opget_dir_delegation = wish});
        run_on(&holder.mount.conn, NFS4_OK);
        given = &result(OP_GET_DIR_DELEGATION)->opget_dir_delegation;
        assert_int_equal(given->gddrnf_status, GDD4_OK);
        stateid = given->gddrnf_resok4.gddr_stateid;
        set_by(&holder.mount, &dir, "own", NFS4_OK);
        set_by(&bob, &dir, "new", NFS4_OK);
        (void)holder_wait(&holder, OP_CB_NOTIFY, 0);
        unset_by(&bob, &dir, NFS4_OK);
        (void)holder_wait(&holder, OP_CB_NOTIFY, 1);
        assert_int_equal(holder.callbacks->count, 2);
        holder_return_dir(&holder, &dir, &stateid);
    }
    holder_close(&holder);
}

/* Each runs once, although it is sent twice, and something else has happened meanwhile. */
static void replayed(void **state)
{
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    if (!have(&dir))
        return;
    begin(&alice, &file);
    client_op_setxattr(C, "a", SETXATTR4_CREATE, "1", 1);
    run(NFS4_OK);
    retry_on(NULL);
    replay_on(NULL);
    look_by(&bob, &file, "1");
    begin(&alice, &file);
    client_op_setxattr(C, "a", SETXATTR4_CREATE, "1", 1);
    run(NFS4ERR_EXIST);
    retry_on(NULL);
    begin(&alice, &file);
    client_op_removexattr(C, "a");
    run(NFS4_OK);
    retry_on(NULL);
    begin(&alice, &file);
    client_op_removexattr(C, "a");
    run(NFS4ERR_NOXATTR);
    retry_on(NULL);
}

/* The reply is what is lost: another connection gets it, and bob's value stays. */
static void lost_reply(void **state)
{
    struct client_conn other;
    struct client_compound sent;
    struct client_fh file;

    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    if (!have(&dir))
        return;
    begin(&alice, &file);
    client_op_setxattr(C, "a", SETXATTR4_CREATE, "lost", 4);
    run(NFS4_OK);
    sent = *C;
    memset(C, 0, sizeof(*C));
    set_by(&bob, &file, "bob's", NFS4_OK);
    client_compound_free(C);
    *C = sent;
    script_connect(&other);
    other.cred = script_cred();
    client_result_free(R);
    assert_int_equal(client_compound_call(&other, C, R), CLIENT_OK);
    expect_status(R->status, NFS4_OK);
    assert_int_equal(result(OP_SETXATTR)->opsetxattr.sxr_info.atomic, *state == script_mem);
    look_by(&bob, &file, "bob's");
    client_conn_close(&other);
}

/* Nobody else changes the directories of `local`. */
static int start(const char *park)
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash",
                                   "--export", local,
                                   "--set",    "nfs.directory_delegations=notify",
                                   "--set",    "nfs.local_delegations=all",
                                   "--set",    park,
                                   NULL};

    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static int without_patience(void **state)
{
    (void)state;
    return start("nfs.recall_park_ms=0");
}

static int with_patience(void **state)
{
    (void)state;
    return start("nfs.recall_park_ms=1000");
}

int main(void)
{
    const struct CMUnitTest at_once[] = {
        ON_BOTH(others_recall),    ON_BOTH(harmless), ON_BOTH(of_directories),
        ON_BOTH(told_to_watchers), ON_BOTH(replayed), ON_BOTH(lost_reply),
    };
    const struct CMUnitTest parked[] = {ON_BOTH(waits_for_the_return)};
    int failed;

    script_minor = 2;
    failed = test_group_run_fixtures(at_once, without_patience, script_teardown);
    return failed | test_group_run_fixtures(parked, with_patience, script_teardown);
}

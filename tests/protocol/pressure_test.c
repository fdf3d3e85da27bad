/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server has too much of something, and clients are asked to give some back: delegations
 * (CB_RECALL_ANY, CB_RECALLABLE_OBJ_AVAIL) and slots (CB_RECALL_SLOT).  RFC 8881 §20.6 to §20.8.
 * Whom it asks for how much is in unit.state.delegation.delegation_pressure and
 * unit.state.session.session_slots.
 */
#include <string.h>

#include "holder.h"

enum {
    MOST = 16, /* delegations: clients are asked above 14, to get down to 12 */
    SESSIONS_MORE = 12
};

static int set_up(void **state)
{
    static char max[] = "nfs.max_delegations=16";
    const char *const options[] = {"--export",
                                   "/mem=mem:,no_root_squash",
                                   "--set",
                                   max,
                                   "--lease",
                                   "4",
                                   "--slots",
                                   "64",
                                   "--set",
                                   "nfs.directory_delegations=recall",
                                   "--reply-cache",
                                   "1",
                                   NULL};

    (void)state;
    if (script_setup(options) != 0)
        return -1;
    return script_open_to_all(script_mem) ? 0 : -1;
}

static const struct client_callback_op *wait_op(struct holder *holder, uint32_t op, uint32_t from)
{
    return client_callback_lookup(
        client_callback_at(holder->callbacks, holder_wait(holder, op, from)), op);
}

enum {
    FILES = 1u << RCA4_TYPE_MASK_RDATA_DLG | 1u << RCA4_TYPE_MASK_WDATA_DLG,
    DIRECTORIES = 1u << RCA4_TYPE_MASK_DIR_DLG
};

static void expect_types(const struct client_callback_op *op, uint32_t types)
{
    assert_int_equal(op->bits.count, 1);
    assert_int_equal(op->bits.words[0], types);
}

static struct client_file get(struct holder *holder, const struct client_fh *dir, unsigned number)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "file%u", number);
    return holder_delegated(holder, dir, name, OPEN_DELEGATE_READ);
}

static void make_files(const struct client_fh *dir, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        struct client_open how = {.name = name,
                                  .access =
                                      OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                  .create = true,
                                  .how = GUARDED4,
                                  .mode = 0644};
        struct client_file file;

        (void)snprintf(name, sizeof(name), "file%u", i);
        expect_status(client_file_open(&alice, dir, &how, &file), NFS4_OK);
        expect_status(client_file_close(&alice, &file), NFS4_OK);
    }
}

/* The client is asked, returns delegations of its choice, and none is recalled. */
static void returns_some(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file files[MOST];
    const struct client_callback_op *op;
    struct holder holder;

    make_files(&dir, MOST);
    holder_open(&holder, 1);
    for (unsigned i = 0; i < 15; i++)
        files[i] = get(&holder, &dir, i);
    op = wait_op(&holder, OP_CB_RECALL_ANY, 0);
    expect_types(op, FILES);
    assert_int_equal(op->keep, 12);
    for (unsigned i = 5; i < 8; i++)
        holder_return(&holder, &files[i]);
    files[15] = get(&holder, &dir, 15);
    for (unsigned i = 0; i < MOST; i++) {
        if (i < 5 || i >= 8)
            holder_return(&holder, &files[i]);
        assert_int_equal(holder_recalls(&holder, &files[i]), 0);
        expect_status(client_file_close(&holder.mount, &files[i]), NFS4_OK);
    }
    holder_close(&holder);
}

/* A lease after the request the oldest delegations are recalled. */
static void returns_nothing(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file files[MOST];
    struct holder holder;

    make_files(&dir, MOST);
    holder_open(&holder, 1);
    for (unsigned i = 0; i < 15; i++)
        files[i] = get(&holder, &dir, i);
    (void)holder_wait(&holder, OP_CB_RECALL_ANY, 0);
    for (unsigned i = 0; i < 3; i++) {
        holder_pump_until(&holder, (holder_speak(&holder, &holder.mount.conn),
                                    holder_recalls(&holder, &files[i]) > 0));
        holder_return(&holder, &files[i]);
    }
    for (unsigned i = 0; i < 15; i++) {
        if (i >= 3)
            assert_int_equal(holder_recalls(&holder, &files[i]), 0);
        if (i >= 3)
            holder_return(&holder, &files[i]);
        expect_status(client_file_close(&holder.mount, &files[i]), NFS4_OK);
    }
    holder_close(&holder);
}

/* At the limit none is granted; a client that asked for a notice is told once when there is
 * room. */
static void told_when_there_is_room(void **state)
{
    const uint32_t signal =
        OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL | OPEN4_SHARE_ACCESS_WANT_READ_DELEG;
    struct client_fh dir = script_dir(*state);
    struct client_open how = {.name = "file0", .access = OPEN4_SHARE_ACCESS_READ | signal};
    const struct open_delegation4 *none;
    const struct client_callback_op *op;
    struct client_file files[MOST], file;
    struct holder holder, late;

    make_files(&dir, MOST);
    holder_open(&holder, 1);
    holder_open(&late, 2);
    for (unsigned i = 0; i < MOST; i++)
        files[i] = get(&holder, &dir, i);
    expect_status(client_file_open(&late.mount, &dir, &how, &file), NFS4_OK);
    none = &file.open.delegation;
    assert_int_equal(none->delegation_type, OPEN_DELEGATE_NONE_EXT);
    assert_int_equal(none->od_whynone.ond_why, WND4_RESOURCE);
    assert_true(none->od_whynone.ond_server_will_signal_avail);
    /* No delegation without a type (RFC 8881 §18.16.3). */
    how.access = OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL;
    expect_status(client_file_open(&late.mount, &dir, &how, &file), NFS4_OK);
    assert_int_equal(none->od_whynone.ond_why, WND4_RESOURCE);
    assert_false(none->od_whynone.ond_server_will_signal_avail);
    holder_speak(&late, &late.mount.conn);
    assert_int_equal(late.callbacks->count, 0);
    for (unsigned i = 0; i < MOST; i++)
        holder_finish(&holder, &files[i]);
    op = wait_op(&late, OP_CB_RECALLABLE_OBJ_AVAIL, 0);
    expect_types(op, FILES);
    assert_int_equal(op->keep, 14);
    expect_status(client_file_close(&late.mount, &file), NFS4_OK);
    file = get(&late, &dir, 0);
    /* No notice is promised to a client that does not ask for one, or when the limit is not the
     * reason. */
    holder_finish(&late, &file);
    holder_close(&late);
    holder_close(&holder);
}

static bool promised(struct holder *holder, const struct client_fh *dir, bool signal)
{
    struct nfs_argop4 op = {.argop = OP_GET_DIR_DELEGATION};

    op.opget_dir_delegation.gdda_signal_deleg_avail = signal;
    begin(&holder->mount, dir);
    client_compound_add(C, &op);
    run(NFS4_OK);
    assert_int_equal(result(OP_GET_DIR_DELEGATION)->opget_dir_delegation.gddrnf_status,
                     GDD4_UNAVAIL);
    return result(OP_GET_DIR_DELEGATION)->opget_dir_delegation.gddrnf_will_signal_deleg_avail;
}

/* Directories have half of the room: the holder is asked above 7, to get down to 6, and another
 * client is told then. */
static void directories(void **state)
{
    struct client_fh dir = script_dir(*state), dirs[MOST / 2];
    struct stateid4 stateids[MOST / 2], stateid;
    const struct client_callback_op *op;
    struct holder holder, late;
    struct client_file file;

    make_files(&dir, 1);
    holder_open(&holder, 1);
    holder_open(&late, 2);
    for (unsigned i = 0; i < MOST / 2; i++) {
        dirs[i] = script_dir(*state);
        stateids[i] = holder_delegated_dir(&holder, &dirs[i]);
    }
    assert_false(promised(&late, &dir, false));
    assert_true(promised(&late, &dir, true));
    file = get(&late, &dir, 0); /* there is room for files */
    op = wait_op(&holder, OP_CB_RECALL_ANY, 0);
    expect_types(op, DIRECTORIES);
    assert_int_equal(op->keep, 6);
    for (unsigned i = 0; i < 2; i++)
        holder_return_dir(&holder, &dirs[i], &stateids[i]);
    op = wait_op(&late, OP_CB_RECALLABLE_OBJ_AVAIL, 0);
    expect_types(op, DIRECTORIES);
    assert_int_equal(op->keep, 1);
    stateid = holder_delegated_dir(&late, &dir);
    holder_return_dir(&late, &dir, &stateid);
    holder_finish(&late, &file);
    for (unsigned i = 2; i < MOST / 2; i++)
        holder_return_dir(&holder, &dirs[i], &stateids[i]);
    holder_close(&late);
    holder_close(&holder);
}

/* An idle session is asked to give up slots, and does with its next requests. */
static void slots_of_an_idle_session(void **state)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_mount more[SESSIONS_MORE];
    const struct client_callback_op *op;
    struct client_cred cred = script_cred();
    struct holder holder;
    uint32_t before;

    (void)state;
    holder_open(&holder, 1);
    before = holder.mount.session.slot_count;
    for (int i = 0; i < SESSIONS_MORE; i++) {
        wish = client_session_wish_default(NULL);
        expect_status(
            client_mount_open(&more[i], script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
            NFS4_OK);
        (void)script_use_slots(&more[i]);
    }
    op = wait_op(&holder, OP_CB_RECALL_SLOT, 0);
    assert_true(op->target_highest_slot + 1 < before);
    /* The client gives up the slots with its next requests, three at most. */
    holder_pump_until(&holder, (holder_speak(&holder, &holder.mount.conn),
                                holder.mount.session.highest_slot <= op->target_highest_slot));
    for (int i = 0; i < SESSIONS_MORE; i++)
        client_mount_close(&more[i]);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"returns_some", returns_some, NULL, NULL, script_mem},
        {"returns_nothing", returns_nothing, NULL, NULL, script_mem},
        {"told_when_there_is_room", told_when_there_is_room, NULL, NULL, script_mem},
        {"directories", directories, NULL, NULL, script_mem},
        {"slots_of_an_idle_session", slots_of_an_idle_session, NULL, NULL, script_mem},
    };

    return test_group_run_fixtures(tests, set_up, script_teardown);
}

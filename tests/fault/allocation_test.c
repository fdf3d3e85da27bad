/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server in which one allocation fails: each allocation of each request in turn, in a script that
 * has every kind of request on both backends, callbacks and a restart. A request that meets the
 * failure is told to retry, or loses its connection; repeated, it gives its usual result. Nothing
 * leaks: the end of each server is checked.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "allocation/faults.h"
#include "client/client_owner.h"
#include "lib/wait.h"
#include "protocol/holder.h"

enum {
    LONG_BYTES = 40000, /* more than a buffer holds at first */
    FAULTS_LEAST = 60,  /* if there are fewer, the faults do not reach the server */
};

static struct client_fh top, dir, file_fh;
static struct client_file file, theirs;
static struct stateid4 lock;
static uint8_t data[LONG_BYTES];
static char local[128];
static const char *const options[] = {"--lease",  "60",
                                      "--grace",  "60",
                                      "--export", "/mem=mem:,no_root_squash",
                                      "--export", local,
                                      "--set",    "nfs.recall_park_ms=1",
                                      "--set",    "nfs.callback_backoff_ms=10",
                                      "--set",    "nfs.callback_backoff_max_ms=20",
                                      NULL};

/* ---- clients ---- */

static int listener = -1; /* callback address of 4.0 clients; does not answer */
static char address[32];

static bool listen_for_calls(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);
    unsigned port;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&here, len) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &len) != 0 || listen(listener, 64) != 0)
        return false;
    port = ntohs(here.sin_port);
    (void)snprintf(address, sizeof(address), "127.0.0.1.%u.%u", port >> 8, port & 0xff);
    return true;
}

static struct client_session_wish wish;
static struct client_id_wish id_wish;
static struct client_mount *coming;
static uint8_t life; /* of the clients: a new value for each pass */

static enum client_status exchange_id(enum nfsstat4 *status)
{
    return client_session_exchange_id(&coming->conn, &wish, &coming->session, status);
}

static enum client_status create_session(enum nfsstat4 *status)
{
    return client_session_create(&coming->conn, &wish, &coming->session, status);
}

static enum client_status reclaim_complete(enum nfsstat4 *status)
{
    return client_session_reclaim_complete(&coming->conn, &coming->session, status);
}

static enum client_status set_clientid(enum nfsstat4 *status)
{
    return client_id_set(&coming->conn, &id_wish, &coming->id, status);
}

static enum client_status confirm_clientid(enum nfsstat4 *status)
{
    return client_id_confirm(&coming->conn, &coming->id, status);
}

static enum client_status renew(enum nfsstat4 *status)
{
    return client_id_renew(&coming->conn, &coming->id, status);
}

static enum client_status destroy_session(enum nfsstat4 *status)
{
    enum client_status got = client_session_renew(&coming->conn, &coming->session, 0, status);

    /* The retry may need a new connection. */
    if (got != CLIENT_OK || *status != NFS4_OK)
        return got;
    return client_session_destroy(&coming->conn, &coming->session, status);
}

static enum client_status destroy_clientid(enum nfsstat4 *status)
{
    return client_session_destroy_clientid(&coming->conn, &coming->session, status);
}

static void come(struct client_mount *mount, const char *owner)
{
    coming = mount;
    client_conn_close(&mount->conn);
    memset(mount, 0, sizeof(*mount));
    script_connect(&mount->conn);
    mount->v40 = script_minor == 0;
    id_wish = client_id_wish_default(owner);
    id_wish.address = address;
    wish = client_session_wish_default(owner);
    wish.minor = script_minor;
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    memset(wish.verifier, life, sizeof(wish.verifier));
    memset(id_wish.verifier, life, sizeof(id_wish.verifier));
    if (mount->v40) {
        STEP_CALL(mount, set_clientid, NFS4_OK);
        STEP_CALL(mount, confirm_clientid, NFS4_OK);
        STEP_CALL(mount, renew, NFS4_OK);
    } else {
        STEP_CALL(mount, exchange_id, NFS4_OK);
        STEP_CALL(mount, create_session, NFS4_OK);
    }
}

static void complete(struct client_mount *mount)
{
    coming = mount;
    if (!mount->v40)
        STEP_CALL(mount, reclaim_complete, NFS4_OK);
}

static void leave(struct client_mount *mount)
{
    coming = mount;
    if (!mount->v40) {
        STEP_CALL(mount, destroy_session, NFS4_OK);
        STEP_CALL(mount, destroy_clientid, NFS4_OK);
    }
    client_conn_close(&mount->conn);
}

/* ---- names ---- */

static char dir_name[32];

static void make_dir(void)
{
    begin(&alice, &top);
    client_op_create(C, dir_name, NF4DIR, NULL, 0777);
}

static void find_dir(void)
{
    begin(&alice, NULL);
    client_op_putfh(C, &top);
    client_op_lookup(C, dir_name);
    client_op_getfh(C);
}

static void make_link(void)
{
    begin(&alice, &dir);
    client_op_create(C, "symlink", NF4LNK, "target", 0777);
}

static void make_fifo(void)
{
    begin(&alice, &dir);
    client_op_create(C, "fifo", NF4FIFO, NULL, 0666);
}

static void read_link(void)
{
    begin(&alice, &dir);
    client_op_lookup(C, "symlink");
    client_op(C, OP_READLINK);
}

static void look_up(void)
{
    begin(&alice, &dir);
    client_op(C, OP_LOOKUPP);
    client_op_lookup(C, dir_name);
    client_op_lookup(C, "file");
    client_op_access(C, ACCESS4_READ | ACCESS4_MODIFY);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_SIZE, FATTR4_FILEHANDLE, FATTR4_OWNER,
                                     FATTR4_OWNER_GROUP, FATTR4_SPACE_FREE, FATTR4_MODE));
}

static void find_file(void)
{
    begin(&alice, &dir);
    client_op_lookup(C, "file");
    client_op_getfh(C);
}

static void walk_root(void)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_TYPE, FATTR4_FSID));
}

static void link_it(void)
{
    begin_two(&alice, &file_fh, &dir);
    client_op_link(C, "hard");
}

static void rename_it(void)
{
    begin_two(&alice, &dir, &dir);
    client_op_rename(C, "hard", "harder");
}

static void rename_dir(void)
{
    begin_two(&alice, &top, &top);
    client_op_rename(C, dir_name, "elsewhere");
}

static void rename_dir_back(void)
{
    begin_two(&alice, &top, &top);
    client_op_rename(C, "elsewhere", dir_name);
}

static void list(void)
{
    begin(&alice, &dir);
    client_op_readdir(C, 0, NULL, 8192,
                      CLIENT_BITS(FATTR4_TYPE, FATTR4_FILEHANDLE, FATTR4_SIZE, FATTR4_OWNER));
}

static void sec_info(void)
{
    struct nfs_argop4 op = {.argop = OP_SECINFO, .opsecinfo = {.name = client_text("file")}};

    begin(&alice, &dir);
    client_compound_add(C, &op);
}

static void set_attr(void)
{
    uint8_t values[4];
    struct nfs_argop4 op = {.argop = OP_SETATTR,
                            .opsetattr = {.obj_attributes = client_fattr_mode(0640, values)}};

    begin(&alice, &file_fh);
    client_compound_add(C, &op);
}

static void open_attr_dir(void)
{
    struct nfs_argop4 op = {.argop = OP_OPENATTR, .opopenattr = {.createdir = true}};

    begin(&alice, &file_fh);
    client_compound_add(C, &op);
    client_op_readdir(C, 0, NULL, 4096, CLIENT_BITS(FATTR4_TYPE));
}

static void remove_link(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "symlink");
}

static void remove_fifo(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "fifo");
}

static void remove_hard(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "harder");
}

static void remove_file(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "file");
}

static void remove_dir(void)
{
    begin(&alice, &top);
    client_op_remove(C, dir_name);
}

static void names(void)
{
    STEP(&alice, make_link, NFS4_OK);
    STEP(&alice, make_fifo, NFS4_OK);
    STEP(&alice, read_link, NFS4_OK);
    STEP(&alice, look_up, NFS4_OK);
    STEP(&alice, walk_root, NFS4_OK);
    STEP(&alice, link_it, NFS4_OK);
    STEP(&alice, rename_it, NFS4_OK);
    STEP(&alice, rename_dir, NFS4_OK);
    STEP(&alice, rename_dir_back, NFS4_OK);
    STEP(&alice, list, NFS4_OK);
    STEP(&alice, sec_info, NFS4_OK);
    STEP(&alice, set_attr, NFS4_OK);
    STEP(&alice, remove_link, NFS4_OK);
    STEP(&alice, remove_fifo, NFS4_OK);
    STEP(&alice, remove_hard, NFS4_OK);
}

/* ---- opens and data ---- */

static void open_in(struct client_mount *mount, const char *owner, enum createmode4 how,
                    const char *name, uint32_t access)
{
    struct client_open open = {
        .owner = owner, .access = access, .name = name, .create = true, .how = how, .mode = 0666};

    if (!mount->v40)
        open.access |= OPEN4_SHARE_ACCESS_WANT_NO_DELEG;
    memset(open.verifier, 7, sizeof(open.verifier));
    begin(mount, &dir);
    script_op_open(mount, &open);
}

static void open_unchecked(void)
{
    open_in(&alice, "owner", UNCHECKED4, "file", OPEN4_SHARE_ACCESS_BOTH);
}

static void open_guarded(void)
{
    open_in(&alice, "owner", GUARDED4, "guarded", OPEN4_SHARE_ACCESS_BOTH);
}

static void open_exclusive(void)
{
    open_in(&alice, "owner", EXCLUSIVE4, "exclusive", OPEN4_SHARE_ACCESS_BOTH);
}

static void open_theirs(void)
{
    open_in(&bob, "bob", UNCHECKED4, "file", OPEN4_SHARE_ACCESS_BOTH);
}

static void open_theirs_to_read(void)
{
    open_in(&bob, "bob", UNCHECKED4, "file", OPEN4_SHARE_ACCESS_READ);
}

static void take_open(struct client_mount *mount, const char *owner, struct client_file *out)
{
    *out = (struct client_file){.stateid = result(OP_OPEN)->opopen.stateid,
                                .owner = client_mount_owner(mount, owner)};
    out->open = result(OP_OPEN)->opopen;
}

static void confirm_mine(void)
{
    begin(&alice, &file_fh);
    client_owner_open_confirm(C, file.owner, &file.stateid);
}

static void confirm_theirs(void)
{
    begin(&bob, &file_fh);
    client_owner_open_confirm(C, theirs.owner, &theirs.stateid);
}

static void confirm(struct client_file *opened)
{
    if (!(opened->open.rflags & OPEN4_RESULT_CONFIRM))
        return;
    if (opened == &file)
        STEP(&alice, confirm_mine, NFS4_OK);
    else
        STEP(&bob, confirm_theirs, NFS4_OK);
    opened->stateid = result(OP_OPEN_CONFIRM)->opopen_confirm.open_stateid;
}

static void write_long(void)
{
    begin(&alice, &file_fh);
    client_op_write(C, &file.stateid, 0, UNSTABLE4, data, sizeof(data));
}

static void read_long(void)
{
    begin(&alice, &file_fh);
    client_op_read(C, &file.stateid, 0, sizeof(data));
}

static void commit(void)
{
    begin(&alice, &file_fh);
    client_op_commit(C, 0, 0);
}

static void downgrade(void)
{
    struct nfs_argop4 op = {.argop = OP_OPEN_DOWNGRADE,
                            .opopen_downgrade = {.open_stateid = theirs.stateid,
                                                 .share_access = OPEN4_SHARE_ACCESS_READ}};

    begin(&bob, &file_fh);
    script_op_as(&bob, "bob", &op);
}

static void close_mine(void)
{
    begin(&alice, &file_fh);
    script_op_close(&alice, &file);
}

static void close_theirs(void)
{
    begin(&bob, &file_fh);
    script_op_close(&bob, &theirs);
}

static void close_guarded(void)
{
    begin(&alice, &dir);
    client_op_lookup(C, "guarded");
    script_op_close(&alice, &file);
}

static void close_exclusive(void)
{
    begin(&alice, &dir);
    client_op_lookup(C, "exclusive");
    script_op_close(&alice, &file);
}

static void remove_guarded(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "guarded");
}

static void remove_exclusive(void)
{
    begin(&alice, &dir);
    client_op_remove(C, "exclusive");
}

static void open_file(void)
{
    STEP(&alice, open_unchecked, NFS4_OK);
    take_open(&alice, "owner", &file);
    STEP(&alice, find_file, NFS4_OK);
    file_fh = file.fh = result_fh();
    confirm(&file);
}

/* Another client's open of the same file, so that the file has two groups of opens; first for
 * reading, so that it can be downgraded to that. */
static void open_others(void)
{
    STEP(&bob, open_theirs_to_read, NFS4_OK);
    take_open(&bob, "bob", &theirs);
    theirs.fh = file_fh;
    confirm(&theirs);
    STEP(&bob, open_theirs, NFS4_OK);
    theirs.stateid = result(OP_OPEN)->opopen.stateid;
}

static void other_opens(void)
{
    struct client_file kept = file;

    STEP(&alice, open_guarded, NFS4_OK);
    take_open(&alice, "owner", &file);
    STEP(&alice, close_guarded, NFS4_OK);
    STEP(&alice, open_exclusive, NFS4_OK);
    take_open(&alice, "owner", &file);
    STEP(&alice, close_exclusive, NFS4_OK);
    STEP(&alice, remove_guarded, NFS4_OK);
    STEP(&alice, remove_exclusive, NFS4_OK);
    file = kept;
}

static void data_io(void)
{
    STEP(&alice, write_long, NFS4_OK);
    STEP(&alice, read_long, NFS4_OK);
    STEP(&alice, commit, NFS4_OK);
}

/* ---- locks ---- */

static void lock_first(void)
{
    begin(&alice, &file_fh);
    script_op_lock_new(&alice, &file, "locker", WRITE_LT, 0, 10);
}

static void lock_more(void)
{
    struct nfs_argop4 op = {.argop = OP_LOCK,
                            .oplock = {.locktype = WRITE_LT, .offset = 100, .length = 10}};

    op.oplock.locker.lock_owner.lock_stateid = lock;
    begin(&alice, &file_fh);
    script_op_as(&alice, "locker", &op);
}

static void lock_waiting(void)
{
    begin(&bob, &file_fh);
    script_op_lock_new(&bob, &theirs, "waiter", WRITEW_LT, 0, 10);
}

static void lock_test(void)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKT,
        .oplockt = {.locktype = WRITE_LT,
                    .length = 1,
                    .owner = {client_mount_clientid(&bob), client_text("tester")}}};

    begin(&bob, &file_fh);
    client_compound_add(C, &op);
}

/* From the middle of a range, which leaves two locks. */
static void unlock(void)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {.locktype = WRITE_LT, .lock_stateid = lock, .offset = 104, .length = 2}};

    begin(&alice, &file_fh);
    script_op_as(&alice, "locker", &op);
}

static void unlock_all(void)
{
    struct nfs_argop4 op = {
        .argop = OP_LOCKU,
        .oplocku = {.locktype = WRITE_LT, .lock_stateid = lock, .length = UINT64_MAX}};

    begin(&alice, &file_fh);
    script_op_as(&alice, "locker", &op);
}

static void release_owner(void)
{
    struct nfs_argop4 op = {
        .argop = OP_RELEASE_LOCKOWNER,
        .oprelease_lockowner = {{client_mount_clientid(&alice), client_text("locker")}}};

    begin(&alice, NULL);
    client_compound_add(C, &op);
}

static void free_stateid(void)
{
    struct nfs_argop4 op = {.argop = OP_FREE_STATEID, .opfree_stateid = {lock}};

    begin(&alice, NULL);
    client_compound_add(C, &op);
}

static void locks(void)
{
    STEP(&alice, lock_first, NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    STEP(&alice, lock_more, NFS4_OK);
    lock = result(OP_LOCK)->oplock.lock_stateid;
    STEP(&bob, lock_waiting, NFS4ERR_DENIED);
    STEP(&bob, lock_test, NFS4ERR_DENIED);
    STEP(&alice, unlock, NFS4_OK);
    lock = result(OP_LOCKU)->oplocku.lock_stateid;
    STEP(&alice, unlock_all, NFS4_OK);
    lock = result(OP_LOCKU)->oplocku.lock_stateid;
    if (alice.v40)
        STEP(&alice, release_owner, NFS4_OK);
    else
        STEP(&alice, free_stateid, NFS4_OK);
}

/* ---- the script ---- */

static void script_begin(const char *export)
{
    (void)snprintf(dir_name, sizeof(dir_name), "pass %u", ++life);
    come(&alice, "alice");
    complete(&alice);
    come(&bob, "bob");
    complete(&bob);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, export + 1);
    client_op_getfh(C);
    run(NFS4_OK);
    top = result_fh();
    STEP(&alice, make_dir, NFS4_OK);
    STEP(&alice, find_dir, NFS4_OK);
    dir = result_fh();
}

static void script_end(void)
{
    STEP(&bob, close_theirs, NFS4_OK);
    STEP(&alice, close_mine, NFS4_OK);
    STEP(&alice, remove_file, NFS4_OK);
    STEP(&alice, remove_dir, NFS4_OK);
    leave(&alice);
    leave(&bob);
}

static void requests(void **state)
{
    faults_begin();
    do {
        faults_pass_begin();
        script_begin(*state);
        open_file();
        open_others();
        names();
        other_opens();
        data_io();
        locks();
        STEP(&bob, downgrade, NFS4_OK);
        theirs.stateid = result(OP_OPEN_DOWNGRADE)->opopen_downgrade.open_stateid;
        if (*state == script_mem)
            STEP(&alice, open_attr_dir, NFS4_OK);
        script_end();
    } while (!faults_pass_end());
    print_message("%u allocations failed\n", faults_count());
    assert_true(faults_count() > FAULTS_LEAST);
}

/* ---- delegations and callbacks ---- */

static struct holder holder;
static struct client_file delegated;

/* bob's open, over another connection if the server has closed the first. */
static enum nfsstat4 bob_opens(struct client_file *got)
{
    enum nfsstat4 status = conflict_open(&bob, &dir, "delegated", got);

    if (status != NFS4ERR_SERVERFAULT)
        return status;
    client_conn_close(&bob.conn);
    script_connect(&bob.conn);
    return NFS4ERR_DELAY;
}

/* Whatever fails in between, the recall reaches the holder in the end. */
static void recall(void)
{
    const int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS;
    struct client_file other;

    faults_arm();
    while (holder_recalls(&holder, &delegated) == 0) {
        expect_status(bob_opens(&other), NFS4ERR_DELAY);
        (void)holder_pump(&holder, 1);
        assert_true(wait_now_ms() < end_ms);
    }
    (void)faults_disarm();
}

static void return_it(void)
{
    struct nfs_argop4 op = {.argop = OP_DELEGRETURN,
                            .opdelegreturn = {*client_file_delegation(&delegated)}};

    begin(&holder.mount, &delegated.fh);
    client_compound_add(C, &op);
}

static void get_attr(void)
{
    begin(&bob, &delegated.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
}

/* Ask for the attributes of the delegated file, whose size the server asks of the holder. One
 * try. */
static enum nfsstat4 bob_asks(void)
{
    struct pending pending;
    enum client_status got;
    enum nfsstat4 status;

    get_attr();
    pending_send(&pending, &bob);
    holder_pump_until(&holder, pending_is_answered(&pending));
    got = client_compound_receive(&bob.conn, &pending.c, pending.xid, R);
    status = got == CLIENT_OK ? R->status : NFS4ERR_DELAY;
    client_compound_free(&pending.c);
    if (got == CLIENT_OK)
        return status;
    assert_int_equal(got, CLIENT_CLOSED);
    client_conn_close(&bob.conn);
    script_connect(&bob.conn);
    return status;
}

/* A CB_GETATTR that cannot be sent counts as one without an answer: the delegation is recalled, and
 * this file not delegated again soon. */
static void ask(void)
{
    enum nfsstat4 status;

    delegated = holder_delegated(&holder, &dir, "asked", OPEN_DELEGATE_WRITE);
    faults_arm();
    do
        status = bob_asks();
    while (status == NFS4ERR_DELAY && holder_recalls(&holder, &delegated) == 0);
    (void)faults_disarm();
    holder_finish(&holder, &delegated);
    if (status != NFS4_OK)
        status = bob_asks();
    expect_status(status, NFS4_OK);
}

static void callbacks(void **state)
{
    struct client_file other;

    (void)state;
    faults_begin();
    do {
        faults_pass_begin();
        script_begin(script_local);
        holder_open(&holder, script_minor);
        ask();
        delegated = holder_delegated(&holder, &dir, "delegated", OPEN_DELEGATE_WRITE);
        recall();
        STEP(&holder.mount, return_it, NFS4_OK);
        expect_status(client_file_close(&holder.mount, &delegated), NFS4_OK);
        expect_status(conflict_insist(&bob, &dir, "delegated", &holder, &other), NFS4_OK);
        expect_status(client_file_close(&bob, &other), NFS4_OK);
        holder_close(&holder);
        leave(&alice);
        leave(&bob);
    } while (!faults_pass_end());
    print_message("%u allocations failed\n", faults_count());
}

/* ---- a restart ---- */

static void reclaim_open(void)
{
    const struct client_open how = {
        .owner = "owner", .access = OPEN4_SHARE_ACCESS_BOTH, .reclaim = true};

    begin(&alice, &file_fh);
    script_op_open(&alice, &how);
}

static void reclaim_lock(void)
{
    struct nfs_argop4 op = {.argop = OP_LOCK,
                            .oplock = {.locktype = WRITE_LT, .reclaim = true, .length = 10}};

    op.oplock.locker.new_lock_owner = true;
    op.oplock.locker.open_owner.open_stateid = file.stateid;
    op.oplock.locker.open_owner.lock_owner =
        (struct state_owner4){client_mount_clientid(&alice), client_text("locker")};
    begin(&alice, &file_fh);
    script_op_as(&alice, "owner", &op);
}

static void serve_again(void)
{
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    assert_true(test_server_stop(&script_server)); /* reports leaks */
    assert_true(test_server_start(&script_server, NULL));
    faults_meet();
}

static void remove_state(void)
{
    DIR *state = opendir(script_server.state);
    struct dirent *entry;

    assert_non_null(state);
    while ((entry = readdir(state)))
        (void)unlinkat(dirfd(state), entry->d_name, 0);
    (void)closedir(state);
}

/* The server would wait for the clients of its former life. */
static void forget_clients(void)
{
    client_conn_close(&alice.conn);
    client_conn_close(&bob.conn);
    assert_true(test_server_stop(&script_server));
    remove_state();
    assert_true(test_server_start(&script_server, NULL));
    faults_meet();
}

static void restart(void **state)
{
    (void)state;
    faults_begin();
    do {
        faults_pass_begin();
        forget_clients();
        script_begin(script_local);
        open_file();
        STEP(&alice, lock_first, NFS4_OK);
        serve_again();
        come(&alice, "alice");
        STEP(&alice, reclaim_open, NFS4_OK);
        take_open(&alice, "owner", &file);
        STEP(&alice, reclaim_lock, NFS4_OK);
        complete(&alice);
        STEP(&alice, close_mine, NFS4_OK);
        leave(&alice);
    } while (!faults_pass_end());
    print_message("%u allocations failed\n", faults_count());
}

/* ---- */

static int setup(void **state)
{
    (void)state;
    alice.conn.fd = bob.conn.fd = -1;
    /* A status that is due to lack of memory is not among those that the operation itself
     * returns. */
    client_result_watch = NULL;
    if (setenv("MAINSTAY_BIN", FAULTY_BIN, 1) != 0 || !test_server_init(&script_server) ||
        !listen_for_calls())
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    faults_install(script_server.dir);
    if (!test_server_start(&script_server, options))
        return -1;
    faults_meet();
    come(&alice, "opener");
    return script_open_to_all(script_mem) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)script_teardown(state);
    faults_remove();
    close(listener);
    return 0;
}

int main(void)
{
    /* Callbacks and restarts are the same in 4.1 and 4.2. */
    const struct CMUnitTest requests_alone[] = {
        ON_BOTH(requests),
    };
    const struct CMUnitTest tests[] = {
        ON_BOTH(requests),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(restart),
    };

    if (script_minor == 2)
        return test_group_run_fixtures(requests_alone, setup, teardown);
    return test_group_run_fixtures(tests, setup, teardown);
}

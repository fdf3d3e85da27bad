/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client restarts while a request of its former instance waits: for the return of a delegation
 * or, in minor version 0, for its owner's turn. Once the new instance is confirmed, requests of the
 * old one have no effect (RFC 8881 §18.35.4, RFC 7530 §16.34.5).
 */
#include "lib/disk_watch.h"
#include "protocol/holder.h"
#include "protocol/set_range.h"

#define OWNER "restarting"

static struct disk_watch *disk;
static struct holder holder;
static struct client_mount former, latter;
static struct client_fh dir;
static struct client_file file;
static char name[16], other[16];

static int group_setup(void **state)
{
    assert_true(test_server_init(&script_server));
    disk = disk_watch_install(script_server.dir, script_server.data, 0);
    if (script_setup_default(state) != 0)
        return -1;
    set_setting("nfs.recall_park_ms", 1000);
    return 0;
}

static void come(struct client_mount *mount, uint8_t life)
{
    struct client_session_wish wish = client_session_wish_default(OWNER);
    struct client_id_wish id_wish = client_id_wish_default(OWNER);
    const struct client_cred cred = script_cred();

    memset(wish.verifier, life, sizeof(wish.verifier));
    memset(id_wish.verifier, life, sizeof(id_wish.verifier));
    wish.minor = script_minor;
    if (script_minor == 0)
        script_mount_v40_as(mount, &id_wish);
    else
        expect_status(
            client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish),
            NFS4_OK);
}

static int setup(void **state)
{
    static unsigned number;
    static uint8_t life;

    dir = script_dir(*state);
    (void)snprintf(name, sizeof(name), "file %u", number);
    (void)snprintf(other, sizeof(other), "other %u", number++);
    holder_open(&holder, script_minor);
    come(&former, ++life);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    disk_watch_let_go(disk);
    client_conn_close(&former.conn);
    client_mount_close(&latter);
    holder_close(&holder);
    return 0;
}

/* Each restart has the next verifier. */
static void restart(void)
{
    static uint8_t life = 100;

    come(&latter, ++life);
}

/* The request in C meets the delegation, its client restarts, the delegation is returned. */
static void waits_for_the_delegation(void)
{
    struct pending pending;

    pending_send(&pending, &former);
    (void)holder_wait_recall(&holder, &file);
    restart();
    holder_finish(&holder, &file);
    expect_status(pending_take(&pending), NFS4ERR_DELAY);
}

static void delegated(void)
{
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_READ);
}

static void rename_waits(void **state)
{
    (void)state;
    delegated();
    begin_two(&former, &dir, &dir);
    client_op_rename(C, name, other);
    waits_for_the_delegation();
    (void)look(&alice, &dir, name);
}

static void remove_waits(void **state)
{
    (void)state;
    delegated();
    begin(&former, &dir);
    client_op_remove(C, name);
    waits_for_the_delegation();
    (void)look(&alice, &dir, name);
}

static void link_waits(void **state)
{
    (void)state;
    delegated();
    begin_two(&former, &file.fh, &dir);
    client_op_link(C, other);
    waits_for_the_delegation();
    begin(&alice, &dir);
    client_op_lookup(C, other);
    run(NFS4ERR_NOENT);
}

static void write_waits(void **state)
{
    (void)state;
    delegated();
    begin(&former, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "late", 4);
    waits_for_the_delegation();
    assert_int_equal(attrs_of(&alice, &file.fh, CLIENT_BITS(FATTR4_SIZE)).size, 0);
}

/* The operations behind the one that waited are not done either. */
static void operations_behind_it(void **state)
{
    (void)state;
    delegated();
    begin(&former, &file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, FILE_SYNC4, "late", 4);
    client_op_putfh(C, &dir);
    client_op_create(C, other, NF4DIR, NULL, 0755);
    waits_for_the_delegation();
    begin(&alice, &dir);
    client_op_lookup(C, other);
    run(NFS4ERR_NOENT);
}

/* The client did not restart: the request continues. */
static void same_life(void **state)
{
    struct pending pending;
    enum nfsstat4 status;

    (void)state;
    delegated();
    begin(&former, &dir);
    client_op_remove(C, name);
    pending_send(&pending, &former);
    (void)holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    status = pending_take(&pending);
    if (status == NFS4ERR_DELAY) { /* a slow machine */
        begin(&former, &dir);
        client_op_remove(C, name);
        run_on(&former.conn, NFS4_OK);
    }
    begin(&alice, &dir);
    client_op_lookup(C, name);
    run(NFS4ERR_NOENT);
    restart();
}

/* ---- minor version 0: an owner's requests run one after the other ---- */

static void op_open(const char *as, bool truncate)
{
    static const uint8_t zero[8];
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_WRITE,
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
                   .claim = {.claim = CLAIM_NULL, .file = client_text(as)}}};

    if (truncate)
        op.opopen.openhow.how.createattrs =
            (struct fattr4){.attrmask = CLIENT_BITS(FATTR4_SIZE), .attr_vals = {zero, 8}};
    begin(&former, &dir);
    script_op_as(&former, "owner", &op);
}

/* One OPEN is at the disk, and the same owner's next one waits for it. */
static void owner_waits(void **state)
{
    struct pending first, second;
    struct client_file made;

    (void)state;
    if (script_minor != 0)
        return;
    file.fh = make_file(&alice, &dir, name);
    made = make_open(&former, &dir, other); /* confirms the owner */
    expect_status(client_file_close(&former, &made), NFS4_OK);
    disk_watch_hold(disk, DISK_CHANGES);
    op_open(name, true);
    pending_send(&first, &former);
    wait_until(disk_watch_is_met(disk));
    op_open("never made", false);
    pending_send(&second, &former);
    begin(&former, &dir); /* sent later, so its answer shows that the other waits */
    run_on(&former.conn, NFS4_OK);
    restart();
    disk_watch_let_go(disk);
    (void)pending_take(&first);
    expect_status(pending_take(&second), NFS4ERR_EXPIRED);
    begin(&alice, &dir);
    client_op_lookup(C, "never made");
    run(NFS4ERR_NOENT);
}

#define ON(test, export)                                                                           \
    {                                                                                              \
#test " on " #export, test, setup, teardown, script_##export                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(rename_waits, mem), ON(rename_waits, local), ON(remove_waits, mem),
        ON(link_waits, mem),   ON(write_waits, mem),    ON(operations_behind_it, mem),
        ON(same_life, mem),    ON(owner_waits, local),
    };

    return test_group_run_fixtures(tests, group_setup, script_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/wait.h"
#include "over_tls.h"

uint32_t script_minor = 1;

/* Before main(), which may choose its tests by it. */
static void __attribute__((constructor)) choose_minor(void)
{
    const char *minor = getenv("MAINSTAY_MINOR");

    if (minor)
        script_minor = (uint32_t)strtoul(minor, NULL, 10);
}

struct test_server script_server;
struct client_mount alice, bob;
const struct client_security *script_security;
struct client_compound script_compound;
struct client_result script_result;
static struct client_conn *script_conn; /* where the compound ran last, and its xid there */
static uint32_t script_xid;
char script_mem[] = "/mem", script_local[] = "/local";

struct client_cred script_cred(void)
{
    return (struct client_cred){
        .uid = geteuid(),
        .gid = getegid(),
        .security = script_security ? script_security : over_tls(),
    };
}

struct client_cred script_stranger(void)
{
    return (struct client_cred){.uid = 4711, .gid = 4712, .security = over_tls()};
}

static enum nfsstat4 open_client(struct client_mount *mount, uint32_t minor)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = script_cred();

    if (minor == 0)
        return client_mount_open_v40(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, NULL);
    /* The script does not answer callbacks while a test does something else, so these clients
     * accept no delegations. holder.h has clients that answer. */
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    wish.minor = minor;
    return client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish);
}

/* The root directory of a RAM file system belongs to root. */
bool script_open_to_all(const char *export)
{
    struct client_cred cred = alice.conn.cred;
    struct client_fh fh;
    bool done;

    alice.conn.cred = (struct client_cred){.uid = 0, .gid = 0};
    done = client_file_lookup(&alice, export, &fh) == NFS4_OK &&
           client_file_setattr(&alice, &fh, CLIENT_BITS(FATTR4_MODE),
                               &(struct nfs4_attrs){.mode = 0777}) == NFS4_OK;
    alice.conn.cred = cred;
    return done;
}

static int setup(const char *const *options, uint32_t alice_minor, uint32_t bob_minor)
{
    static char local[128];
    const char *const usual[] = {"--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    alice.conn.fd = bob.conn.fd = -1;
    (void)over_tls();
    if (script_server.dir[0] == '\0' && !test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    if (!test_server_start(&script_server, options ? options : usual))
        return -1;
    if (open_client(&alice, alice_minor) != NFS4_OK || open_client(&bob, bob_minor) != NFS4_OK)
        return -1;
    return options || script_open_to_all(script_mem) ? 0 : -1;
}

int script_setup(const char *const *options)
{
    return setup(options, script_minor, script_minor);
}

int script_setup_default(void **state)
{
    (void)state;
    return setup(NULL, script_minor, script_minor);
}

int script_setup_v40(const char *const *options)
{
    return setup(options, 0, 0);
}

int script_setup_v40_default(void **state)
{
    (void)state;
    return setup(NULL, 0, 0);
}

int script_setup_mixed(void **state)
{
    (void)state;
    return setup(NULL, 1, 0);
}

void script_mount_v40(struct client_mount *mount)
{
    expect_status(open_client(mount, 0), NFS4_OK);
}

void script_mount_v41(struct client_mount *mount)
{
    expect_status(open_client(mount, 1), NFS4_OK);
}

void script_mount_v42(struct client_mount *mount)
{
    expect_status(open_client(mount, 2), NFS4_OK);
}

void script_mount_v40_as(struct client_mount *mount, const struct client_id_wish *wish)
{
    const struct client_cred cred = script_cred();

    expect_status(
        client_mount_open_v40(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, wish),
        NFS4_OK);
}

int script_teardown(void **state)
{
    bool ended;

    (void)state;
    client_result_free(R);
    client_compound_free(C);
    client_mount_close(&alice);
    client_mount_close(&bob);
    ended = test_server_stop(&script_server);
    test_server_fini(&script_server);
    if (!ended)
        exit(EXIT_FAILURE); /* cmocka ignores a failed teardown */
    return 0;
}

void begin(struct client_mount *mount, const struct client_fh *fh)
{
    client_result_free(R);
    client_compound_free(C);
    client_mount_begin(mount, C);
    if (fh)
        client_op_putfh(C, fh);
}

void begin_bare(struct client_mount *mount, uint32_t minor)
{
    client_result_free(R);
    client_compound_free(C);
    client_compound_begin(C, client_text(""), minor);
    C->conn = &mount->conn;
}

void begin_two(struct client_mount *mount, const struct client_fh *from, const struct client_fh *to)
{
    begin(mount, from);
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, to);
}

/* A first LOCK also has the seqid of the lock owner, whose name is the one in `op`. */
static void lock_as(struct client_mount *mount, uint32_t seqid, struct LOCK4args *args)
{
    struct open_to_lock_owner4 *first = &args->locker.open_owner;
    char name[CLIENT_OWNER_BYTES];
    struct client_owner *lock_owner;

    if (!args->locker.new_lock_owner) {
        args->locker.lock_owner.lock_seqid = seqid;
        return;
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)first->lock_owner.owner.len,
                   (const char *)first->lock_owner.owner.data);
    lock_owner = client_mount_owner(mount, name);
    first->open_seqid = seqid;
    first->lock_seqid = lock_owner ? client_owner_seqid(C, lock_owner) : 0;
    first->lock_owner.clientid = client_mount_clientid(mount);
}

void script_op_as(struct client_mount *mount, const char *owner, struct nfs_argop4 *op)
{
    struct client_owner *known = client_mount_owner(mount, owner);
    const uint32_t seqid = known ? client_owner_seqid(C, known) : 0;

    switch (op->argop) {
    case OP_OPEN:
        op->opopen.seqid = seqid;
        op->opopen.owner = (struct state_owner4){client_mount_clientid(mount), client_text(owner)};
        break;
    case OP_OPEN_DOWNGRADE:
        op->opopen_downgrade.seqid = seqid;
        break;
    case OP_CLOSE:
        op->opclose.seqid = seqid;
        break;
    case OP_LOCK:
        lock_as(mount, seqid, &op->oplock);
        break;
    case OP_LOCKU:
        op->oplocku.seqid = seqid;
        break;
    default:
        fail_msg("operation %u has no owner", op->argop);
    }
    client_compound_add(C, op);
}

void script_op_open(struct client_mount *mount, const struct client_open *open)
{
    struct client_open mine = *open;

    mine.clientid = client_mount_clientid(mount);
    if (mount->v40)
        client_owner_open(C, client_mount_owner(mount, open->owner), &mine);
    else
        client_op_open(C, &mine);
}

void script_op_close(struct client_mount *mount, const struct client_file *file)
{
    if (mount->v40)
        client_owner_close(C, file->owner, &file->stateid);
    else
        client_op_close(C, &file->stateid);
}

void script_op_lock_new(struct client_mount *mount, const struct client_file *file,
                        const char *lock_owner, enum nfs_lock_type4 type, uint64_t offset,
                        uint64_t length)
{
    const struct client_lock lock = {.type = type, .offset = offset, .length = length};

    if (mount->v40)
        client_owner_lock_first(C, file->owner, &file->stateid,
                                client_mount_owner(mount, lock_owner), &lock);
    else
        client_op_lock_new(C, &file->stateid, mount->session.clientid, lock_owner, type, offset,
                           length);
}

void script_sequence_in(struct client_mount *mount, uint32_t slot, enum nfsstat4 status)
{
    client_result_free(R);
    client_compound_free(C);
    mount->session.slot_count = CLIENT_SLOTS; /* the reply reports which exist */
    client_compound_begin_slot(C, &mount->session, slot, true);
    run_on(&mount->conn, status);
}

uint32_t script_use_slots(struct client_mount *mount)
{
    uint32_t granted = mount->session.fore.ca_maxrequests;

    if (granted == 1)
        return 1;
    script_sequence_in(mount, granted - 2, NFS4_OK);
    return granted - 1;
}

void script_read_is(struct client_mount *mount, const struct client_file *file,
                    enum nfsstat4 status)
{
    begin(mount, &file->fh);
    client_op_read(C, &file->stateid, 0, 1);
    run_on(&mount->conn, status);
}

void script_op_zeroed(uint32_t number)
{
    struct nfs_argop4 op;

    memset(&op, 0, sizeof(op));
    op.argop = number;
    switch (number) {
    case OP_CREATE:
        op.opcreate.objtype.type = NF4DIR;
        break;
    case OP_LOCK:
        op.oplock.locktype = READ_LT;
        break;
    case OP_LOCKT:
        op.oplockt.locktype = READ_LT;
        break;
    case OP_LOCKU:
        op.oplocku.locktype = READ_LT;
        break;
    case OP_BIND_CONN_TO_SESSION:
        op.opbind_conn_to_session.bctsa_dir = CDFC4_FORE;
        break;
    case OP_GETDEVICEINFO:
        op.opgetdeviceinfo.gdia_layout_type = LAYOUT4_NFSV4_1_FILES;
        break;
    case OP_GETDEVICELIST:
        op.opgetdevicelist.gdla_layout_type = LAYOUT4_NFSV4_1_FILES;
        break;
    case OP_LAYOUTCOMMIT:
        op.oplayoutcommit.loca_layoutupdate.lou_type = LAYOUT4_NFSV4_1_FILES;
        break;
    case OP_LAYOUTGET:
        op.oplayoutget.loga_layout_type = LAYOUT4_NFSV4_1_FILES;
        op.oplayoutget.loga_iomode = LAYOUTIOMODE4_READ;
        break;
    case OP_LAYOUTRETURN:
        op.oplayoutreturn.lora_layout_type = LAYOUT4_NFSV4_1_FILES;
        op.oplayoutreturn.lora_iomode = LAYOUTIOMODE4_ANY;
        op.oplayoutreturn.lora_layoutreturn.lr_returntype = LAYOUTRETURN4_ALL;
        break;
    case OP_COPY_NOTIFY:
        op.opcopy_notify.cna_destination_server.nl_type = NL4_NAME;
        break;
    case OP_LAYOUTSTATS:
        op.oplayoutstats.lsa_layoutupdate.lou_type = LAYOUT4_NFSV4_1_FILES;
        break;
    case OP_WANT_DELEGATION:
        op.opwant_delegation.wda_claim.dc_claim = CLAIM_FH;
        break;
    default:
        break;
    }
    client_compound_add(C, &op);
}

void script_expect(enum nfsstat4 got, enum nfsstat4 status, const char *file, int line)
{
    if (got == status)
        return;
    print_error("%s instead of %s\n", status_name(got), status_name(status));
    _fail(file, line);
}

static struct client_conn *conn_of(const struct client_compound *c)
{
    if (c->conn)
        return c->conn;
    return c->session == &bob.session ? &bob.conn : &alice.conn;
}

/* On an error, the last result has it. */
static bool result_whole(enum nfsstat4 status)
{
    if (R->decoded != R->count)
        return false;
    if (status == NFS4_OK)
        return R->count == C->count;
    return R->count == 0 || R->ops[R->count - 1].status == status;
}

/* Handle the outcome `called` of a call. */
static void take_answer(enum client_status called, enum nfsstat4 status, const char *file, int line)
{
    if (called != CLIENT_OK) {
        print_error("no answer: %s\n", client_status_name(called));
        _fail(file, line);
    }
    script_expect(R->status, status, file, line);
    if (!result_whole(status)) {
        print_error("%u results of %u operations\n", R->count, C->count);
        _fail(file, line);
    }
}

void script_run(struct client_conn *conn, enum nfsstat4 status, const char *file, int line)
{
    client_result_free(R);
    script_conn = conn ? conn : conn_of(C);
    script_xid = script_conn->xid + 1;
    take_answer(client_compound_call(script_conn, C, R), status, file, line);
}

void script_run_again(struct client_conn *conn, enum nfsstat4 status, const char *file, int line)
{
    enum client_status called;

    client_result_free(R);
    if (conn)
        script_conn = conn;
    called = client_compound_send_again(script_conn, C, script_xid);
    if (called == CLIENT_OK)
        called = client_compound_receive(script_conn, C, script_xid, R);
    take_answer(called, status, file, line);
}

void script_replay(struct client_conn *conn, bool same_xid, const char *file, int line)
{
    const size_t len = R->body.len;
    uint8_t *body = must_malloc(len);
    bool same;

    memcpy(body, R->body.data, len);
    if (same_xid)
        script_run_again(conn, R->status, file, line);
    else
        script_run(conn ? conn : script_conn, R->status, file, line);
    same = R->body.len == len && memcmp(R->body.data, body, len) == 0;
    free(body);
    if (!same) {
        print_error("another reply than before\n");
        _fail(file, line);
    }
}

const struct nfs_resop4 *result(uint32_t op)
{
    for (uint32_t i = R->decoded; i > 0; i--)
        if (R->ops[i - 1].resop == op)
            return &R->ops[i - 1];
    fail_msg("no result of operation %u", op);
    abort();
}

struct client_fh result_fh(void)
{
    const struct nfs_fh4 *object = &result(OP_GETFH)->opgetfh.object;
    struct client_fh fh = {.len = object->len};

    memcpy(fh.data, object->data, object->len);
    return fh;
}

void script_connect(struct client_conn *conn)
{
    assert_int_equal(client_conn_open(conn, script_server.target, SCRIPT_TIMEOUT_MS), CLIENT_OK);
    conn->cred = script_cred();
}

struct client_fh script_dir(const char *export)
{
    static unsigned count;
    char name[32];

    (void)snprintf(name, sizeof(name), "test%u", count++);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, export + 1);
    client_op_create(C, name, NF4DIR, NULL, 0777);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

struct client_fh look(struct client_mount *mount, const struct client_fh *dir, const char *name)
{
    begin(mount, dir);
    client_op_lookup(C, name);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

struct client_file make_open(struct client_mount *mount, const struct client_fh *dir,
                             const char *name)
{
    struct client_file file;

    expect_status(client_file_create(mount, dir, name, &file), NFS4_OK);
    return file;
}

struct client_fh make_file(struct client_mount *mount, const struct client_fh *dir,
                           const char *name)
{
    struct client_file file = make_open(mount, dir, name);

    expect_status(client_file_close(mount, &file), NFS4_OK);
    return file.fh;
}

struct nfs4_attrs attrs_of(struct client_mount *mount, const struct client_fh *fh,
                           struct bitmap4 bits)
{
    struct nfs4_attrs attrs;

    expect_status(client_file_getattr(mount, fh, bits, &attrs, NULL), NFS4_OK);
    return attrs;
}

void script_outlast_leases(struct client_mount *awake, const struct client_fh *dir)
{
    const struct client_open how = {.owner = "outlast",
                                    .access = OPEN4_SHARE_ACCESS_BOTH |
                                              (awake->v40 ? 0 : OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
                                    .deny = OPEN4_SHARE_DENY_BOTH,
                                    .name = "outlast",
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};
    struct client_mount silent;
    struct client_file file;

    expect_status(open_client(&silent, awake->v40 ? 0 : 1), NFS4_OK);
    expect_status(client_file_open(&silent, dir, &how, &file), NFS4_OK);
    wait_until_every(50, client_file_open(awake, dir, &how, &file) == NFS4_OK);
    expect_status(client_file_close(awake, &file), NFS4_OK);
    client_mount_close(&silent);
}

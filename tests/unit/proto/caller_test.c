/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a COMPOUND acts for, and what it is shown as the owner of files, with a database of users of
 * the test's own.  Who has a principal is told by the user ID of the AUTH_SYS credential: it is
 * exchanged for RPCSEC_GSS behind the transport.
 */
#include "proto/caller.h"

#include <pthread.h>
#include <unistd.h>

#include "gss/gss_principal.h"
#include "identity/identity_cache.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "unit/proto/v41/v41_fixture.h"
#include "wire/fattr.h"

enum {
    ALICE = 5001, /* the principals */
    STRANGER,
    MACHINE,
    FOREIGN_MACHINE,
    SLOW,
    PRINCIPALS_END,
    ALICE_UID = 1000,
    MANY_UID = 1001, /* no principal: an AUTH_SYS user in many groups */
    GROUPS = 300,
    FILES = 60 /* as many as a READDIR returns however long it has waited */
};

static const char *const principal_names[] = {
    "alice@LAB.EXAMPLE",   "alice@EVIL.EXAMPLE", "host/c@LAB.EXAMPLE",
    "host/c@EVIL.EXAMPLE", "slow@LAB.EXAMPLE",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects these */
static pthread_cond_t let_go = PTHREAD_COND_INITIALIZER;
static bool slow_waits;
static uint32_t names_asked;

static enum identity_found user_make(uint32_t uid, const char *name, struct identity **answer)
{
    uint32_t gids[GROUPS];

    for (uint32_t i = 0; i < GROUPS; i++)
        gids[i] = 100000 + i;
    *answer = identity_create(IDENTITY_FROM_DATABASE, uid, uid, name, gids,
                              uid == MANY_UID || uid == ALICE_UID ? GROUPS : 0);
    return IDENTITY_FOUND;
}

static enum identity_found ask_locked(enum identity_question question, uint32_t id,
                                      const char *name, struct identity **answer)
{
    switch (question) {
    case IDENTITY_ASK_PRINCIPAL:
        while (slow_waits && strcmp(name, principal_names[SLOW - ALICE]) == 0)
            pthread_cond_wait(&let_go, &lock);
        return strcmp(name, principal_names[STRANGER - ALICE]) == 0
                   ? IDENTITY_UNKNOWN
                   : user_make(ALICE_UID, "alice", answer);
    case IDENTITY_ASK_UID:
    case IDENTITY_ASK_USER:
    case IDENTITY_ASK_GROUP:
        names_asked += question != IDENTITY_ASK_UID;
        if (id >= 4000 && id < 5000)
            return IDENTITY_UNKNOWN;
        return user_make(id, id == ALICE_UID ? "alice" : "somebody", answer);
    case IDENTITY_ASK_USER_ID:
    case IDENTITY_ASK_GROUP_ID:
        return strcmp(name, "alice") == 0 ? user_make(ALICE_UID, name, answer) : IDENTITY_UNKNOWN;
    default:
        return IDENTITY_FAILED;
    }
}

static enum identity_found ask(enum identity_question question, uint32_t id, const char *name,
                               struct identity **answer)
{
    enum identity_found found;

    pthread_mutex_lock(&lock);
    found = ask_locked(question, id, name, answer);
    pthread_mutex_unlock(&lock);
    return found;
}

static const struct identity_source database = {.ask = ask};

static struct gss_principal *principals[PRINCIPALS_END - ALICE];

static void principals_make(void)
{
    for (uint32_t i = 0; i < ARRAY_SIZE(principals); i++) {
        const size_t bytes = strlen(principal_names[i]) + 1;

        principals[i] = calloc(1, sizeof(**principals) + bytes);
        memcpy(principals[i]->name, principal_names[i], bytes);
        principals[i]->exported = (const uint8_t *)principals[i]->name;
        principals[i]->exported_bytes = (uint32_t)bytes;
        principals[i]->machine = strchr(principal_names[i], '/') != NULL;
        principals[i]->id = i + 1;
    }
}

static void exchange_cred(struct rpc_call *call)
{
    struct rpc_cred *cred = &call->cred;

    if (cred->uid < ALICE || cred->uid >= PRINCIPALS_END)
        return;
    cred->flavor = RPC_AUTH_GSS;
    cred->service = RPC_GSS_SVC_NONE;
    cred->principal = principals[cred->uid - ALICE];
    cred->uid = cred->gid = RPC_NOBODY;
}

static struct v41_session session;
static struct v41_call call;

static int set_up_as(const char *export, bool manage_gids)
{
    const struct identity_config config = {
        .domain = "lab.example", .realms = {"LAB.EXAMPLE"}, .ttl_s = 600, .source = &database};
    char error[IDENTITY_MAP_ERROR_BYTES];

    v41_export = export;
    if (v41_set_up(NULL) != 0)
        return -1;
    test_server.identities = identity_cache_create(&config, error);
    test_server.manage_gids = manage_gids;
    principals_make();
    v41_session_make(v41_fd, "client", NULL, &session);
    v41_call_comes = exchange_cred;
    names_asked = 0;
    return 0;
}

static int set_up(void **unused)
{
    (void)unused;
    return set_up_as("/=mem:,no_root_squash,sec=sys:krb5", false);
}

static int set_up_squashed(void **unused)
{
    (void)unused;
    return set_up_as("/=mem:,anonuid=77,anongid=78,sec=sys:krb5", false);
}

static int set_up_manage_gids(void **unused)
{
    (void)unused;
    return set_up_as("/=mem:,no_root_squash,sec=sys:krb5", true);
}

static int tear_down(void **unused)
{
    int result = v41_tear_down(unused);

    identity_cache_destroy(test_server.identities);
    test_server.identities = NULL;
    test_server.manage_gids = false;
    v41_export = NULL;
    v41_call_comes = NULL;
    for (uint32_t i = 0; i < ARRAY_SIZE(principals); i++)
        free(principals[i]);
    return result;
}

static void begin_as(uint32_t uid)
{
    v41_begin_in(&call, &session, false);
    call.uid = uid;
    v41_op(&call, OP_PUTROOTFH);
}

static const struct nfs_resop4 *last_ok(void)
{
    const struct nfs_resop4 *last = v41_last(&call);

    assert_int_equal(last->status, NFS4_OK);
    return last;
}

static void make_as(uint32_t uid, const char *name)
{
    begin_as(uid);
    v41_op_mkdir(&call, name);
    (void)last_ok();
}

static struct bitmap4 owner_bits(void)
{
    struct bitmap4 bits = {.count = 2};

    bitmap4_set(&bits, FATTR4_OWNER);
    bitmap4_set(&bits, FATTR4_OWNER_GROUP);
    return bits;
}

static const char *owners_in(const struct fattr4 *attrs)
{
    static char text[512];
    struct nfs4_attrs a;

    assert_true(fattr_decode(attrs, &a, call.arena));
    (void)snprintf(text, sizeof(text), "%.*s %.*s", (int)a.owner.len, (const char *)a.owner.data,
                   (int)a.owner_group.len, (const char *)a.owner_group.data);
    return text;
}

/* "OWNER GROUP", as this caller sees it. */
static const char *owners_of(uint32_t uid, const char *name)
{
    struct nfs_argop4 getattr = {.argop = OP_GETATTR, .opgetattr.attr_request = owner_bits()};
    const struct nfs_resop4 *last;

    begin_as(uid);
    v41_op_lookup(&call, name);
    v41_put(&call, &getattr);
    last = last_ok();
    return owners_in(&last->opgetattr.obj_attributes);
}

static enum nfsstat4 set_attribute(uint32_t uid, const char *name, uint32_t attribute,
                                   const struct nfs4_attrs *attrs)
{
    struct nfs_argop4 setattr = {.argop = OP_SETATTR};
    struct bitmap4 bits = {.count = 2};
    uint8_t bytes[256];
    struct xdr x;

    bitmap4_set(&bits, attribute);
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(fattr_encode(&x, &bits, attrs));
    xdr_init_decode(&x, bytes, xdr_pos(&x), call.arena);
    assert_true(wire_fattr4(&x, &setattr.opsetattr.obj_attributes));
    begin_as(uid);
    v41_op_lookup(&call, name);
    v41_put(&call, &setattr);
    return v41_last(&call)->status;
}

static enum nfsstat4 set_owner(uint32_t uid, const char *name, uint32_t attribute,
                               const char *owner)
{
    const struct wire_opaque text = {(const uint8_t *)owner, (uint32_t)strlen(owner)};

    return set_attribute(uid, name, attribute,
                         &(struct nfs4_attrs){.owner = text, .owner_group = text});
}

static uint32_t access_of(uint32_t uid, const char *name)
{
    struct nfs_argop4 access = {.argop = OP_ACCESS, .opaccess.access = ACCESS4_READ};

    begin_as(uid);
    v41_op_lookup(&call, name);
    v41_put(&call, &access);
    return last_ok()->opaccess.access;
}

/* RFC 8881 §5.9: names for those with principals, numbers for the others. */
static void principals_act_and_see(void **unused)
{
    (void)unused;
    make_as(ALICE, "a");
    assert_string_equal(owners_of(ALICE, "a"), "alice@lab.example alice@lab.example");
    assert_string_equal(owners_of(0, "a"), "1000 1000");
    make_as(0, "root");
    assert_string_equal(owners_of(ALICE, "root"), "somebody@lab.example somebody@lab.example");
    make_as(MACHINE, "m");
    assert_string_equal(owners_of(0, "m"), "0 0");
}

/* Who is not known is the export's anonymous user; a machine is root as far as root is. */
static void strangers_are_anonymous(void **unused)
{
    (void)unused;
    make_as(STRANGER, "s");
    assert_string_equal(owners_of(0, "s"), "77 78");
    make_as(FOREIGN_MACHINE, "f");
    assert_string_equal(owners_of(0, "f"), "77 78");
    make_as(MACHINE, "m");
    assert_string_equal(owners_of(0, "m"), "77 78");
    make_as(ALICE, "a");
    assert_string_equal(owners_of(0, "a"), "1000 1000");
}

static void owners_are_set_by_both_forms(void **unused)
{
    static const char *const bad[] = {"bob@lab.example", "alice@evil.example", "alice",
                                      "nobody",          "alice@lab.example@", "4294967295"};

    (void)unused;
    make_as(0, "d");
    assert_int_equal(set_owner(0, "d", FATTR4_OWNER, "alice@lab.example"), NFS4_OK);
    assert_int_equal(set_owner(MACHINE, "d", FATTR4_OWNER_GROUP, "alice@LAB.EXAMPLE"), NFS4_OK);
    assert_string_equal(owners_of(0, "d"), "1000 1000");
    assert_int_equal(set_owner(MACHINE, "d", FATTR4_OWNER, "4001"), NFS4_OK);
    assert_int_equal(set_owner(0, "d", FATTR4_OWNER_GROUP, "4002@anything"), NFS4_OK);
    assert_string_equal(owners_of(0, "d"), "4001 4002");
    assert_string_equal(owners_of(ALICE, "d"), "nobody nobody");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(set_owner(0, "d", FATTR4_OWNER, bad[i]), NFS4ERR_BADOWNER);
        assert_int_equal(set_owner(MACHINE, "d", FATTR4_OWNER_GROUP, bad[i]), NFS4ERR_BADOWNER);
    }
    assert_int_equal(set_owner(MACHINE, "d", FATTR4_OWNER, ""), NFS4ERR_INVAL);
}

/* Each name is asked for once, however many entries have it; what nobody knows is no error. */
static void a_listing_asks_once(void **unused)
{
    struct nfs_argop4 readdir = {
        .argop = OP_READDIR,
        .opreaddir = {.maxcount = 1 << 16, .dircount = 1 << 16, .attr_request = owner_bits()}};
    const struct nfs_resop4 *last;
    uint32_t seen = 0;
    char name[16];

    (void)unused;
    for (uint32_t i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof(name), "f%u", i);
        make_as(i % 2 == 0 ? ALICE_UID : 4000 + i, name);
    }
    begin_as(ALICE);
    v41_put(&call, &readdir);
    last = last_ok();
    for (const struct entry4 *entry = last->opreaddir.reply.entries; entry;
         entry = entry->nextentry) {
        const char *owners = owners_in(&entry->attrs);
        const bool even = (strtoul((const char *)entry->name.data + 1, NULL, 10) & 1) == 0;

        assert_string_equal(owners, even ? "alice@lab.example alice@lab.example" : "nobody nobody");
        seen++;
    }
    assert_int_equal(seen, FILES);
    assert_int_equal(names_asked, 2 * (1 + FILES / 2));
}

/* Of another who waits for the database, this one notices nothing. */
static void one_that_waits_stops_nobody(void **unused)
{
    static struct v41_call slow;
    struct v41_session other;
    const int between = v41_connect(); /* of the other loop */
    const int fd = v41_connect();

    (void)unused;
    make_as(ALICE, "d");
    v41_session_make(fd, "other", NULL, &other);
    pthread_mutex_lock(&lock);
    slow_waits = true;
    pthread_mutex_unlock(&lock);
    v41_begin_in(&slow, &other, false);
    slow.uid = SLOW;
    slow.xid = 99;
    v41_op(&slow, OP_PUTROOTFH);
    v41_send(fd, &slow);
    for (int i = 0; i < 20; i++)
        assert_string_equal(owners_of(ALICE, "d"), "alice@lab.example alice@lab.example");
    pthread_mutex_lock(&lock);
    slow_waits = false;
    pthread_cond_broadcast(&let_go);
    pthread_mutex_unlock(&lock);
    v41_receive(fd, &slow);
    assert_int_equal(slow.status, NFS4_OK);
    close(fd);
    close(between);
}

/* What AUTH_SYS callers say of their groups counts for nothing. */
static void groups_are_managed(void **unused)
{
    (void)unused;
    make_as(0, "d");
    assert_int_equal(set_attribute(0, "d", FATTR4_MODE, &(struct nfs4_attrs){.mode = 0040}),
                     NFS4_OK);
    assert_int_equal(set_owner(0, "d", FATTR4_OWNER_GROUP, "100299"), NFS4_OK);
    assert_int_equal(access_of(MANY_UID, "d"), ACCESS4_READ);
    assert_int_equal(access_of(ALICE, "d"), ACCESS4_READ);
    assert_int_equal(access_of(1002, "d"), 0);
    make_as(4321, "u"); /* it says that its group is 4321, too */
    assert_string_equal(owners_of(0, "u"), "4321 65534");
    make_as(MANY_UID, "n");
    assert_string_equal(owners_of(0, "n"), "1001 1001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(principals_act_and_see, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_are_anonymous, set_up_squashed, tear_down),
        cmocka_unit_test_setup_teardown(owners_are_set_by_both_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_listing_asks_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_waits_stops_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_managed, set_up_manage_gids, tear_down),
    };

    return test_group_run(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom clients with Kerberos act as, and what they see of owners: alice has a line in the map file,
 * bob has none, and the client's machine is root.  The server gets its keytab after its start.
 */
#include <stdlib.h>

#include "admin_call.h"
#include "client/client_security.h"
#include "holder.h"
#include "identity_deeds.h"
#include "lib/realm.h"
#include "lib/wait.h"
#include "wire/fattr.h"
#include "wire/notify.h"

enum {
    ALICE = 70001,
    GROUPS = 300,
    FIRST_GROUP = 100000,
    ANONYMOUS = 77
};

static struct test_realm realm;
static char keytab[160], map[160], local[160], config[160];
static const char *const options[] = {"--export",
                                      "/mem=mem:,no_root_squash,anonuid=77,anongid=77,sec=krb5:sys",
                                      "--export",
                                      local,
                                      "--keytab",
                                      keytab,
                                      "--identity-map",
                                      map,
                                      "--identity-domain",
                                      "lab.example",
                                      "--config",
                                      config,
                                      NULL};

static void say_owners(const char *form)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "identity: { owners: %s }\n", form);
    identity_file_put(config, text);
}

static void map_write(uint32_t groups)
{
    char text[8192];
    int len = snprintf(text, sizeof(text), "group staff %d\nalice@MAINSTAY.TEST %d:%d", FIRST_GROUP,
                       ALICE, ALICE);

    for (uint32_t i = 0; i < groups; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, ",%u", FIRST_GROUP + i);
    identity_file_put(map, text);
}

static bool keytab_copy(void)
{
    char command[512];

    (void)snprintf(command, sizeof(command), "cp %s %s", test_realm_path(&realm, "server.keytab"),
                   keytab);
    return system(command) == 0;
}

static int setup(void **state)
{
    (void)state;
    if (!test_realm_start(&realm, NULL) || !test_server_init(&script_server))
        return -1;
    (void)snprintf(keytab, sizeof(keytab), "%s/keytab", script_server.dir);
    (void)snprintf(map, sizeof(map), "%s/map", script_server.dir);
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash,anonuid=%d,sec=krb5:sys",
                   script_server.data, ANONYMOUS);
    (void)snprintf(config, sizeof(config), "%s/config", script_server.dir);
    map_write(GROUPS);
    say_owners("names");
    return script_setup(options) == 0 && script_open_to_all(script_mem) && keytab_copy() ? 0 : -1;
}

static int teardown(void **state)
{
    int result = script_teardown(state);

    test_realm_fini(&realm);
    return result;
}

/* Of this principal, whose keys are in `NAME.keytab`; until the next call. */
static const struct client_security *security_of(const char *principal, const char *name)
{
    static struct client_security security = {.sec = CLIENT_SEC_KRB5};
    static char file[64], keys[160], ccache[64];

    (void)snprintf(file, sizeof(file), "%s.keytab", name);
    (void)snprintf(keys, sizeof(keys), "%s", test_realm_path(&realm, file));
    (void)snprintf(ccache, sizeof(ccache), "MEMORY:%s", name);
    security.gss = (struct client_gss_wish){
        .server = "localhost", .principal = principal, .ccache = ccache, .keytab = keys};
    return &security;
}

/* A client of this principal. */
static void mount_as(struct client_mount *mount, const char *principal, const char *name)
{
    struct client_session_wish wish = client_session_wish_default(NULL);
    struct client_cred cred = script_cred();

    cred.security = security_of(principal, name);
    wish.flags &= ~(uint32_t)CREATE_SESSION4_FLAG_CONN_BACK_CHAN;
    wish.minor = 1;
    if (client_mount_open(mount, script_server.target, SCRIPT_TIMEOUT_MS, &cred, &wish) != NFS4_OK)
        fail_msg("%s: %s", principal, mount->conn.why);
    mount->conn.cred.security = NULL; /* the next one is another */
}

static enum nfsstat4 set_group(struct client_mount *mount, const struct client_fh *fh,
                               const char *group)
{
    return client_file_setattr(mount, fh, CLIENT_BITS(FATTR4_OWNER_GROUP),
                               &(struct nfs4_attrs){.owner_group = client_text(group)});
}

static void principals_are_users(void **state)
{
    struct client_mount user, stranger, machine;
    struct client_fh dir = script_dir(*state), file;
    const char *anonymous = *state == script_mem ? "77 77" : "77 65534";

    if (identity_is_skipped(state))
        return;
    mount_as(&user, "alice", "alice");
    mount_as(&stranger, "bob", "bob");
    mount_as(&machine, "host/client.mainstay.test", "machine");
    file = make_file(&user, &dir, "user");
    assert_string_equal(identity_owners_of(&alice, &file), "70001 70001");
    assert_string_equal(identity_owners_of(&user, &file), "alice@lab.example nobody");
    assert_int_equal(set_group(&user, &file, "staff@lab.example"), NFS4_OK);
    assert_string_equal(identity_owners_of(&stranger, &file),
                        "alice@lab.example staff@lab.example");
    assert_int_equal(set_group(&user, &file, "100007"), NFS4_OK);
    assert_int_equal(set_group(&user, &file, "alice@lab.example"), NFS4ERR_BADOWNER);
    assert_int_equal(set_group(&user, &file, "200000"), NFS4ERR_PERM);
    assert_string_equal(identity_owners_of(&alice, &file), "70001 100007");
    file = make_file(&stranger, &dir, "stranger");
    assert_string_equal(identity_owners_of(&alice, &file), anonymous);
    file = make_file(&machine, &dir, "machine");
    assert_string_equal(identity_owners_of(&alice, &file), "0 0");
    client_mount_close(&user);
    client_mount_close(&stranger);
    client_mount_close(&machine);
}

static void owners_become(const char *form)
{
    json_t *changes = NULL;

    say_owners(form);
    assert_int_equal(admin_call("POST", "/reload", &changes), 200);
    assert_int_equal(json_array_size(json_object_get(changes, "changes")), 1);
    json_decref(changes);
}

/* As the configuration has it, from the next request on.  Both forms are taken always. */
static void owners_as_numbers(void **state)
{
    struct client_mount user;
    struct client_fh dir = script_dir(script_mem), file;

    (void)state;
    mount_as(&user, "alice", "alice");
    file = make_file(&user, &dir, "owners");
    assert_string_equal(identity_owners_of(&user, &file), "alice@lab.example nobody");
    owners_become("numbers");
    assert_string_equal(identity_owners_of(&user, &file), "70001 70001");
    assert_int_equal(set_group(&user, &file, "staff@lab.example"), NFS4_OK);
    assert_string_equal(identity_owners_of(&user, &file), "70001 100000");
    owners_become("names");
    assert_string_equal(identity_owners_of(&user, &file), "alice@lab.example staff@lab.example");
    client_mount_close(&user);
}

/* The last of 300 groups counts; when the map file takes it away, that has effect. */
static void hundreds_of_groups(void **state)
{
    struct client_fh dir = script_dir(*state), file;
    const struct client_cred before = alice.conn.cred;
    struct client_mount user;
    char last[16];

    if (identity_is_skipped(state))
        return;
    map_write(GROUPS);
    mount_as(&user, "alice", "alice");
    (void)snprintf(last, sizeof(last), "%d", FIRST_GROUP + GROUPS - 1);
    alice.conn.cred = (struct client_cred){.uid = 0};
    file = make_file(&alice, &dir, "file");
    assert_int_equal(set_group(&alice, &file, last), NFS4_OK);
    expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0040}),
                  NFS4_OK);
    wait_until_every(20, identity_may_read(&user, &file));
    map_write(GROUPS - 1);
    wait_until_every(20, !identity_may_read(&user, &file));
    client_mount_close(&user);
    alice.conn.cred = before;
}

static char told[300]; /* "OWNER GROUP" of the last notice */

static enum nfsstat4 hear(const struct client_callback_op *op, const struct CB_NOTIFY4args *notify,
                          struct arena *arena, void *context)
{
    struct notify_events events;
    struct nfs4_attrs attrs;

    (void)op, (void)context;
    if (!notify)
        return NFS4_OK;
    assert_true(notify_decode(&notify->cna_changes[0], &events, arena));
    assert_int_equal(events.events[0].type, NOTIFY4_ADD_ENTRY);
    assert_true(fattr_decode(&events.events[0].add.nad_new_entry.ne_attrs, &attrs, arena));
    (void)snprintf(told, sizeof(told), "%.*s %.*s", (int)attrs.owner.len,
                   (const char *)attrs.owner.data, (int)attrs.owner_group.len,
                   (const char *)attrs.owner_group.data);
    return NFS4_OK;
}

static void subscribe(struct holder *holder, const struct client_fh *dir)
{
    const struct GET_DIR_DELEGATION4args wish = {
        .gdda_notification_types = {.count = 1,
                                    .words = {1u << NOTIFY4_ADD_ENTRY |
                                              1u << NOTIFY4_GFLAG_EXTEND}},
        .gdda_child_attributes = CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP)};

    holder->callbacks->hook = (struct client_callback_hook){.execute = hear};
    begin(&holder->mount, dir);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION, .opget_dir_delegation = wish});
    run_on(&holder->mount.conn, NFS4_OK);
    assert_int_equal(result(OP_GET_DIR_DELEGATION)->opget_dir_delegation.gddrnf_status, GDD4_OK);
}

/* The holder of a delegated directory is told owners of new files in the form in which its own
 * calls see them. */
static void owners_in_notices(void **state)
{
    const struct client_security *const by[] = {NULL, security_of("alice", "alice")};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(by); i++) {
        struct client_fh dir = script_dir(script_mem), file;
        struct holder holder;
        char seen[300];

        script_security = by[i];
        holder_open(&holder, 1);
        script_security = NULL;
        file = make_file(&alice, &dir, "old");
        (void)snprintf(seen, sizeof(seen), "%s", identity_owners_of(&holder.mount, &file));
        assert_int_equal(strchr(seen, '@') != NULL, by[i] != NULL);
        subscribe(&holder, &dir);
        told[0] = '\0';
        (void)make_file(&alice, &dir, "new");
        holder_pump_until(&holder, told[0] != '\0');
        assert_string_equal(told, seen);
        holder_close(&holder);
    }
}

/* ---- an export that takes only Kerberos from now on ---- */

static void export_put(const char *method, const char *path, const char *sec, unsigned status)
{
    char json[160];

    (void)snprintf(json, sizeof(json),
                   "{\"path\": \"/later\", \"backend\": \"mem\", \"ports\": \"insecure\", "
                   "\"squash\": \"no_root_squash\", \"sec\": \"%s\"}",
                   sec);
    assert_int_equal(admin_send(method, path, json), status);
}

static struct stateid4 opened_over(struct client_mount *mount, struct client_conn *conn,
                                   const struct client_fh *dir, const char *name)
{
    const struct client_open open = {.clientid = client_mount_clientid(mount),
                                     .owner = name,
                                     .access =
                                         OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                     .name = name,
                                     .create = true,
                                     .mode = 0666};

    begin(mount, dir);
    client_op_open(C, &open);
    run_on(conn, NFS4_OK);
    return result(OP_OPEN)->opopen.stateid;
}

static void expect_state(struct client_mount *mount, struct stateid4 stateid, enum nfsstat4 status)
{
    begin(mount, NULL);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_TEST_STATEID, .optest_stateid = {&stateid, 1}});
    run_on(&mount->conn, NFS4_OK);
    assert_int_equal(result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0], status);
}

/* What was opened without Kerberos is revoked, also of a client that has Kerberos: it closes with
 * what it opened.  What was opened with it remains, whoever the client is. */
static void only_kerberos(void **state)
{
    struct client_mount user;
    struct client_conn plain, secured;
    struct stateid4 by_sys, by_user, by_sys_of_user, by_user_of_sys;
    struct client_fh dir;

    (void)state;
    export_put("POST", "/exports", "krb5:sys", 201);
    assert_true(script_open_to_all("/later"));
    dir = script_dir("/later");
    mount_as(&user, "alice", "alice");
    script_connect(&plain);
    script_connect(&secured);
    client_gss_use(&secured, user.conn.gss, RPC_GSS_SVC_NONE);
    by_sys = opened_over(&alice, &alice.conn, &dir, "sys");
    by_user = opened_over(&user, &user.conn, &dir, "user");
    by_sys_of_user = opened_over(&user, &plain, &dir, "sys of user");
    by_user_of_sys = opened_over(&alice, &secured, &dir, "user of sys");
    export_put("PUT", "/exports/%2Flater", "krb5", 200);
    expect_state(&alice, by_sys, NFS4ERR_ADMIN_REVOKED);
    expect_state(&alice, by_user_of_sys, NFS4_OK);
    expect_state(&user, by_user, NFS4_OK);
    expect_state(&user, by_sys_of_user, NFS4ERR_ADMIN_REVOKED);
    client_conn_close(&plain);
    client_conn_close(&secured);
    client_mount_close(&user);
}

/* Names in ACLs are those of owners. */
static void acls_by_name(void **state)
{
    struct nfsace4 ace = {.access_mask = ACE4_READ_DATA, .who = client_text("alice@lab.example")};
    struct client_fh dir = script_dir(script_mem), file;
    struct client_mount user;
    struct nfs4_attrs attrs;
    struct arena arena;

    (void)state;
    mount_as(&user, "alice", "alice");
    file = make_file(&user, &dir, "acl");
    expect_status(client_file_setattr(&user, &file, CLIENT_BITS(FATTR4_ACL),
                                      &(struct nfs4_attrs){.acl = &ace, .acl_count = 1}),
                  NFS4_OK);
    begin(&user, &file);
    client_op_getattr(C, CLIENT_BITS(FATTR4_ACL));
    run(NFS4_OK);
    arena_init(&arena, 1 << 14);
    assert_true(fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &arena));
    assert_int_equal(attrs.acl_count, 1);
    assert_int_equal(attrs.acl[0].who.len, ace.who.len);
    assert_memory_equal(attrs.acl[0].who.data, ace.who.data, ace.who.len);
    arena_fini(&arena);
    client_mount_close(&user);
}

static void expect_shown(const char *who, const char *by, json_int_t uid, const char *why)
{
    char path[128];
    json_t *shown;

    (void)snprintf(path, sizeof(path), "/identities/%s", who);
    shown = admin_get(path);
    assert_string_equal(json_string_value(json_object_get(shown, "by")), by);
    assert_int_equal(json_integer_value(json_object_get(shown, "uid")), uid);
    assert_non_null(strstr(json_string_value(json_object_get(shown, "why")), why));
    /* What the client's calls have asked is what is shown. */
    assert_true(json_is_real(json_object_get(shown, "remembered_s")));
    json_decref(shown);
}

static void administrators_see_it(void **state)
{
    struct client_mount user, stranger, machine;
    struct client_fh dir = script_dir(*state);

    if (identity_is_skipped(state))
        return;
    mount_as(&user, "alice", "alice");
    mount_as(&stranger, "bob", "bob");
    mount_as(&machine, "host/client.mainstay.test", "machine");
    (void)identity_may_read(&user, &dir);
    (void)identity_may_read(&stranger, &dir);
    (void)identity_may_read(&machine, &dir);
    expect_shown("alice@MAINSTAY.TEST", "map", ALICE, ":2 says so");
    expect_shown("bob@MAINSTAY.TEST", "nobody", 0, "libnfsidmap");
    expect_shown("host%2Fclient.mainstay.test@MAINSTAY.TEST", "machine", 0, "realms");
    client_mount_close(&user);
    client_mount_close(&stranger);
    client_mount_close(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(principals_are_users),       ON_BOTH(hundreds_of_groups),
        cmocka_unit_test(owners_as_numbers), cmocka_unit_test(owners_in_notices),
        cmocka_unit_test(only_kerberos),     cmocka_unit_test(acls_by_name),
        ON_BOTH(administrators_see_it),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which flavors an export takes: NFS4ERR_WRONGSEC where RFC 8881 §2.6.3.1 has it and nowhere else,
 * and what SECINFO says.  Each operation, with each policy of the current export and of the next
 * one, by each flavor.  The exports are open to all flavors at first, for filehandles to be had.
 */
#include <signal.h>
#include <string.h>

#include "client/client_gss.h"
#include "lib/realm.h"
#include "lib/wait.h"
#include "log_lines.h"
#include "script.h"

enum {
    FLAVORS_MAX = 5,
    TEXT_BYTES = 16384,
};

/* The flavors of the calls. */
enum flavor {
    BY_NONE,
    BY_SYS,
    BY_KRB5,
    BY_KRB5I,
    BY_KRB5P,
    FLAVORS
};

static const char *const flavor_names[FLAVORS] = {"AUTH_NONE", "AUTH_SYS", "krb5", "krb5i",
                                                  "krb5p"};

/* To a service of Kerberos, 100 is added where SECINFO's flavors are numbers. */
static const struct policy {
    const char *name, *keys;
    bool takes[FLAVORS];
    uint32_t told_count;
    uint32_t told[FLAVORS_MAX];
} policies[] = {
    {"sys", "sec: sys", {[BY_SYS] = true}, 1, {AUTH_SYS}},
    {"none", "sec: none", {[BY_NONE] = true}, 1, {AUTH_NONE}},
    {"all",
     "sec: none:sys:krb5p:krb5:krb5i",
     {true, true, true, true, true},
     5,
     {AUTH_NONE, AUTH_SYS, 103, 101, 102}},
    {"krb", "sec: krb5i:krb5p", {[BY_KRB5I] = true, [BY_KRB5P] = true}, 2, {102, 103}},
    {"mixed", "sec: krb5:sys", {[BY_KRB5] = true, [BY_SYS] = true}, 2, {101, AUTH_SYS}},
    {"tls", "sec: sys:none:krb5, xprtsec: tls", {false}, 3, {AUTH_SYS, AUTH_NONE, 101}},
};

#define POLICIES ARRAY_SIZE(policies)

/* Filehandles of /X, of the file and the directory in it, and of /X/Y. */
static struct client_fh outer[POLICIES], files[POLICIES], inner[POLICIES][POLICIES], sibling;
static char config[96];
static struct test_realm realm;
static struct client_gss *gss; /* alice's context */

/* ---- the server ---- */

static size_t say_export(char *text, size_t len, const char *path, const char *keys)
{
    return len + (size_t)snprintf(text + len, TEXT_BYTES - len,
                                  "- { path: %s, backend: mem, squash: no_root_squash, %s }\n",
                                  path, keys);
}

/* With `keys` for all exports, or each with its own. */
static void say_exports(const char *keys)
{
    static char text[TEXT_BYTES];
    size_t len = (size_t)snprintf(text, sizeof(text), "exports:\n");
    FILE *file;

    for (size_t i = 0; i < POLICIES; i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "/%s", policies[i].name);
        len = say_export(text, len, path, keys ? keys : policies[i].keys);
        for (size_t j = 0; j < POLICIES; j++) {
            (void)snprintf(path, sizeof(path), "/%s/%s", policies[i].name, policies[j].name);
            len = say_export(text, len, path, keys ? keys : policies[j].keys);
        }
    }
    file = fopen(config, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void reload(const char *keys)
{
    unsigned before = log_find("daemon.reload_done", NULL).count;

    say_exports(keys);
    assert_int_equal(kill(script_server.pid, SIGHUP), 0);
    wait_until_every(2, log_find("daemon.reload_done", NULL).count > before);
}

static struct client_fh handle(const char *first, const char *second)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, first);
    if (second)
        client_op_lookup(C, second);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

static void handles_get(void)
{
    for (size_t i = 0; i < POLICIES; i++) {
        outer[i] = handle(policies[i].name, NULL);
        files[i] = make_file(&alice, &outer[i], "file");
        for (size_t j = 0; j < POLICIES; j++)
            inner[i][j] = handle(policies[i].name, policies[j].name);
    }
    sibling = outer[2]; /* takes all */
}

static bool context_make(void)
{
    static char keytab[128], ccache[160];
    const struct client_gss_wish wish = {
        .server = "localhost", .principal = "alice", .ccache = ccache, .keytab = keytab};
    char why[CLIENT_WHY_BYTES];

    (void)snprintf(keytab, sizeof(keytab), "%s", test_realm_path(&realm, "alice.keytab"));
    (void)snprintf(ccache, sizeof(ccache), "FILE:%s", test_realm_path(&realm, "alice.ccache"));
    if (client_gss_open(&alice.conn, &wish, &gss, why) == CLIENT_OK)
        return true;
    (void)printf("no context: %s\n", why);
    return false;
}

static int setup(void **state)
{
    static const char *const options[] = {"--config", config, NULL};

    (void)state;
    if (!test_realm_start(&realm, NULL) || !test_server_init(&script_server))
        return -1;
    (void)setenv("KRB5_KTNAME", test_realm_path(&realm, "server.keytab"), 1);
    (void)snprintf(config, sizeof(config), "%s/mainstay.conf", script_server.dir);
    say_exports("sec: sys");
    if (script_setup(options) != 0 || !context_make())
        return -1;
    for (size_t i = 0; i < POLICIES; i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "/%s", policies[i].name);
        if (!script_open_to_all(path))
            return -1;
    }
    handles_get();
    reload(NULL);
    return 0;
}

static int teardown(void **state)
{
    int failed = script_teardown(state);

    client_gss_put(gss);
    test_realm_fini(&realm);
    return failed;
}

/* ---- compounds ---- */

static enum flavor by = BY_SYS; /* of the calls */

static void flavor_set(enum flavor flavor)
{
    by = flavor;
    alice.conn.cred.none = flavor == BY_NONE;
    client_gss_use(&alice.conn, flavor >= BY_KRB5 ? gss : NULL,
                   RPC_GSS_SVC_NONE + (uint32_t)flavor - BY_KRB5);
}

static bool takes(size_t policy)
{
    return policies[policy].takes[by];
}

/* The compound ends with `op`, and WRONGSEC unless `fine`: `status` then. */
static void expect(bool fine, enum nfsstat4 status, uint32_t op, const char *what, size_t here,
                   size_t next)
{
    enum nfsstat4 wanted = fine ? status : NFS4ERR_WRONGSEC;

    client_result_free(R);
    *R = (struct client_result){0};
    if (client_compound_call(&alice.conn, C, R) != CLIENT_OK)
        fail_msg("%s of %s and %s by %s: no result", what, policies[here].name, policies[next].name,
                 flavor_names[by]);
    if (R->status != wanted || (wanted != NFS4_OK && R->ops[R->decoded - 1].resop != op))
        fail_msg("%s of %s and %s by %s: %s by operation %u, not %s by %u", what,
                 policies[here].name, policies[next].name, flavor_names[by], status_name(R->status),
                 R->ops[R->decoded - 1].resop, status_name(wanted), op);
}

static void op_secinfo(const char *name)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {client_text(name)}});
}

static void op_secinfo_no_name(enum secinfo_style4 style)
{
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_SECINFO_NO_NAME, .opsecinfo_no_name = {style}});
}

static void op_getattr(void)
{
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE));
}

static void expect_told(uint32_t op, size_t policy)
{
    const struct nfs_resop4 *got = result(op);
    const struct SECINFO4resok *ok = op == OP_SECINFO ? &got->opsecinfo : &got->opsecinfo_no_name;
    static const uint8_t krb5[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2};

    assert_int_equal(ok->flavors_count, policies[policy].told_count);
    for (uint32_t i = 0; i < ok->flavors_count; i++) {
        const struct secinfo4 *one = &ok->flavors[i];

        if (policies[policy].told[i] < 100) {
            assert_int_equal(one->flavor, policies[policy].told[i]);
            continue;
        }
        assert_int_equal(one->flavor, RPCSEC_GSS);
        assert_int_equal(one->flavor_info.service, policies[policy].told[i] - 100);
        assert_int_equal(one->flavor_info.qop, 0);
        assert_int_equal(one->flavor_info.oid.len, sizeof(krb5));
        assert_memory_equal(one->flavor_info.oid.data, krb5, sizeof(krb5));
    }
}

/* ---- steps from one export into another ---- */

/* Who may not use an export since its connection is not secure enough finds a directory in its
 * place that leads to the exports below. */
static bool stands_in(size_t policy)
{
    return strstr(policies[policy].keys, "xprtsec") != NULL;
}

static void steps(size_t here, size_t next)
{
    const char *name = policies[next].name;

    begin(&alice, &outer[here]);
    client_op_lookup(C, name);
    op_getattr();
    expect(takes(next), NFS4_OK, OP_LOOKUP, "LOOKUP", here, next);

    begin(&alice, &outer[here]);
    client_op(C, OP_SAVEFH);
    client_op_lookup(C, name);
    expect(takes(next), NFS4_OK, OP_LOOKUP, "SAVEFH, LOOKUP", here, next);

    begin(&alice, &inner[here][next]);
    client_op(C, OP_LOOKUPP);
    op_getattr();
    expect(takes(here) || stands_in(here), NFS4_OK, OP_LOOKUPP, "LOOKUPP", here, next);

    begin(&alice, &outer[here]);
    op_secinfo(name);
    expect(true, NFS4_OK, OP_SECINFO, "SECINFO", here, next);
    expect_told(OP_SECINFO, next);
    if (script_minor == 0)
        return;
    begin(&alice, &inner[here][next]);
    op_secinfo_no_name(SECINFO_STYLE4_PARENT);
    expect(true, NFS4_OK, OP_SECINFO_NO_NAME, "SECINFO_NO_NAME of the parent", here, next);
    if (!stands_in(here))
        expect_told(OP_SECINFO_NO_NAME, here);
}

/* Of several put filehandle operations the last counts. */
static void puts_of_two(size_t here, size_t next)
{
    begin(&alice, &outer[here]);
    client_op_putfh(C, &inner[here][next]);
    op_getattr();
    expect(takes(next), NFS4_OK, OP_PUTFH, "PUTFH, PUTFH", here, next);

    begin(&alice, &inner[here][next]);
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, &outer[here]);
    client_op(C, OP_RESTOREFH);
    op_getattr();
    expect(takes(next), NFS4_OK, OP_RESTOREFH, "RESTOREFH", here, next);

    begin_two(&alice, &outer[here], &inner[here][next]);
    client_op_rename(C, "file", "moved");
    expect(takes(next), NFS4ERR_XDEV, takes(next) ? OP_RENAME : OP_PUTFH, "RENAME", here, next);

    begin_two(&alice, &files[here], &inner[here][next]);
    client_op_link(C, "linked");
    expect(takes(next), NFS4ERR_XDEV, takes(next) ? OP_LINK : OP_PUTFH, "LINK", here, next);
}

struct seen {
    const char *name;
    bool found;
    enum nfsstat4 error;
};

static bool see(const struct entry4 *entry, void *context)
{
    struct seen *seen = context;
    struct nfs4_attrs attrs = {0};
    struct arena arena;

    if (entry->name.len != strlen(seen->name) ||
        memcmp(entry->name.data, seen->name, entry->name.len) != 0)
        return true;
    arena_init(&arena, 1024);
    assert_true(fattr_decode(&entry->attrs, &attrs, &arena));
    arena_fini(&arena);
    seen->found = true;
    seen->error = attrs.rdattr_error;
    return true;
}

/* An entry that the caller may not enter says so, if it is asked; READDIR itself never. */
static void listing(size_t here, size_t next)
{
    struct seen seen = {.name = policies[next].name};

    if (!takes(here))
        return;
    expect_status(client_file_readdir(&alice, &outer[here],
                                      CLIENT_BITS(FATTR4_RDATTR_ERROR, FATTR4_TYPE), see, &seen),
                  NFS4_OK);
    assert_true(seen.found);
    assert_int_equal(seen.error, takes(next) ? NFS4_OK : NFS4ERR_WRONGSEC);
    seen.found = false;
    expect_status(client_file_readdir(&alice, &outer[here], CLIENT_BITS(FATTR4_MOUNTED_ON_FILEID),
                                      see, &seen),
                  NFS4_OK);
    assert_true(seen.found);
    /* Others in the directory are not to be entered, either. */
    expect_status(client_file_readdir(&alice, &outer[here], CLIENT_BITS(FATTR4_TYPE), see, &seen),
                  NFS4ERR_ACCESS);
}

static void from_export_to_export(void **state)
{
    (void)state;
    for (enum flavor flavor = 0; flavor < FLAVORS; flavor++) {
        flavor_set(flavor);
        for (size_t here = 0; here < POLICIES; here++) {
            for (size_t next = 0; next < POLICIES; next++) {
                steps(here, next);
                puts_of_two(here, next);
                listing(here, next);
            }
        }
    }
    flavor_set(BY_SYS);
}

/* ---- within an export ---- */

static void op_open(const char *name, bool create)
{
    struct client_open open = {
        .owner = "owner", .access = OPEN4_SHARE_ACCESS_READ, .name = name, .create = create};

    script_op_open(&alice, &open);
}

/* What follows a PUTFH: it is the one to say WRONGSEC, or nobody is. */
static void anything_else(size_t here)
{
    static const uint32_t plain[] = {OP_GETFH, OP_READLINK, OP_SAVEFH};

    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        bool lasts = plain[i] == OP_SAVEFH;

        begin(&alice, &outer[here]);
        client_op(C, plain[i]);
        if (lasts)
            op_getattr();
        expect(takes(here),
               plain[i] == OP_READLINK ? V40_OR(NFS4ERR_INVAL, NFS4ERR_WRONG_TYPE) : NFS4_OK,
               takes(here) ? plain[i] : OP_PUTFH, "an operation", here, here);
    }
    begin(&alice, &outer[here]);
    client_op_access(C, ACCESS4_READ);
    expect(takes(here), NFS4_OK, OP_PUTFH, "ACCESS", here, here);
    begin(&alice, &files[here]);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
    expect(takes(here), NFS4_OK, OP_PUTFH, "READ", here, here);
    begin(&alice, &outer[here]);
    client_op_remove(C, "missing");
    expect(takes(here), NFS4ERR_NOENT, takes(here) ? OP_REMOVE : OP_PUTFH, "REMOVE", here, here);
    begin(&alice, &outer[here]);
    client_op_create(C, "file", NF4DIR, NULL, 0755);
    expect(takes(here), NFS4ERR_EXIST, takes(here) ? OP_CREATE : OP_PUTFH, "CREATE", here, here);
}

/* A filehandle that nothing uses does no harm. */
static void nothing_else(size_t here)
{
    begin(&alice, &outer[here]);
    expect(true, NFS4_OK, OP_PUTFH, "PUTFH alone", here, here);
    begin(&alice, &outer[here]);
    client_op(C, OP_SAVEFH);
    expect(true, NFS4_OK, OP_PUTFH, "PUTFH, SAVEFH", here, here);
    begin(&alice, &outer[here]);
    client_op(C, OP_SAVEFH);
    client_op_putfh(C, &sibling);
    op_getattr();
    expect(true, NFS4_OK, OP_PUTFH, "PUTFH, SAVEFH, PUTFH", here, here);
}

/* LOOKUP and OPEN by name say it themselves, and SECINFO never; who is refused does not learn
 * whether there is such a name. */
static void by_name(size_t here)
{
    begin(&alice, &outer[here]);
    client_op_lookup(C, "file");
    expect(takes(here), NFS4_OK, OP_LOOKUP, "LOOKUP of a file", here, here);
    begin(&alice, &outer[here]);
    client_op_lookup(C, "missing");
    expect(takes(here), NFS4ERR_NOENT, OP_LOOKUP, "LOOKUP of nothing", here, here);
    begin(&alice, &outer[here]);
    op_open("missing", false);
    expect(takes(here), NFS4ERR_NOENT, OP_OPEN, "OPEN of nothing", here, here);
    begin(&alice, &outer[here]);
    op_open("file", true);
    expect(takes(here), NFS4_OK, OP_OPEN, "OPEN of a file", here, here);
    begin(&alice, &outer[here]);
    op_secinfo("file");
    expect(true, NFS4_OK, OP_SECINFO, "SECINFO of a file", here, here);
    expect_told(OP_SECINFO, here);
    begin(&alice, &outer[here]);
    op_secinfo("missing");
    expect(true, takes(here) ? NFS4ERR_NOENT : NFS4_OK, OP_SECINFO, "SECINFO of nothing", here,
           here);
    begin(&alice, &outer[here]);
    op_secinfo("file");
    op_getattr();
    if (script_minor == 0) /* which keeps the filehandle */
        expect(true, takes(here) ? NFS4_OK : NFS4ERR_NOFILEHANDLE, OP_GETATTR, "SECINFO, GETATTR",
               here, here);
    else
        expect(true, NFS4ERR_NOFILEHANDLE, OP_GETATTR, "SECINFO, GETATTR", here, here);
}

static void without_name(size_t here)
{
    if (script_minor == 0)
        return;
    begin(&alice, &files[here]);
    op_open(NULL, false);
    expect(takes(here), NFS4_OK, OP_PUTFH, "OPEN by filehandle", here, here);
    begin(&alice, &outer[here]);
    op_secinfo_no_name(SECINFO_STYLE4_CURRENT_FH);
    op_getattr();
    expect(true, NFS4ERR_NOFILEHANDLE, OP_GETATTR, "SECINFO_NO_NAME", here, here);
    expect_told(OP_SECINFO_NO_NAME, here);
}

static void within_an_export(void **state)
{
    (void)state;
    for (enum flavor flavor = 0; flavor < FLAVORS; flavor++) {
        flavor_set(flavor);
        for (size_t here = 0; here < POLICIES; here++) {
            anything_else(here);
            nothing_else(here);
            by_name(here);
            without_name(here);
        }
    }
    flavor_set(BY_SYS);
}

/* ---- changes ---- */

static void pseudo_is(bool fine)
{
    begin(&alice, NULL);
    client_op_putrootfh(C);
    op_getattr();
    expect(fine, NFS4_OK, OP_PUTROOTFH, "PUTROOTFH", 0, 0);
    begin(&alice, NULL);
    client_op(C, OP_PUTPUBFH);
    op_getattr();
    expect(fine, NFS4_OK, OP_PUTPUBFH, "PUTPUBFH", 0, 0);
    begin(&alice, NULL);
    client_op_putrootfh(C);
    op_secinfo("sys");
    expect(true, NFS4_OK, OP_SECINFO, "SECINFO at the root", 0, 0);
}

/* The pseudo directory follows the exports.  What is open is revoked when the client, which has no
 * Kerberos, could not close it. */
static void the_flavors_change(void **state)
{
    struct client_file file;

    (void)state;
    reload("sec: krb5:sys");
    file = make_open(&alice, &outer[0], "kept");
    pseudo_is(true);
    reload("sec: krb5");
    pseudo_is(false);
    begin(&alice, &file.fh);
    client_op_read(C, &file.stateid, 0, 1);
    expect(false, NFS4_OK, OP_PUTFH, "READ of an open file", 0, 0);
    reload("sec: sys");
    script_read_is(&alice, &file, NFS4ERR_ADMIN_REVOKED);
    if (script_minor > 0) {
        begin(&alice, NULL);
        client_compound_add(
            C, &(struct nfs_argop4){.argop = OP_FREE_STATEID, .opfree_stateid = {file.stateid}});
        run(NFS4_OK);
    }
    reload(NULL);
}

static void denied_on(struct client_conn *conn)
{
    client_result_free(R);
    *R = (struct client_result){0};
    begin_bare(&alice, script_minor);
    client_op_putrootfh(C);
    assert_int_equal(client_compound_call(conn, C, R), CLIENT_REJECTED);
    assert_int_equal(R->reply.header.auth_stat, AUTH_TOOWEAK);
}

static void denied(void)
{
    struct client_conn conn;

    script_connect(&conn);
    conn.cred.none = by == BY_NONE;
    denied_on(&conn);
    client_conn_close(&conn);
}

/* And is the last line of the log for this reason?  There are at most 20 in a second. */
static bool denied_for(const char *why)
{
    struct log_line line;

    denied();
    line = log_find("export.refused", NULL);
    return strcmp(log_value(&line, "why"), why) == 0 &&
           strcmp(log_value(&line, "export"), "") == 0 &&
           strcmp(log_value(&line, "sec"), by == BY_SYS ? "sys" : "none") == 0;
}

/* What no export takes is refused without looking at it: AUTH_NONE, and a connection.  AUTH_SYS
 * stays good for a client's own business. */
static void no_export_takes_it(void **state)
{
    (void)state;
    reload("sec: krb5:sys");
    pseudo_is(true);
    flavor_set(BY_NONE);
    denied_on(&alice.conn); /* although AUTH_SYS is welcome there */
    wait_until_every(50, denied_for("sec"));
    flavor_set(BY_SYS);
    pseudo_is(true);
    reload("xprtsec: mtls");
    wait_until_every(50, denied_for("xprtsec"));
    reload(NULL);
    pseudo_is(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_export_to_export),
        cmocka_unit_test(within_an_export),
        cmocka_unit_test(the_flavors_change),
        cmocka_unit_test(no_export_takes_it),
    };

    return test_group_run_fixtures(tests, setup, teardown);
}

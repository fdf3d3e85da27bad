/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by the map file and the database of users, with the option --manage-gids: the
 * server decides who is in which group, in hundreds of them, and learns of changes.  As root with
 * backend local, too, where the kernel decides.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/users.h"
#include "lib/wait.h"
#include "script.h"

enum {
    MANY = 70001, /* in the map file: in 300 groups */
    FEW = 70002,  /* in no further one */
    NONE = 70009, /* in no file */
    MAPPED = 100299,
    WRAPPED_USER = 70003, /* in the database of users: in 300 groups */
    WRAPPED = 200299,
    GROUPS = 300
};

static char map[128], passwd[128], group[128];

/* The lines take the place of the file at once. */
static void file_put(const char *path, const char *lines)
{
    char fresh[160];
    FILE *file;

    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    file = fopen(fresh, "we");
    if (!file || fputs(lines, file) < 0 || fclose(file) != 0 || chmod(fresh, 0644) != 0 ||
        rename(fresh, path) != 0)
        fail_msg("%s: can't be written", path);
}

/* MANY is in its groups but the last `without` ones. */
static void map_put(uint32_t without)
{
    char text[8192];
    int len = snprintf(text, sizeof(text), "few@LAB.EXAMPLE %d:%d\nmany@LAB.EXAMPLE %d:%d", FEW,
                       FEW, MANY, MANY);

    for (uint32_t i = 0; i < GROUPS - without; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, ",%u", MAPPED + 1 - GROUPS + i);
    (void)snprintf(text + len, sizeof(text) - (size_t)len, "\ngroup staff 2000\n");
    file_put(map, text);
}

static void database_put(uint32_t without)
{
    char text[16384], user[64];
    int len = 0;

    (void)snprintf(user, sizeof(user), "wrapped:x:%d:%d::/:/bin/sh\n", WRAPPED_USER, WRAPPED_USER);
    file_put(passwd, user);
    for (uint32_t i = 0; i < GROUPS; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "g%u:x:%u:%s\n", i,
                        WRAPPED + 1 - GROUPS + i, i < GROUPS - without ? "wrapped" : "");
    file_put(group, text);
}

static int setup(void **state)
{
    static char local[128], config[128];
    const char *const options[] = {
        "--export", "/mem=mem:,no_root_squash", "--export", local,           "--config",
        config,     "--identity-map",           map,        "--manage-gids", NULL};
    int result;

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    (void)snprintf(config, sizeof(config), "%s/config", script_server.dir);
    (void)snprintf(map, sizeof(map), "%s/map", script_server.dir);
    (void)snprintf(passwd, sizeof(passwd), "%s/passwd", script_server.dir);
    (void)snprintf(group, sizeof(group), "%s/group", script_server.dir);
    map_put(0);
    database_put(0);
    file_put(config, "identity:\n  domain: lab.example\n  groups_ttl: 1\n");
    test_users_begin(passwd, group);
    result = script_setup(options);
    test_users_end();
    return result == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void set_group(const struct client_fh *fh, uint32_t gid)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", gid);
    expect_status(
        client_file_setattr(&alice, fh, CLIENT_BITS(FATTR4_OWNER_GROUP, FATTR4_MODE),
                            &(struct nfs4_attrs){.owner_group = client_text(text), .mode = 0040}),
        NFS4_OK);
}

/* A new file, which its group alone may read. */
static struct client_fh make_group_file(const struct client_fh *dir, const char *name, uint32_t gid)
{
    struct client_fh fh = make_file(&alice, dir, name);

    set_group(&fh, gid);
    return fh;
}

static void become(uint32_t uid, uint32_t gid, uint32_t further)
{
    bob.conn.cred = (struct client_cred){
        .uid = uid, .gid = gid, .gid_count = further ? 1 : 0, .gids = {further}};
}

static bool may_read(const struct client_fh *fh)
{
    begin(&bob, fh);
    client_op_access(C, ACCESS4_READ);
    run(NFS4_OK);
    return (result(OP_ACCESS)->opaccess.access & ACCESS4_READ) != 0;
}

static struct client_cred super(void)
{
    return (struct client_cred){.uid = 0};
}

static bool is_local(void **state)
{
    return *state == script_local;
}

/* Chown needs a server that acts as its callers. */
static bool needs_root(void **state)
{
    if (!is_local(state) || geteuid() == 0)
        return false;
    test_skip_part(TEST_NEEDS_CALLERS);
    return true;
}

static void the_map_has_the_groups(void **state)
{
    struct client_fh dir, file;

    if (needs_root(state))
        return;
    map_put(0);
    dir = script_dir(*state);
    alice.conn.cred = super();
    file = make_group_file(&dir, "f", MAPPED);
    become(MANY, MANY, 0);
    wait_until_every(20, may_read(&file));
    become(FEW, MAPPED, MAPPED);
    assert_false(may_read(&file));
    become(NONE, MAPPED, MAPPED);
    assert_false(may_read(&file));
    map_put(1);
    become(MANY, MANY, 0);
    wait_until_every(20, !may_read(&file));
    alice.conn.cred = script_cred();
}

static void the_database_has_the_groups(void **state)
{
    struct client_fh dir, file;

    if (needs_root(state))
        return;
    database_put(0);
    dir = script_dir(*state);
    alice.conn.cred = super();
    file = make_group_file(&dir, "f", WRAPPED);
    become(WRAPPED_USER, 1, 0);
    wait_until_every(20, may_read(&file));
    /* A group that is taken from a user is gone when groups_ttl is over. */
    database_put(1);
    wait_until_every(20, !may_read(&file));
    alice.conn.cred = script_cred();
}

/* "OWNER GROUP" */
static const char *owners_of(const struct client_fh *fh)
{
    static char text[300];
    struct client_owner_text owners;
    struct nfs4_attrs attrs;

    expect_status(client_file_getattr(&alice, fh, CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP),
                                      &attrs, &owners),
                  NFS4_OK);
    (void)snprintf(text, sizeof(text), "%s %s", owners.owner, owners.owner_group);
    return text;
}

/* newgrp(1) works within a user's groups, and not beyond. */
static void the_first_group_is_checked(void **state)
{
    struct client_fh dir, file;

    if (needs_root(state))
        return;
    map_put(0);
    dir = script_dir(*state);
    become(MANY, MAPPED - 7, 0);
    file = make_file(&bob, &dir, "own");
    assert_string_equal(owners_of(&file), "70001 100292");
    become(MANY, 4242, 0);
    file = make_file(&bob, &dir, "foreign");
    assert_string_equal(owners_of(&file), "70001 70001");
    become(NONE, 4242, 0);
    file = make_file(&bob, &dir, "unknown");
    assert_string_equal(owners_of(&file), "70009 65534");
}

/* RFC 8881 §5.9: names are accepted from everybody, told to those with Kerberos alone. */
static void owners_by_name(void **state)
{
    static const char *const bad[] = {"many@evil.example", "many", "nobody", "nemo@lab.example"};
    struct client_fh dir, file;

    if (needs_root(state))
        return;
    map_put(0);
    dir = script_dir(*state);
    alice.conn.cred = super();
    file = make_file(&alice, &dir, "f");
    expect_status(
        client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP),
                            &(struct nfs4_attrs){.owner = client_text("many@lab.example"),
                                                 .owner_group = client_text("staff@Lab.Example")}),
        NFS4_OK);
    assert_string_equal(owners_of(&file), "70001 2000");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        expect_status(client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_OWNER),
                                          &(struct nfs4_attrs){.owner = client_text(bad[i])}),
                      NFS4ERR_BADOWNER);
    alice.conn.cred = script_cred();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(the_map_has_the_groups),
        ON_BOTH(the_database_has_the_groups),
        ON_BOTH(the_first_group_is_checked),
        ON_BOTH(owners_by_name),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by the map file and the database of users, with the option --manage-gids: the
 * server decides who is in which group, in hundreds of them, and learns of changes.  As root with
 * backend local, too, where the kernel decides.
 */
#include "identity_deeds.h"
#include "lib/users.h"
#include "lib/wait.h"

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

/* MANY is in its groups but the last `without` ones. */
static void map_put(uint32_t without)
{
    char text[8192];
    int len = snprintf(text, sizeof(text), "few@LAB.EXAMPLE %d:%d\nmany@LAB.EXAMPLE %d:%d", FEW,
                       FEW, MANY, MANY);

    for (uint32_t i = 0; i < GROUPS - without; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, ",%u", MAPPED + 1 - GROUPS + i);
    (void)snprintf(text + len, sizeof(text) - (size_t)len, "\ngroup staff 2000\n");
    identity_file_put(map, text);
}

static void database_put(uint32_t without)
{
    char text[16384], user[64];
    int len = 0;

    (void)snprintf(user, sizeof(user), "wrapped:x:%d:%d::/:/bin/sh\n", WRAPPED_USER, WRAPPED_USER);
    identity_file_put(passwd, user);
    for (uint32_t i = 0; i < GROUPS; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "g%u:x:%u:%s\n", i,
                        WRAPPED + 1 - GROUPS + i, i < GROUPS - without ? "wrapped" : "");
    identity_file_put(group, text);
}

static int setup(void **state)
{
    static char local[128], config[128];
    const char *const options[] = {"--export",       "/mem=mem:,no_root_squash,anongid=4321",
                                   "--export",       local,
                                   "--config",       config,
                                   "--identity-map", map,
                                   "--manage-gids",  NULL};
    int result;

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash,anongid=4321",
                   script_server.data);
    (void)snprintf(config, sizeof(config), "%s/config", script_server.dir);
    (void)snprintf(map, sizeof(map), "%s/map", script_server.dir);
    (void)snprintf(passwd, sizeof(passwd), "%s/passwd", script_server.dir);
    (void)snprintf(group, sizeof(group), "%s/group", script_server.dir);
    map_put(0);
    database_put(0);
    identity_file_put(config, "identity:\n  domain: lab.example\n  groups_ttl: 1\n");
    test_users_begin(passwd, group);
    result = script_setup(options);
    test_users_end();
    return result == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

/* The files as at the start, and a directory.  False: the part is skipped. */
static bool begins(void **state, struct client_fh *dir)
{
    if (identity_is_skipped(state))
        return false;
    map_put(0);
    database_put(0);
    *dir = script_dir(*state);
    return true;
}

static void the_map_has_the_groups(void **state)
{
    struct client_fh dir, file;

    if (!begins(state, &dir))
        return;
    file = identity_group_file(&dir, "f", MAPPED);
    identity_become(&bob, MANY, MANY, 0);
    wait_until_every(20, identity_may_read(&bob, &file));
    identity_become(&bob, FEW, MAPPED, MAPPED);
    assert_false(identity_may_read(&bob, &file));
    identity_become(&bob, NONE, MAPPED, MAPPED);
    assert_false(identity_may_read(&bob, &file));
    map_put(1);
    identity_become(&bob, MANY, MANY, 0);
    wait_until_every(20, !identity_may_read(&bob, &file));
}

static void the_database_has_the_groups(void **state)
{
    struct client_fh dir, file;

    if (!begins(state, &dir))
        return;
    file = identity_group_file(&dir, "f", WRAPPED);
    identity_become(&bob, WRAPPED_USER, 1, 0);
    wait_until_every(20, identity_may_read(&bob, &file));
    /* A group that is taken from a user is gone when groups_ttl is over. */
    database_put(1);
    wait_until_every(20, !identity_may_read(&bob, &file));
}

/* newgrp(1) works within a user's groups, and not beyond. */
static void the_first_group_is_checked(void **state)
{
    struct client_fh dir, file;

    if (!begins(state, &dir))
        return;
    identity_become(&bob, MANY, MAPPED - 7, 0);
    file = make_file(&bob, &dir, "own");
    assert_string_equal(identity_owners_of(&alice, &file), "70001 100292");
    identity_become(&bob, MANY, 4242, 0);
    file = make_file(&bob, &dir, "foreign");
    assert_string_equal(identity_owners_of(&alice, &file), "70001 70001");
    identity_become(&bob, NONE, 4242, 0);
    file = make_file(&bob, &dir, "unknown");
    assert_string_equal(identity_owners_of(&alice, &file), "70009 4321");
}

/* RFC 8881 §5.9: names are accepted from everybody, told to those with Kerberos alone. */
static void owners_by_name(void **state)
{
    static const char *const bad[] = {"many@evil.example", "many", "nobody", "nemo@lab.example"};
    struct client_fh dir, file;

    if (!begins(state, &dir))
        return;
    identity_become(&alice, 0, 0, 0);
    file = make_file(&alice, &dir, "f");
    expect_status(
        client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP),
                            &(struct nfs4_attrs){.owner = client_text("many@lab.example"),
                                                 .owner_group = client_text("staff@Lab.Example")}),
        NFS4_OK);
    assert_string_equal(identity_owners_of(&alice, &file), "70001 2000");
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

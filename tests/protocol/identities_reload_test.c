/* SPDX-License-Identifier: Apache-2.0 */
/* The section `identity` of the configuration is read again, while clients are served. */
#include <signal.h>
#include <string.h>

#include "admin_call.h"
#include "identity_deeds.h"
#include "lib/users.h"
#include "lib/wait.h"
#include "log_lines.h"

enum {
    USER = 70001,
    GROUP = 4000,
    OTHER_GROUP = 4001
};

static char config[128], one[128], two[128], bad[128], passwd[128], group[128];

/* The file with this section. */
static void say(const char *section)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "exports:\n- { path: /mem, backend: mem, squash: no_root_squash }\n"
                   "identity:\n  groups_ttl: 600\n%s",
                   section);
    identity_file_put(config, text);
}

/* With the path of a map file in place of %s. */
static const char *section(const char *format, const char *path)
{
    static char text[512];

    (void)snprintf(text, sizeof(text), format, path);
    return text;
}

/* Returns the changes, or NULL: refused. */
static json_t *reload(const char *path)
{
    json_t *body = NULL;

    if (admin_call("POST", path, &body) == 200)
        return body;
    json_decref(body);
    return NULL;
}

/* Does one of the lines begin so? */
static bool has_line(const json_t *changes, const char *text)
{
    const json_t *lines = json_object_get(changes, "changes");

    for (size_t i = 0; i < json_array_size(lines); i++) {
        if (strncmp(json_string_value(json_array_get(lines, i)), text, strlen(text)) == 0)
            return true;
    }
    return false;
}

/* Reload, and see this change alone. */
static void change(const char *text, const char *line)
{
    json_t *changes;

    say(text);
    changes = reload("/reload");
    assert_non_null(changes);
    if (!has_line(changes, line))
        fail_msg("%s: %s", line, json_dumps(changes, 0));
    assert_int_equal(json_array_size(json_object_get(changes, "changes")), 1);
    json_decref(changes);
}

static int setup(void **state)
{
    const char *const options[] = {"--config", config, NULL};
    int result;

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(config, sizeof(config), "%s/config", script_server.dir);
    (void)snprintf(one, sizeof(one), "%s/one", script_server.dir);
    (void)snprintf(two, sizeof(two), "%s/two", script_server.dir);
    (void)snprintf(bad, sizeof(bad), "%s/bad", script_server.dir);
    (void)snprintf(passwd, sizeof(passwd), "%s/passwd", script_server.dir);
    (void)snprintf(group, sizeof(group), "%s/group", script_server.dir);
    identity_file_put(one, "user@LAB.EXAMPLE 70001:70001,4000\n");
    identity_file_put(two, "user@LAB.EXAMPLE 70001:70001,4001\n");
    identity_file_put(bad, "user@LAB.EXAMPLE 70001\n");
    identity_file_put(passwd, "user:x:70001:70001::/:/bin/sh\n");
    identity_file_put(group, "");
    say("");
    test_users_begin(passwd, group);
    result = script_setup(options);
    test_users_end();
    return result == 0 && script_open_to_all("/mem") ? 0 : -1;
}

static int back(void **state)
{
    json_t *changes;

    (void)state;
    say("");
    changes = reload("/reload");
    json_decref(changes);
    return changes ? 0 : -1;
}

/* Another map file, and whether it counts, take effect with the next request. */
static void groups_follow(void **state)
{
    struct client_fh dir = script_dir(script_mem);
    struct client_fh file = identity_group_file(&dir, "first", GROUP);
    struct client_fh other = identity_group_file(&dir, "other", OTHER_GROUP);

    (void)state;
    identity_become(&bob, USER, USER, OTHER_GROUP);
    assert_true(identity_may_read(&bob, &other)); /* as the client says */
    change("  manage_gids: true\n", "identity.manage_gids: true, was false");
    assert_false(identity_may_read(&bob, &other));
    assert_false(identity_may_read(&bob, &file));
    change(section("  manage_gids: true\n  map: %s\n", one), "identity.map: /");
    assert_true(identity_may_read(&bob, &file));
    assert_false(identity_may_read(&bob, &other));
    change(section("  manage_gids: true\n  map: %s\n", two), "identity.map: /");
    assert_false(identity_may_read(&bob, &file));
    assert_true(identity_may_read(&bob, &other));
    /* This is the file that is looked at now. */
    identity_file_put(two, "user@LAB.EXAMPLE 70001:70001,4000\n");
    wait_until_every(20, identity_may_read(&bob, &file));
    change("  manage_gids: true\n", "identity.map: the default, was /");
    assert_false(identity_may_read(&bob, &file));
    change("", "identity.manage_gids: false, was true");
    assert_true(identity_may_read(&bob, &other));
}

static enum nfsstat4 give_to(const struct client_fh *fh, const char *owner)
{
    const struct client_cred before = alice.conn.cred;
    enum nfsstat4 status;

    identity_become(&alice, 0, 0, 0);
    status = client_file_setattr(&alice, fh, CLIENT_BITS(FATTR4_OWNER),
                                 &(struct nfs4_attrs){.owner = client_text(owner)});
    alice.conn.cred = before;
    return status;
}

static void names_follow(void **state)
{
    struct client_fh dir = script_dir(script_mem), file = identity_group_file(&dir, "named", GROUP);

    (void)state;
    change("  domain: one.example\n", "identity.domain: one.example, was the default");
    expect_status(give_to(&file, "user@one.example"), NFS4_OK);
    expect_status(give_to(&file, "user@two.example"), NFS4ERR_BADOWNER);
    change("  domain: two.example\n", "identity.domain: two.example, was one.example");
    expect_status(give_to(&file, "user@one.example"), NFS4ERR_BADOWNER);
    expect_status(give_to(&file, "user@two.example"), NFS4_OK);
}

static const char *shown(const char *who, const char *member)
{
    static char text[256];
    char path[128];
    json_t *body;

    (void)snprintf(path, sizeof(path), "/identities/%s", who);
    body = admin_get(path);
    (void)snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(body, member)));
    json_decref(body);
    return text;
}

static void machines_follow(void **state)
{
    static const char machine[] = "host%2Fc.lab.example@LAB.EXAMPLE";

    (void)state;
    assert_string_equal(shown(machine, "by"), "nobody");
    change("  realms: LAB.EXAMPLE\n", "identity.realms: LAB.EXAMPLE, was the default");
    assert_string_equal(shown(machine, "by"), "machine");
    say("  realms: LAB.EXAMPLE\n  machine: nobody\n");
    json_decref(reload("/reload"));
    assert_string_equal(shown(machine, "by"), "nobody");
    assert_non_null(strstr(shown(machine, "why"), "identity.machine is nobody"));
}

/* A mistake changes nothing at all, and a try changes nothing. */
static void mistakes_change_nothing(void **state)
{
    json_t *changes;

    (void)state;
    change(section("  map: %s\n", one), "identity.map: /");
    say(section("  map: %s\n  machine: nobody\n", bad));
    assert_null(reload("/reload"));
    assert_null(reload("/reload?dry_run=true"));
    say(section("  map: %s\n  realms: a b c d e f g h i\n", one));
    assert_null(reload("/reload"));
    say(section("  map: %s\n  domain: user@example\n", one));
    assert_null(reload("/reload"));
    say("  machine: nobody\n");
    changes = reload("/reload?dry_run=true");
    assert_true(has_line(changes, "identity.machine: would be nobody, is root"));
    assert_true(has_line(changes, "identity.map: would be the default, is /"));
    json_decref(changes);
    assert_string_equal(shown("70001", "by"), "map");
    changes = reload("/reload");
    assert_true(has_line(changes, "identity.machine: nobody, was root"));
    json_decref(changes);
    assert_string_equal(shown("70001", "by"), "database");
}

/* SIGHUP does the same. */
static void by_signal(void **state)
{
    const unsigned before = log_find("daemon.reload_done", NULL).count;

    (void)state;
    say(section("  map: %s\n", one));
    assert_int_equal(kill(script_server.pid, SIGHUP), 0);
    wait_until_every(2, log_find("daemon.reload_done", NULL).count > before);
    assert_string_equal(shown("70001", "by"), "map");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(groups_follow, back),
        cmocka_unit_test_teardown(names_follow, back),
        cmocka_unit_test_teardown(machines_follow, back),
        cmocka_unit_test_teardown(mistakes_change_nothing, back),
        cmocka_unit_test_teardown(by_signal, back),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}

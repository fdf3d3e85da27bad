/* SPDX-License-Identifier: Apache-2.0 */
/* The map file: what its lines mean, and what is told of wrong ones. */
#include "identity/identity_map.h"

#include <unistd.h>

#include "lib/test.h"

static struct identity_map *parse(const char *text)
{
    char error[IDENTITY_MAP_ERROR_BYTES] = "";
    struct identity_map *map = identity_map_parse("map", text, strlen(text), error);

    if (!map)
        fail_msg("%s", error);
    return map;
}

/* "1000:1001,7,8", "account NAME", "any NAME", or "-". */
static const char *ask_as(const struct identity_map *map, const char *principal, bool is_machine)
{
    static char text[2048];
    char account[IDENTITY_WORD_BYTES];
    struct identity *identity;
    int len;

    switch (identity_map_principal(map, principal, is_machine, &identity, account)) {
    case IDENTITY_MAP_NOTHING:
        return "-";
    case IDENTITY_MAP_ACCOUNT:
        (void)snprintf(text, sizeof(text), "account %s", account);
        return text;
    case IDENTITY_MAP_ANY_ACCOUNT:
        (void)snprintf(text, sizeof(text), "any %s", account);
        return text;
    case IDENTITY_MAP_IDENTITY:
        break;
    }
    len = snprintf(text, sizeof(text), "%u:%u", identity->uid, identity->gid);
    for (uint32_t i = 0; i < identity->gid_count; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, ",%u", identity->gids[i]);
    identity_put(identity);
    return text;
}

static const char *ask(const struct identity_map *map, const char *principal)
{
    return ask_as(map, principal, false);
}

static const char good[] = "# users\n"
                           "\n"
                           "alice@LAB.EXAMPLE\t1000:1000,2001,2000 # with groups\r\n"
                           "  bob@LAB.EXAMPLE 1001:1001\n"
                           "bob@OTHER.EXAMPLE account robert\n"
                           "*@PARTNER.EXAMPLE account\n"
                           "*@ONE.EXAMPLE account guest\n"
                           "*@GUESTS.EXAMPLE nobody\n"
                           "host/web.lab.example@LAB.EXAMPLE 0:0\n"
                           "group staff 2000\n"
                           "odd@name@LAB.EXAMPLE 5:5";

static void lines_mean(void **unused)
{
    struct identity_map *map = parse(good);

    (void)unused;
    assert_int_equal(identity_map_lines(map), 9);
    assert_string_equal(ask(map, "alice@LAB.EXAMPLE"), "1000:1000,2000,2001");
    assert_string_equal(ask(map, "bob@LAB.EXAMPLE"), "1001:1001");
    assert_string_equal(ask(map, "bob@OTHER.EXAMPLE"), "account robert");
    assert_string_equal(ask(map, "carol@PARTNER.EXAMPLE"), "any carol");
    assert_string_equal(ask(map, "carol@ONE.EXAMPLE"), "any guest");
    assert_string_equal(ask(map, "*@PARTNER.EXAMPLE"), "any *"); /* who may be called so */
    assert_string_equal(ask(map, "carol@GUESTS.EXAMPLE"), "65534:65534");
    assert_string_equal(ask(map, "odd@name@LAB.EXAMPLE"), "5:5");
    identity_map_destroy(map);
}

/* A realm is never cut off, nor the case of a name ignored; `*` means users and not machines. */
static void nobody_else_is_meant(void **unused)
{
    struct identity_map *map = parse(good);

    (void)unused;
    assert_string_equal(ask(map, "alice@EVIL.EXAMPLE"), "-");
    assert_string_equal(ask(map, "alice"), "-");
    assert_string_equal(ask(map, "alice@"), "-");
    assert_string_equal(ask(map, "@PARTNER.EXAMPLE"), "-");
    assert_string_equal(ask(map, ""), "-");
    assert_string_equal(ask(map, "Alice@LAB.EXAMPLE"), "-");
    assert_string_equal(ask(map, "alice@lab.example"), "-");
    assert_string_equal(ask(map, "group"), "-");
    assert_string_equal(ask(map, "carol/admin@PARTNER.EXAMPLE"), "-");
    assert_string_equal(ask(map, "carol@EVIL\\@ONE.EXAMPLE"), "-"); /* of the realm EVIL@ONE... */
    assert_string_equal(ask_as(map, "host/a.example@PARTNER.EXAMPLE", true), "-");
    assert_string_equal(ask_as(map, "host/web.lab.example@LAB.EXAMPLE", true), "0:0");
    identity_map_destroy(map);
}

static void expect(struct identity *identity, const char *name, uint32_t uid, uint32_t gid)
{
    assert_non_null(identity);
    assert_string_equal(identity->name, name);
    assert_int_equal(identity->uid, uid);
    assert_int_equal(identity->gid, gid);
    identity_put(identity);
}

static void names_both_ways(void **unused)
{
    struct identity_map *map = parse("bob@A.EXAMPLE 7:8\nbob@B.EXAMPLE 9:9\nrob@A.EXAMPLE 7:1\n"
                                     "host/x@A.EXAMPLE 3:3\n*@C.EXAMPLE 4:4\ngroup staff 8\n"
                                     "group stuff 8\n");

    (void)unused;
    expect(identity_map_user(map, 7), "bob", 7, 8);
    expect(identity_map_user(map, 9), "bob", 9, 9);
    expect(identity_map_user_named(map, "bob"), "bob", 7, 8);
    expect(identity_map_user_named(map, "rob"), "rob", 7, 1);
    assert_null(identity_map_user_named(map, "robert"));
    assert_null(identity_map_user(map, 3));
    assert_null(identity_map_user(map, 4));
    expect(identity_map_group(map, 8), "staff", 65534, 8);
    expect(identity_map_group_named(map, "stuff"), "stuff", 65534, 8);
    assert_null(identity_map_group(map, 7));
    assert_null(identity_map_group_named(map, "bob"));
    identity_map_destroy(map);
}

static void mistakes_are_told(void **unused)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"\n\nalice 1:1\n", "map:3: expected a principal"},
        {"@R 1:1", "map:1: expected a principal"},
        {"a@ 1:1", "map:1: expected a principal"},
        {"a@R 1:1\na@R 2:2\n", "map:2: the principal has a line already"},
        {"a@R", "map:1: expected UID:GID"},
        {"a@R 1", "map:1: expected UID:GID"},
        {"a@R 1:", "map:1: expected UID:GID"},
        {"a@R 1:1,", "map:1: expected numbers"},
        {"a@R 1:1,x", "map:1: expected numbers"},
        {"a@R -1:1", "map:1: expected UID:GID"},
        {"a@R 4294967295:1", "map:1: expected UID:GID"},
        {"a@R 99999999999999999999:1", "map:1: expected UID:GID"},
        {"a@R 1:1 2", "map:1: there is more than belongs on the line"},
        {"a@R account", "map:1: expected the name of the account"},
        {"a@R nobody x", "map:1: there is more"},
        {"a*@R 1:1", "map:1: * stands alone"},
        {"*@R* 1:1", "map:1: * stands alone"},
        {"group staff", "map:1: expected: group NAME GID"},
        {"group 7 x", "map:1: expected: group NAME GID"},
        {"group a 1\ngroup a 2", "map:2: the group has a line already"},
        {"a\x01@R 1:1", "map:1: a word is too long"},
    };

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char error[IDENTITY_MAP_ERROR_BYTES] = "";

        if (identity_map_parse("map", rows[i].text, strlen(rows[i].text), error))
            fail_msg("%s is taken", rows[i].text);
        if (strncmp(error, rows[i].error, strlen(rows[i].error)) != 0)
            fail_msg("%s: %s", rows[i].text, error);
    }
}

static void too_much(void **unused)
{
    const size_t size = (size_t)32 * (LIMIT_IDENTITY_MAP_LINES + 1);
    char *text = malloc(size), error[IDENTITY_MAP_ERROR_BYTES];
    size_t len = 0;
    struct identity_map *map;

    (void)unused;
    memset(text, 'a', IDENTITY_WORD_BYTES);
    assert_null(identity_map_parse("map", text, IDENTITY_WORD_BYTES, error));
    assert_string_equal(error, "map:1: a word is too long, or has a control character");
    len = (size_t)snprintf(text, size, "a@R 1:1");
    for (uint32_t i = 0; i <= LIMIT_CALLER_GIDS; i++)
        len += (size_t)snprintf(text + len, size - len, ",%u", i);
    assert_null(identity_map_parse("map", text, len, error));
    assert_string_equal(error, "map:1: too many groups");
    len = 0;
    for (uint32_t i = 0; i <= LIMIT_IDENTITY_MAP_LINES; i++)
        len += (size_t)snprintf(text + len, size - len, "u%u@R %u:1\n", i, i);
    assert_null(identity_map_parse("map", text, len, error));
    assert_string_equal(error, "map:65537: the file has too many lines");
    map = identity_map_parse("map", text, len - strlen("u65536@R 65536:1\n"), error);
    assert_int_equal(identity_map_lines(map), LIMIT_IDENTITY_MAP_LINES);
    assert_string_equal(ask(map, "u65535@R"), "65535:1");
    identity_map_destroy(map);
    free(text);
}

static void files(void **unused)
{
    char path[] = "/tmp/identity_map.XXXXXX", error[IDENTITY_MAP_ERROR_BYTES], expected[128];
    const int fd = mkstemp(path);
    struct identity_map *map;

    (void)unused;
    assert_int_equal(write(fd, good, sizeof(good) - 1), sizeof(good) - 1);
    map = identity_map_read(path, error);
    assert_non_null(map);
    assert_string_equal(ask(map, "bob@LAB.EXAMPLE"), "1001:1001");
    identity_map_destroy(map);
    assert_int_equal(ftruncate(fd, LIMIT_IDENTITY_MAP_BYTES + 1), 0);
    assert_null(identity_map_read(path, error));
    (void)snprintf(expected, sizeof(expected), "%s: File too large", path);
    assert_string_equal(error, expected);
    close(fd);
    unlink(path);
    assert_null(identity_map_read(path, error));
    (void)snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
    assert_string_equal(error, expected);
    assert_null(identity_map_read("/tmp", error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_mean),      cmocka_unit_test(nobody_else_is_meant),
        cmocka_unit_test(names_both_ways), cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(too_much),        cmocka_unit_test(files),
    };

    return test_group_run(tests);
}

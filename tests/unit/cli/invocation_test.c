/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of a command line, and that the table of commands is complete. */
#include "cli/invocation.h"

#include <string.h>

#include "base/check.h"
#include "cli/command_table.h"
#include "lib/test.h"

enum {
    WORDS_MAX = 16
};

/* Parse words with single spaces between them; what they point to lasts until the next call. */
static enum invocation_result parse(struct invocation *call, const char *words, bool *whole_noun)
{
    static char text[512];
    char *argv[WORDS_MAX + 1], *rest = text;
    int argc = 0;

    (void)snprintf(text, sizeof(text), "mainstay%s%s", *words ? " " : "", words);
    while (rest) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = strsep(&rest, " ");
    }
    argv[argc] = NULL;
    return invocation_parse(call, &command_table, argc, argv, whole_noun);
}

static void results(void **state)
{
    static const struct {
        const char *words;
        enum invocation_result result;
    } rows[] = {
        {"", INVOCATION_NOTHING},
        {"--json", INVOCATION_NOTHING},
        {"--help", INVOCATION_HELP},
        {"-h", INVOCATION_HELP},
        {"client -h", INVOCATION_HELP},
        {"client show --help", INVOCATION_HELP},
        {"--help client show", INVOCATION_HELP},
        {"--version", INVOCATION_VERSION},
        {"--man", INVOCATION_MAN},
        {"status", INVOCATION_RUN},
        {"client list", INVOCATION_RUN},
        {"client show x", INVOCATION_RUN},
        {"open list --path /x --client y", INVOCATION_RUN},
        {"open --json list --path=/x", INVOCATION_RUN},
        {"setting set a 1 b 2", INVOCATION_RUN},
        {"client show -- --odd", INVOCATION_RUN},
        {"client show -", INVOCATION_RUN},
        {"nonsense", INVOCATION_WRONG},
        {"client", INVOCATION_WRONG},
        {"client nonsense", INVOCATION_WRONG},
        {"client show", INVOCATION_WRONG},
        {"client show a b", INVOCATION_WRONG},
        {"client list a", INVOCATION_WRONG},
        {"status a", INVOCATION_WRONG},
        {"client list --path /x", INVOCATION_WRONG},
        {"--path /x open list", INVOCATION_WRONG},
        {"open --path /x list", INVOCATION_WRONG},
        {"open list --path", INVOCATION_WRONG},
        {"open list --path /x --path /y", INVOCATION_WRONG},
        {"open list --force", INVOCATION_WRONG},
        {"export remove /x --force=yes", INVOCATION_WRONG},
        {"setting set a", INVOCATION_WRONG},
        {"setting show", INVOCATION_WRONG},
        {"status --admin", INVOCATION_WRONG},
        {"status --", INVOCATION_RUN},
        {"status -x", INVOCATION_WRONG},
        {"status --js", INVOCATION_WRONG},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct invocation call;
        bool whole_noun;

        if (parse(&call, rows[i].words, &whole_noun) != rows[i].result)
            fail_msg("%s", rows[i].words);
        invocation_fini(&call);
    }
}

static void values(void **state)
{
    struct invocation call;
    bool whole_noun;

    (void)state;
    assert_int_equal(
        parse(&call, "--admin=unix:/s open list --json --client c --path /p", &whole_noun),
        INVOCATION_RUN);
    assert_string_equal(call.globals[GLOBAL_ADMIN], "unix:/s");
    assert_non_null(call.globals[GLOBAL_JSON]);
    assert_null(call.globals[GLOBAL_ADMIN_TOKEN]);
    assert_string_equal(call.command->noun, "open");
    assert_string_equal(call.command->verb, "list");
    assert_string_equal(call.options[0], "/p");
    assert_string_equal(call.options[1], "c");
    assert_int_equal(call.count, 0);
    invocation_fini(&call);
    assert_int_equal(parse(&call, "client --help", &whole_noun), INVOCATION_HELP);
    assert_true(whole_noun);
    invocation_fini(&call);
    assert_int_equal(parse(&call, "setting set a -- -1", &whole_noun), INVOCATION_RUN);
    assert_int_equal(call.count, 2);
    assert_string_equal(call.arguments[1], "-1");
    invocation_fini(&call);
}

/* Each row has what help, completion and the manual show; its example is right. */
static void table(void **state)
{
    const char *noun = "";

    (void)state;
    for (uint32_t i = 0; i < command_table.count; i++) {
        const struct command *row = &command_table.of[i];
        struct invocation call;
        bool whole_noun;
        char example[256];

        assert_true(row->help && *row->help && row->help[strlen(row->help) - 1] != '.');
        assert_true(row->example && row->run && row->arguments);
        assert_int_equal(row->path == NULL, row->method == NULL);
        if (strcmp(noun, row->noun) != 0)
            assert_int_equal(row->verb != NULL, row->noun_help != NULL);
        noun = row->noun;
        assert_int_equal(strncmp(row->example, "mainstay ", 9), 0);
        (void)snprintf(example, sizeof(example), "%.*s", (int)strcspn(row->example + 9, ">"),
                       row->example + 9);
        if (example[strlen(example) - 1] == ' ')
            example[strlen(example) - 1] = '\0';
        if (parse(&call, example, &whole_noun) != INVOCATION_RUN || call.command != row)
            fail_msg("%s", row->example);
        invocation_fini(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results),
        cmocka_unit_test(values),
        cmocka_unit_test(table),
    };

    return test_group_run(tests);
}

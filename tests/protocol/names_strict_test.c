/* SPDX-License-Identifier: Apache-2.0 */
/* Exports with strict_utf8: a name that is not UTF-8 is refused, and not listed. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "script.h"

static const char *const bad[] = {"a\x80", "a\xe2\x82", "\xc0\xaf", "\xed\xa0\x80"};

static void name_op(const struct client_fh *dir, uint32_t op, const char *name)
{
    struct wire_opaque text = client_text(name);
    struct nfs_argop4 arg = {.argop = op};

    if (op == OP_LOOKUP)
        arg.oplookup.objname = text;
    else if (op == OP_REMOVE)
        arg.opremove.target = text;
    else
        arg.opcreate = (struct CREATE4args){.objtype = {.type = NF4DIR}, .objname = text};
    begin(&alice, dir);
    client_compound_add(C, &arg);
}

static void refused(void **state)
{
    static const uint32_t ops[] = {OP_LOOKUP, OP_REMOVE, OP_CREATE};
    struct client_fh dir = script_dir(*state);

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        for (size_t o = 0; o < ARRAY_SIZE(ops); o++) {
            name_op(&dir, ops[o], bad[i]);
            run(NFS4ERR_INVAL);
        }
    }
    name_op(&dir, OP_CREATE, "\xc3\xa4\xe2\x82\xac");
    run(NFS4_OK);
}

static bool count_names(const struct entry4 *entry, void *context)
{
    unsigned *count = context;

    assert_int_equal(entry->name.len, strlen("good"));
    assert_memory_equal(entry->name.data, "good", entry->name.len);
    (*count)++;
    return true;
}

/* Created by a process on the server's machine. */
static void not_listed(void **state)
{
    struct client_fh dir;
    unsigned count = 0;
    char path[160];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/sub", script_server.data);
    assert_int_equal(mkdir(path, 0755), 0);
    for (size_t i = 0; i <= ARRAY_SIZE(bad); i++) {
        int fd;

        (void)snprintf(path, sizeof(path), "%s/sub/%s", script_server.data,
                       i < ARRAY_SIZE(bad) ? bad[i] : "good");
        fd = open(path, O_WRONLY | O_CREAT, 0644);
        assert_true(fd >= 0);
        close(fd);
    }
    expect_status(client_file_lookup(&alice, "/local/sub", &dir), NFS4_OK);
    expect_status(client_file_readdir(&alice, &dir, (struct bitmap4){0}, count_names, &count),
                  NFS4_OK);
    assert_int_equal(count, 1);
}

static int setup(void **state)
{
    static char local[160];
    static const char *const options[] = {"--export", "/mem=mem:,no_root_squash,strict_utf8",
                                          "--export", local, NULL};

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash,strict_utf8",
                   script_server.data);
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(refused),
        cmocka_unit_test(not_listed),
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}

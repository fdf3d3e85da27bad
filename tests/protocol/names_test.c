/* SPDX-License-Identifier: Apache-2.0 */
/* L-08: invalid names, each with its own error, in every operation that takes one. */
#include <string.h>

#include "script.h"

static struct client_fh dir, file;

struct name_case {
    const char *what;
    const char *bytes;
    uint32_t len;
    enum nfsstat4 status;
};

static char long_name[256];

static const struct name_case table[] = {
    {"empty", "", 0, NFS4ERR_INVAL},      {"too long", long_name, 256, NFS4ERR_NAMETOOLONG},
    {"dot", ".", 1, NFS4ERR_BADNAME},     {"dot dot", "..", 2, NFS4ERR_BADNAME},
    {"slash", "a/b", 3, NFS4ERR_BADCHAR}, {"slash alone", "/", 1, NFS4ERR_BADCHAR},
    {"NUL", "a\0b", 3, NFS4ERR_BADCHAR},
};

typedef void build_fn(struct wire_opaque name);

static void lookup(struct wire_opaque name)
{
    begin(&alice, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LOOKUP, .oplookup = {name}});
}

static void create(struct wire_opaque name)
{
    struct nfs_argop4 op = {.argop = OP_CREATE,
                            .opcreate = {.objtype = {.type = NF4DIR}, .objname = name}};

    begin(&alice, &dir);
    client_compound_add(C, &op);
}

static void open_name(struct wire_opaque name, enum opentype4 type)
{
    struct nfs_argop4 op = {.argop = OP_OPEN};

    op.opopen.share_access = OPEN4_SHARE_ACCESS_READ;
    op.opopen.openhow.opentype = type;
    op.opopen.claim.file = name;
    begin(&alice, &dir);
    script_op_as(&alice, "names", &op);
}

static void open_existing(struct wire_opaque name)
{
    open_name(name, OPEN4_NOCREATE);
}

static void open_create(struct wire_opaque name)
{
    open_name(name, OPEN4_CREATE);
}

static void remove_name(struct wire_opaque name)
{
    begin(&alice, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_REMOVE, .opremove = {name}});
}

static void rename_names(struct wire_opaque from, struct wire_opaque to)
{
    begin_two(&alice, &dir, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_RENAME, .oprename = {from, to}});
}

static void rename_from(struct wire_opaque name)
{
    rename_names(name, client_text("good"));
}

static void rename_to(struct wire_opaque name)
{
    rename_names(client_text("file"), name);
}

static void link_name(struct wire_opaque name)
{
    begin_two(&alice, &file, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_LINK, .oplink = {name}});
}

static void secinfo(struct wire_opaque name)
{
    begin(&alice, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_SECINFO, .opsecinfo = {name}});
}

static void bad_names(void **state)
{
    static const struct {
        const char *op;
        build_fn *build;
    } ops[] = {
        {"LOOKUP", lookup},       {"CREATE", create},
        {"OPEN", open_existing},  {"OPEN to create", open_create},
        {"REMOVE", remove_name},  {"RENAME from", rename_from},
        {"RENAME to", rename_to}, {"LINK", link_name},
        {"SECINFO", secinfo},
    };

    memset(long_name, 'n', sizeof(long_name));
    dir = script_dir(*state);
    file = make_file(&alice, &dir, "file");
    for (size_t o = 0; o < ARRAY_SIZE(ops); o++)
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
            ops[o].build((struct wire_opaque){(const uint8_t *)table[i].bytes, table[i].len});
            if (client_compound_call(&alice.conn, C, R) != CLIENT_OK)
                fail_msg("%s, %s: no answer", ops[o].op, table[i].what);
            if (R->status != table[i].status)
                fail_msg("%s, %s: %s", ops[o].op, table[i].what, status_name(R->status));
        }
}

/* Names are bytes: every operation accepts what READDIR lists, UTF-8 or not; 255 bytes are not too
 * long. */
static bool is_name(const struct entry4 *entry, void *context)
{
    const char **found = context;

    if (entry->name.len == strlen(*found) && memcmp(entry->name.data, *found, entry->name.len) == 0)
        *found = NULL;
    return *found;
}

static void good_names(void **state)
{
    static char longest[256];
    const char *const names[] = {"...", "a b", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9a",
                                 "back\\slash", "a\nb", longest,
                                 /* invalid UTF-8: a stray byte, a truncated sequence, an overlong
                                  * form, a surrogate */
                                 "a\x80", "a\xe2\x82", "\xc0\xaf", "\xed\xa0\x80"};

    memset(longest, 'n', sizeof(longest) - 1);
    dir = script_dir(*state);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *wanted = names[i];

        create(client_text(names[i]));
        run(NFS4_OK);
        expect_status(client_file_readdir(&alice, &dir, (struct bitmap4){0}, is_name, &wanted),
                      NFS4_OK);
        assert_null(wanted);
        lookup(client_text(names[i]));
        run(NFS4_OK);
        rename_names(client_text(names[i]), client_text("plain"));
        run(NFS4_OK);
        rename_names(client_text("plain"), client_text(names[i]));
        run(NFS4_OK);
        remove_name(client_text(names[i]));
        run(NFS4_OK);
        open_create(client_text(names[i]));
        run(NFS4_OK);
        open_existing(client_text(names[i]));
        run(NFS4_OK);
        remove_name(client_text(names[i]));
        run(NFS4_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(bad_names),
        ON_BOTH(good_names),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}

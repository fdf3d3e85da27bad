/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that set, read, list and remove extended attributes of files which others remove, rename
 * and create again (RFC 8276): each value comes back whole, from the file that has it, and nothing
 * is left behind.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/xattr.h>

#include "script.h"

enum {
    CLIENTS = 4,
    ROUNDS = 300,
    FILES = 2,
    NAMES = 3,
    VALUE_BYTES = 900, /* three of them fit into a block of every file system */
    LIST_BYTES = 4096,
};

enum deed {
    DEED_SET,
    DEED_GET,
    DEED_LIST,
    DEED_UNSET,
    DEED_REMOVE,
    DEED_RENAME,
    DEED_CREATE,
    DEEDS,
};

struct racer {
    struct client_mount mount;
    pthread_t thread;
    uint64_t seed;
    const struct client_fh *dir;
    struct client_compound c;
    struct client_result r;
    uint32_t done[DEEDS]; /* successes */
};

static _Atomic uint32_t failures;
static bool local_has_them;

static const char *file_name(uint32_t i)
{
    static const char *const names[FILES] = {"one", "other"};

    return names[i];
}

static const char *attr_name(uint32_t i)
{
    static const char *const names[NAMES] = {"a", "b", "c"};

    return names[i];
}

static void note_failure(const char *what, enum nfsstat4 status)
{
    print_error("%s: %u\n", what, status);
    atomic_fetch_add(&failures, 1);
}

/* cmocka's asserts leave by longjmp, so threads count failures instead. */
static bool succeeds(struct racer *racer, const char *what)
{
    static const enum nfsstat4 allowed[] = {NFS4ERR_NOENT, NFS4ERR_NOXATTR, NFS4ERR_EXIST,
                                            NFS4ERR_STALE, NFS4ERR_DELAY};
    enum nfsstat4 status = client_mount_call(&racer->mount, &racer->c, &racer->r);

    if (status == NFS4_OK)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
        if (status == allowed[i])
            return false;
    }
    note_failure(what, status);
    return false;
}

/* Every value is one byte, repeated as many times as that byte says, and its attribute's name. */
static uint32_t value_make(uint32_t attr, uint8_t byte, uint8_t value[VALUE_BYTES])
{
    const uint32_t len = 3u * byte + 1;

    memset(value, byte, len);
    value[0] = (uint8_t)attr;
    return len;
}

static void value_check(uint32_t attr, const struct wire_opaque *value)
{
    uint8_t want[VALUE_BYTES];

    if (value->len == 0 || value->len > VALUE_BYTES ||
        value_make(attr, (uint8_t)(value->len / 3), want) != value->len ||
        memcmp(want, value->data, value->len) != 0)
        note_failure("a value that was never set", NFS4_OK);
}

static void names_check(const struct LISTXATTRS4resok *page)
{
    if (!page->lxr_eof || page->lxr_names_count > NAMES)
        note_failure("more names than there are", NFS4_OK);
    for (uint32_t i = 0; i < page->lxr_names_count; i++) {
        if (page->lxr_names[i].len != 1 || (uint8_t)(page->lxr_names[i].data[0] - 'a') >= NAMES)
            note_failure("a name that was never set", NFS4_OK);
        for (uint32_t j = 0; j < i; j++) {
            if (page->lxr_names[i].data[0] == page->lxr_names[j].data[0])
                note_failure("a name twice", NFS4_OK);
        }
    }
}

static uint32_t draw(struct racer *racer, uint32_t below)
{
    racer->seed ^= racer->seed << 13;
    racer->seed ^= racer->seed >> 7;
    racer->seed ^= racer->seed << 17;
    return (uint32_t)(racer->seed >> 11) % below;
}

static void begin_in(struct racer *racer)
{
    client_mount_begin(&racer->mount, &racer->c);
    client_op_putfh(&racer->c, racer->dir);
}

static void add_on_attribute(struct racer *racer, enum deed deed, uint32_t attr)
{
    uint8_t value[VALUE_BYTES];
    uint32_t len = value_make(attr, (uint8_t)draw(racer, 256), value);

    if (deed == DEED_SET)
        client_op_setxattr(&racer->c, attr_name(attr), (enum setxattr_option4)draw(racer, 3), value,
                           len);
    else if (deed == DEED_GET)
        client_op_getxattr(&racer->c, attr_name(attr));
    else if (deed == DEED_LIST)
        client_op_listxattrs(&racer->c, 0, LIST_BYTES);
    else
        client_op_removexattr(&racer->c, attr_name(attr));
}

static bool on_attributes(struct racer *racer, enum deed deed, uint32_t file)
{
    const uint32_t attr = draw(racer, NAMES);
    const struct nfs_resop4 *last;
    bool done;

    begin_in(racer);
    client_op_lookup(&racer->c, file_name(file));
    add_on_attribute(racer, deed, attr);
    done = succeeds(racer, "an extended attribute");
    last = done ? &racer->r.ops[racer->r.count - 1] : NULL;
    if (done && deed == DEED_GET)
        value_check(attr, &last->opgetxattr.gxr_value);
    else if (done && deed == DEED_LIST)
        names_check(&last->oplistxattrs);
    client_result_free(&racer->r);
    return done;
}

static bool on_names(struct racer *racer, enum deed deed, uint32_t file)
{
    bool done;

    begin_in(racer);
    if (deed == DEED_REMOVE) {
        client_op_remove(&racer->c, file_name(file));
    } else {
        client_compound_add(&racer->c, &(struct nfs_argop4){.argop = OP_SAVEFH});
        client_op_rename(&racer->c, file_name(file), file_name(1 - file));
    }
    done = succeeds(racer, "a name");
    client_result_free(&racer->r);
    return done;
}

static bool create(struct racer *racer, uint32_t file)
{
    const struct client_open how = {.owner = "racer",
                                    .name = file_name(file),
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};
    struct client_file opened;
    enum nfsstat4 status = client_file_open(&racer->mount, racer->dir, &how, &opened);

    if (status == NFS4_OK)
        status = client_file_close(&racer->mount, &opened);
    if (status != NFS4_OK && status != NFS4ERR_DELAY)
        note_failure("a new file", status);
    return status == NFS4_OK;
}

static bool do_one(struct racer *racer, enum deed deed)
{
    const uint32_t file = draw(racer, FILES);

    if (deed == DEED_CREATE)
        return create(racer, file);
    return deed < DEED_REMOVE ? on_attributes(racer, deed, file) : on_names(racer, deed, file);
}

static void *race(void *arg)
{
    /* So files are there most of the time. */
    static const enum deed deeds[] = {DEED_SET,    DEED_SET,    DEED_SET,   DEED_GET,   DEED_GET,
                                      DEED_GET,    DEED_LIST,   DEED_LIST,  DEED_UNSET, DEED_REMOVE,
                                      DEED_RENAME, DEED_CREATE, DEED_CREATE};
    struct racer *racer = arg;

    for (uint32_t i = 0; i < ROUNDS && atomic_load(&failures) == 0; i++) {
        const enum deed deed = deeds[draw(racer, ARRAY_SIZE(deeds))];

        racer->done[deed] += do_one(racer, deed);
    }
    return NULL;
}

/* What is said of the file in the end is true of each attribute alone. */
static void at_rest(const struct client_fh *dir, uint32_t file)
{
    bool listed[NAMES] = {false};
    struct client_fh fh;

    begin(&alice, dir);
    client_op_lookup(C, file_name(file));
    client_op_getfh(C);
    client_op_listxattrs(C, 0, LIST_BYTES);
    if (client_compound_call(&alice.conn, C, R) != CLIENT_OK || R->status == NFS4ERR_NOENT)
        return;
    expect_status(R->status, NFS4_OK);
    fh = result_fh();
    for (uint32_t i = 0; i < result(OP_LISTXATTRS)->oplistxattrs.lxr_names_count; i++)
        listed[result(OP_LISTXATTRS)->oplistxattrs.lxr_names[i].data[0] - 'a'] = true;
    for (uint32_t i = 0; i < NAMES; i++) {
        begin(&alice, &fh);
        client_op_getxattr(C, attr_name(i));
        run(listed[i] ? NFS4_OK : NFS4ERR_NOXATTR);
        if (listed[i])
            value_check(i, &result(OP_GETXATTR)->opgetxattr.gxr_value);
    }
}

static void races(void **state)
{
    static struct racer racers[CLIENTS];
    struct client_fh dir = script_dir(*state);
    uint32_t done[DEEDS] = {0};

    if (*state == script_local && !local_has_them)
        test_skip("the file system of the tests has no extended attributes");
    memset(racers, 0, sizeof(racers));
    atomic_store(&failures, 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        racers[i].dir = &dir;
        racers[i].seed = 88172645463325252u + i;
        script_mount_v42(&racers[i].mount);
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (uint32_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        client_mount_close(&racers[i].mount);
        for (uint32_t j = 0; j < DEEDS; j++)
            done[j] += racers[i].done[j];
    }
    assert_int_equal(failures, 0);
    for (uint32_t j = 0; j < DEEDS; j++)
        assert_true(done[j] > 0);
    for (uint32_t i = 0; i < FILES; i++)
        at_rest(&dir, i);
}

static int setup(void **state)
{
    script_minor = 2;
    if (script_setup_default(state) != 0)
        return -1;
    local_has_them = setxattr(script_server.data, "user.probe", "1", 1, 0) == 0;
    return !local_has_them || removexattr(script_server.data, "user.probe") == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"races on mem", races, NULL, NULL, script_mem},
        {"races on local", races, NULL, NULL, script_local},
    };

    return test_group_run_fixtures(tests, setup, script_teardown);
}

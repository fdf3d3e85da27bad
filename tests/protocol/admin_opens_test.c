/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens, byte-range locks and delegations as an administrator sees them: each member with its
 * cause, filters, pages, and what the clients hear after a revocation, in every minor version (RFC
 * 8881 §8.5, RFC 7530 §9.6.3.2).
 */
#include <inttypes.h>
#include <string.h>

#include "admin_call.h"
#include "holder.h"

#define PATH_BYTES 256

static struct client_fh dir;
static struct client_file file;

static const char *text(const json_t *item, const char *name)
{
    const char *value = json_string_value(json_object_get(item, name));

    return value ? value : "";
}

static json_int_t number(const json_t *item, const char *name)
{
    assert_true(json_is_integer(json_object_get(item, name)));
    return json_integer_value(json_object_get(item, name));
}

/* The items of a list; the caller owns them. */
static json_t *items_of(const char *path)
{
    json_t *page = admin_get(path), *items = json_incref(json_object_get(page, "items"));

    assert_true(json_is_array(items));
    json_decref(page);
    return items;
}

/* The only item. */
static json_t *only(const char *path)
{
    json_t *items = items_of(path), *item;

    if (json_array_size(items) != 1)
        fail_msg("%s: %zu items", path, json_array_size(items));
    item = json_incref(json_array_get(items, 0));
    json_decref(items);
    return item;
}

static size_t count(const char *path)
{
    json_t *items = items_of(path);
    size_t size = json_array_size(items);

    json_decref(items);
    return size;
}

static const char *of_client(const char *list, struct client_mount *mount)
{
    static char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "/%s?client=%016" PRIx64, list,
                   client_mount_clientid(mount));
    return path;
}

static void id_is(const json_t *item, const struct stateid4 *stateid)
{
    char id[2 * NFS4_OTHER_SIZE + 1];

    for (size_t i = 0; i < NFS4_OTHER_SIZE; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", stateid->other[i]);
    assert_string_equal(text(item, "id"), id);
}

static unsigned revoke(const char *list, const struct stateid4 *stateid)
{
    char path[PATH_BYTES];
    int len = snprintf(path, sizeof(path), "/%s/", list);

    for (size_t i = 0; i < NFS4_OTHER_SIZE; i++)
        len += snprintf(path + len, sizeof(path) - (size_t)len, "%02x", stateid->other[i]);
    return admin_call("DELETE", path, NULL);
}

static void rename_to(const char *from, const char *to)
{
    begin_two(&alice, &dir, &dir);
    client_op_rename(C, from, to);
    run(NFS4_OK);
}

/* "EXPORT/testN/NAME". */
static void path_ends(const json_t *item, const char *export, const char *name)
{
    const char *path = text(item, "path");
    size_t len = strlen(path), name_len = strlen(name);

    assert_int_equal(strncmp(path, export, strlen(export)), 0);
    if (len < name_len || strcmp(path + len - name_len, name) != 0)
        fail_msg("'%s' does not end in '%s'", path, name);
}

/* A file that alice has open for `access`, denying `deny`. */
static void open_as(const char *name, uint32_t access, uint32_t deny)
{
    const struct client_open how = {
        .owner = "the owner", .access = access, .deny = deny, .name = name};

    expect_status(client_file_open(&alice, &dir, &how, &file), NFS4_OK);
}

static struct stateid4 lock(const char *owner, enum nfs_lock_type4 type, uint64_t offset,
                            uint64_t length)
{
    begin(&alice, &file.fh);
    script_op_lock_new(&alice, &file, owner, type, offset, length);
    run(NFS4_OK);
    return result(OP_LOCK)->oplock.lock_stateid;
}

static void shows_opens(void **state)
{
    const char *export = *state;
    char client[20], by_path[PATH_BYTES];
    json_t *item;

    dir = script_dir(export);
    make_file(&alice, &dir, "file");
    open_as("file", OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE);
    item = only(of_client("opens", &alice));
    id_is(item, &file.stateid);
    (void)snprintf(client, sizeof(client), "%016" PRIx64, client_mount_clientid(&alice));
    assert_string_equal(text(item, "client"), client);
    assert_true(strlen(text(item, "client_owner")) > 0);
    assert_non_null(strstr(text(item, "owner"), "the owner"));
    assert_string_equal(text(item, "export"), export);
    path_ends(item, export, "/file");
    assert_string_equal(text(item, "access"), "read");
    assert_string_equal(text(item, "deny"), "write");
    assert_int_equal(number(item, "locks"), 0);
    assert_int_equal(count(of_client("opens", &bob)), 0);
    (void)snprintf(by_path, sizeof(by_path), "/opens?client=%s&export=%s", client, export);
    assert_int_equal(count(by_path), 1);
    (void)snprintf(by_path, sizeof(by_path), "/opens?client=%s&export=/%s", client,
                   strcmp(export, "/mem") == 0 ? "local" : "mem");
    assert_int_equal(count(by_path), 0);
    (void)snprintf(by_path, sizeof(by_path), "/opens?path=%s", text(item, "path"));
    json_decref(item);
    assert_int_equal(count(by_path), 1);
    /* The path is that of now. */
    rename_to("file", "other");
    item = only(of_client("opens", &alice));
    path_ends(item, export, "/other");
    json_decref(item);
    assert_int_equal(admin_call("GET", by_path, NULL), 404);
    expect_status(client_file_remove(&alice, &dir, "other"), NFS4_OK);
    item = only(of_client("opens", &alice));
    assert_true(json_is_null(json_object_get(item, "path")));
    json_decref(item);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    assert_int_equal(count(of_client("opens", &alice)), 0);
}

/* Bytes that are no UTF-8 are shown, and found by. */
static void shows_any_name(void **state)
{
    json_t *item;

    (void)state;
    dir = script_dir(script_mem);
    make_file(&alice, &dir, "a\\b\xff");
    open_as("a\\b\xff", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE);
    item = only(of_client("opens", &alice));
    path_ends(item, script_mem, "/a\\x5cb\\xff");
    assert_string_equal(text(item, "access"), "both");
    assert_string_equal(text(item, "deny"), "none");
    json_decref(item);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
}

static void shows_locks(void **state)
{
    struct stateid4 first;
    json_t *items, *item;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    first = lock("first", WRITE_LT, 10, 20);
    (void)lock("second", READ_LT, 100, NFS4_UINT64_MAX);
    items = items_of(of_client("locks", &alice));
    assert_int_equal(json_array_size(items), 2);
    for (size_t i = 0; i < 2; i++) {
        item = json_array_get(items, i);
        path_ends(item, *state, "/file");
        assert_string_equal(text(item, "export"), *state);
        if (strcmp(text(item, "type"), "write") == 0) {
            id_is(item, &first);
            assert_non_null(strstr(text(item, "owner"), "first"));
            assert_int_equal(number(item, "offset"), 10);
            assert_int_equal(number(item, "length"), 20);
        } else {
            assert_int_equal(number(item, "offset"), 100);
            assert_true(json_is_null(json_object_get(item, "length")));
        }
    }
    json_decref(items);
    item = only(of_client("opens", &alice));
    assert_int_equal(number(item, "locks"), 2);
    json_decref(item);
    expect_status(client_file_close(&alice, &file), NFS4_OK);
    assert_int_equal(count(of_client("locks", &alice)), 0);
}

/* Each once, in pages of one. */
static void lists_in_pages(void **state)
{
    struct client_file files[5];
    char path[PATH_BYTES], name[16];
    size_t items = 0, pages = 0;
    json_t *page;

    dir = script_dir(*state);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof(name), "f%d", i);
        files[i] = make_open(&alice, &dir, name);
    }
    (void)snprintf(path, sizeof(path), "/opens?limit=1");
    for (; path[0] != '\0'; pages++) {
        page = admin_get(path);
        assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
        items++;
        path[0] = '\0';
        if (json_object_get(page, "next"))
            (void)snprintf(path, sizeof(path), "/opens?limit=1&after=%s", text(page, "next"));
        json_decref(page);
    }
    assert_int_equal(items, 5);
    assert_int_equal(pages, 5);
    for (int i = 0; i < 5; i++)
        expect_status(client_file_close(&alice, &files[i]), NFS4_OK);
}

static void refuses(void **state)
{
    static const struct {
        const char *method, *path;
        unsigned status;
    } cases[] = {
        {"GET", "/opens?limit=0", 400},
        {"GET", "/opens?after=x", 400},
        {"GET", "/locks?after=0000000000000000", 400}, /* the cursor of another list */
        {"GET", "/opens?client=1", 400},
        {"GET", "/opens?client=000000000000000G", 400},
        {"GET", "/delegations?owner=x", 400},
        {"GET", "/opens?path=mem", 400},
        {"GET", "/opens?path=", 400},
        {"GET", "/opens?path=/mem/none", 404},
        {"GET", "/locks?export=/mem/none", 404},
        {"GET", "/delegations?export=mem", 404},
        {"GET", "/opens?path=/none", 404},
        {"GET", "/opens?path=/mem/..", 404},
        {"DELETE", "/opens/x", 404},
        {"DELETE", "/opens/000000000000000000000000", 404},
        {"DELETE", "/locks/ffffffffffffffffffffffff", 404},
        {"DELETE", "/opens", 405},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        unsigned status = admin_call(cases[i].method, cases[i].path, NULL);

        if (status != cases[i].status)
            fail_msg("%s %s: %u", cases[i].method, cases[i].path, status);
    }
}

static uint32_t flags_of(struct client_mount *mount)
{
    begin(mount, NULL);
    run_on(&mount->conn, NFS4_OK);
    return result(OP_SEQUENCE)->opsequence.sr_status_flags;
}

static void renew_is(struct client_mount *mount, enum nfsstat4 status)
{
    begin_bare(mount, 0);
    client_compound_add(
        C, &(struct nfs_argop4){.argop = OP_RENEW, .oprenew = {client_mount_clientid(mount)}});
    run_on(&mount->conn, status);
}

/* 4.1: the client is told by a flag, until it acknowledges the loss.  4.0: by its next RENEW; alice
 * begins anew. */
static void is_told(struct client_mount *mount, const struct stateid4 *lost)
{
    struct nfs_argop4 op = {.argop = OP_FREE_STATEID};

    if (mount->v40) {
        renew_is(mount, NFS4ERR_EXPIRED);
        return;
    }
    assert_true(flags_of(mount) & SEQ4_STATUS_ADMIN_STATE_REVOKED);
    op.opfree_stateid.fsa_stateid = *lost;
    begin(mount, NULL);
    client_compound_add(C, &op);
    run_on(&mount->conn, NFS4_OK);
    assert_false(flags_of(mount) & SEQ4_STATUS_ADMIN_STATE_REVOKED);
}

/* Until it acknowledges the loss, a client of 4.0 can open nothing. */
static void begin_anew(void)
{
    if (script_minor != 0)
        return;
    client_mount_close(&alice);
    script_mount_v40(&alice);
}

/* The share that it denied is free, its client hears why, and other opens stay. */
static void revokes_an_open(void **state)
{
    struct client_file kept, of_bob;

    dir = script_dir(*state);
    make_file(&alice, &dir, "file");
    kept = make_open(&alice, &dir, "kept");
    open_as("file", OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_BOTH);
    expect_status(client_file_open_rw(&bob, &dir, "file", &of_bob), NFS4ERR_SHARE_DENIED);
    assert_int_equal(revoke("locks", &file.stateid), 404);
    assert_int_equal(revoke("delegations", &file.stateid), 404);
    assert_int_equal(revoke("opens", &file.stateid), 204);
    assert_int_equal(revoke("opens", &file.stateid), 404);
    assert_int_equal(count(of_client("opens", &alice)), 1);
    expect_status(client_file_open_rw(&bob, &dir, "file", &of_bob), NFS4_OK);
    script_read_is(&alice, &file, NFS4ERR_ADMIN_REVOKED);
    script_read_is(&alice, &kept, NFS4_OK);
    is_told(&alice, &file.stateid);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    expect_status(client_file_close(&alice, &kept), NFS4_OK);
    begin_anew();
}

/* With its open: docs/status-flags.md says why. */
static void revokes_a_lock(void **state)
{
    struct client_file of_bob;
    struct stateid4 held;

    dir = script_dir(*state);
    file = make_open(&alice, &dir, "file");
    held = lock("a", WRITE_LT, 0, 10);
    expect_status(client_file_open_rw(&bob, &dir, "file", &of_bob), NFS4_OK);
    begin(&bob, &of_bob.fh);
    script_op_lock_new(&bob, &of_bob, "b", WRITE_LT, 0, 10);
    run(NFS4ERR_DENIED);
    assert_int_equal(revoke("opens", &held), 404);
    assert_int_equal(revoke("locks", &held), 204);
    assert_int_equal(revoke("locks", &held), 404);
    assert_int_equal(count(of_client("locks", &alice)), 0);
    assert_int_equal(count(of_client("opens", &alice)), 0);
    begin(&bob, &of_bob.fh);
    script_op_lock_new(&bob, &of_bob, "b", WRITE_LT, 0, 10);
    run(NFS4_OK);
    script_read_is(&alice, &file, NFS4ERR_ADMIN_REVOKED);
    is_told(&alice, &file.stateid); /* and acknowledges the loss of the lock, too */
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    begin_anew();
}

/* The request that waits for it goes on. */
static void revokes_a_delegation(void **state)
{
    struct client_file of_bob;
    struct nfs_argop4 claim = {.argop = OP_OPEN,
                               .opopen = {.share_access = OPEN4_SHARE_ACCESS_READ,
                                          .claim = {.claim = CLAIM_DELEGATE_CUR}}};
    struct holder holder;
    struct stateid4 lost;
    json_t *item;

    holder_open(&holder, script_minor);
    dir = script_dir(*state);
    file = holder_delegated(&holder, &dir, "file", OPEN_DELEGATE_WRITE);
    lost = *client_file_delegation(&file);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    item = only(of_client("delegations", &holder.mount));
    id_is(item, &lost);
    assert_string_equal(text(item, "type"), "write");
    assert_string_equal(text(item, "state"), "held");
    path_ends(item, *state, "/file");
    assert_true(json_real_value(json_object_get(item, "age_s")) >= 0);
    assert_true(json_is_null(json_object_get(item, "recalled_s")));
    json_decref(item);
    expect_status(conflict_open(&bob, &dir, "file", &of_bob), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    item = only(of_client("delegations", &holder.mount));
    assert_string_equal(text(item, "state"), "recalled");
    assert_true(json_real_value(json_object_get(item, "recalled_s")) >= 0);
    json_decref(item);
    assert_int_equal(revoke("delegations", &lost), 204);
    claim.opopen.claim.delegate_cur_info =
        (struct open_claim_delegate_cur4){lost, client_text("file")};
    expect_status(conflict_insist(&bob, &dir, "file", &holder, &of_bob), NFS4_OK);
    assert_int_equal(count(of_client("delegations", &holder.mount)), 0);
    begin(&holder.mount, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {lost}});
    run_on(&holder.mount.conn, NFS4ERR_ADMIN_REVOKED);
    begin(&holder.mount, &dir);
    script_op_as(&holder.mount, "claims", &claim);
    run_on(&holder.mount.conn, NFS4ERR_ADMIN_REVOKED);
    is_told(&holder.mount, &lost);
    expect_status(client_file_close(&bob, &of_bob), NFS4_OK);
    holder_drop(&holder);
}

/* Of a directory; 4.0 has none. */
static void revokes_a_directory(void **state)
{
    struct holder holder;
    struct stateid4 lost;
    json_t *item;

    (void)state;
    holder_open(&holder, V40_OR(1, script_minor));
    dir = script_dir(script_mem);
    lost = holder_delegated_dir(&holder, &dir);
    item = only(of_client("delegations", &holder.mount));
    id_is(item, &lost);
    assert_string_equal(text(item, "type"), "directory");
    assert_string_equal(text(item, "state"), "held");
    json_decref(item);
    assert_int_equal(revoke("delegations", &lost), 204);
    assert_int_equal(count(of_client("delegations", &holder.mount)), 0);
    begin(&holder.mount, &dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN, .opdelegreturn = {lost}});
    run_on(&holder.mount.conn, NFS4ERR_ADMIN_REVOKED);
    begin(&alice, &dir);
    client_op_create(C, "made", NF4DIR, NULL, 0755);
    run(NFS4_OK);
    is_told(&holder.mount, &lost);
    holder_drop(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(shows_opens),
        cmocka_unit_test(shows_any_name),
        ON_BOTH(shows_locks),
        ON_BOTH(lists_in_pages),
        cmocka_unit_test(refuses),
        ON_BOTH(revokes_an_open),
        ON_BOTH(revokes_a_lock),
        ON_BOTH(revokes_a_delegation),
        cmocka_unit_test(revokes_a_directory),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory cache fed with notifications one by one (SR-16): each type, in either order with
 * what READDIR says, repeated, of unknown names, malformed; and in each order with own changes.
 */
#include "client/client_dir.h"

#include "lib/test.h"

#include <string.h>

#include "dir_feed.h"

static struct dir_feed feed;
static struct client_dir dir;

static int setup(void **state)
{
    (void)state;
    dir_feed_init(&feed);
    client_dir_init(&dir, &(struct client_fh){.len = 4, .data = "dir"});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    client_dir_fini(&dir);
    return 0;
}

static void tell(void)
{
    assert_int_equal(dir_feed_send(&feed, &dir), NFS4_OK);
}

/* With a and b; `change` is the directory's before and after. */
static void fill(uint64_t change)
{
    dir_feed_grant(&dir, false);
    assert_true(dir_feed_read(&dir, "a", 1, 11));
    assert_true(dir_feed_read(&dir, "b", 2, 12));
    client_dir_fill_end(&dir, change, change);
    assert_int_equal(dir.state, CLIENT_DIR_VALID);
}

static bool name_append(const struct client_dir_entry *entry, void *context)
{
    char *names = context;

    names[strlen(names)] = entry->name[0];
    return true;
}

static int by_byte(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* The names, which are letters, in alphabetical order. */
static void expect(const char *names)
{
    char found[64] = "";

    client_dir_visit(&dir, name_append, found);
    qsort(found, strlen(found), 1, by_byte);
    assert_string_equal(found, names);
    assert_int_equal(dir.count, strlen(names));
}

static uint64_t fileid(const char *name)
{
    const struct client_dir_entry *e = client_dir_lookup(&dir, name);

    assert_non_null(e);
    return bitmap4_isset(&e->known, FATTR4_FILEID) ? e->fileid : 0;
}

static void test_filled(void **state)
{
    (void)state;
    assert_int_equal(dir.state, CLIENT_DIR_UNKNOWN);
    fill(10);
    expect("ab");
    assert_int_equal(fileid("b"), 2);
    assert_true(client_dir_lookup(&dir, "b")->has_cookie);
    assert_int_equal(client_dir_lookup(&dir, "b")->cookie, 12);
    assert_null(client_dir_lookup(&dir, "c"));
    assert_false(bitmap4_isset(&client_dir_lookup(&dir, "b")->known, FATTR4_SIZE));
    fill(20);
    expect("ab");
}

static void test_each_type(void **state)
{
    (void)state;
    fill(10);
    dir_feed_come(&feed, "c", 3, 13, false);
    dir_feed_gone(&feed, "a");
    dir_feed_rename(&feed, "b", "d", 2, false);
    dir_feed_change(&feed, 13);
    tell();
    expect("cd");
    assert_int_equal(fileid("c"), 3);
    assert_int_equal(fileid("d"), 2);
    assert_int_equal(client_dir_lookup(&dir, "c")->cookie, 13);
    assert_false(client_dir_lookup(&dir, "d")->has_cookie);
    assert_true(dir.has_attrs && dir.change_known);
    assert_int_equal(dir.attrs.change, 13);
    dir_feed_verifier(&feed);
    tell();
    assert_false(client_dir_lookup(&dir, "c")->has_cookie);
    for (uint32_t type = 1; type < NOTIFY_TYPES; type++)
        assert_int_equal(dir.told[type], 1);
    assert_int_equal(dir.repeated + dir.unknown, 0);
}

static void test_replaced(void **state)
{
    (void)state;
    fill(10);
    dir_feed_rename(&feed, "a", "b", 1, true);
    tell();
    expect("b");
    assert_int_equal(fileid("b"), 1);
    dir_feed_come(&feed, "b", 5, 0, true);
    tell();
    expect("b");
    assert_int_equal(fileid("b"), 5);
    /* Nothing is known of an entry but what is told of it. */
    dir_feed_come(&feed, "b", 0, 0, true);
    tell();
    assert_int_equal(fileid("b"), 0);
    assert_int_equal(dir.repeated + dir.unknown, 0);
}

static void test_child_attrs(void **state)
{
    (void)state;
    dir_feed_grant(&dir, true);
    assert_true(dir_feed_read(&dir, "a", 1, 11));
    client_dir_fill_end(&dir, 1, 1);
    assert_int_equal(client_dir_lookup(&dir, "a")->size, 7);
    dir_feed_child(&feed, "a", 1, 99);
    dir_feed_child(&feed, "x", 3, 99);
    tell();
    assert_true(bitmap4_isset(&client_dir_lookup(&dir, "a")->known, FATTR4_SIZE));
    assert_int_equal(client_dir_lookup(&dir, "a")->size, 99);
    assert_int_equal(fileid("a"), 1);
    expect("a");
    assert_int_equal(dir.unknown, 1);
    assert_null(client_dir_doubt(&dir));
    /* Without a file ID they may be of whatever had the name before. */
    dir_feed_child(&feed, "a", 0, 100);
    tell();
    assert_string_equal(client_dir_doubt(&dir)->name, "a");
    assert_int_equal(client_dir_lookup(&dir, "a")->size, 99);
}

/* An answer to a question that was asked before may be older than attributes that come first. */
static void test_child_attrs_overtake(void **state)
{
    struct client_dir_entry *e;

    (void)state;
    dir_feed_grant(&dir, true);
    dir_feed_child(&feed, "a", 1, 99);
    tell();
    assert_true(dir_feed_read(&dir, "a", 1, 11));
    assert_true(dir_feed_read(&dir, "b", 2, 12));
    dir_feed_child(&feed, "b", 2, 99);
    tell();
    client_dir_fill_end(&dir, 1, 1);
    expect("b");
    assert_int_equal(client_dir_lookup(&dir, "b")->size, 99);
    e = client_dir_doubt(&dir);
    assert_string_equal(e->name, "a");
    client_dir_doubt_begin(&dir, e);
    dir_feed_child(&feed, "a", 1, 100);
    tell();
    client_dir_doubt_end(&dir, e, NFS4_OK, NULL);
    assert_ptr_equal(client_dir_doubt(&dir), e);
    client_dir_doubt_begin(&dir, e);
    client_dir_doubt_end(&dir, e, NFS4_OK, NULL);
    assert_null(client_dir_doubt(&dir));
    expect("ab");
    assert_int_equal(dir.unknown, 0);
}

static void test_repeated_and_unknown(void **state)
{
    (void)state;
    fill(10);
    dir_feed_come(&feed, "a", 7, 0, false);
    dir_feed_gone(&feed, "x");
    dir_feed_gone(&feed, "x");
    dir_feed_rename(&feed, "y", "z", 9, false);
    tell();
    expect("abz");
    assert_int_equal(fileid("a"), 7);
    assert_int_equal(dir.repeated, 1);
    assert_int_equal(dir.unknown, 3);
}

/* What was told stands against what READDIR says of the same name, whichever comes first. */
static void test_told_while_reading(void **state)
{
    (void)state;
    dir_feed_grant(&dir, false);
    assert_true(dir_feed_read(&dir, "a", 1, 11));
    assert_true(dir_feed_read(&dir, "b", 2, 12));
    dir_feed_gone(&feed, "a");
    dir_feed_gone(&feed, "c");
    dir_feed_come(&feed, "d", 40, 0, false);
    dir_feed_rename(&feed, "e", "f", 6, false);
    tell();
    assert_true(dir_feed_read(&dir, "a", 1, 11));
    assert_true(dir_feed_read(&dir, "c", 3, 13));
    assert_true(dir_feed_read(&dir, "d", 4, 14));
    assert_true(dir_feed_read(&dir, "e", 5, 15));
    client_dir_fill_end(&dir, 10, 14);
    expect("bdf");
    assert_int_equal(fileid("d"), 40);
    assert_false(dir.change_known);
    assert_int_equal(dir.entries.count, 3); /* what is gone is not remembered */
    dir_feed_come(&feed, "a", 8, 0, false);
    tell();
    expect("abdf");
}

static void count_watched(struct client_dir *of, const struct notify_event *event, void *context)
{
    assert_ptr_equal(of, &dir);
    *(uint32_t *)context = *(uint32_t *)context * 10 + event->type;
}

static void test_watched_in_order(void **state)
{
    uint32_t seen = 0;

    (void)state;
    fill(10);
    dir.watch = count_watched;
    dir.context = &seen;
    dir_feed_come(&feed, "c", 3, 0, false);
    dir_feed_gone(&feed, "c");
    dir_feed_rename(&feed, "a", "d", 1, false);
    tell();
    dir_feed_change(&feed, 13);
    tell();
    assert_int_equal(seen, 3241);
}

static void test_malformed(void **state)
{
    static const uint8_t few[] = {0, 0, 0, 1};

    (void)state;
    fill(10);
    dir_feed_come(&feed, "c", 3, 0, false);
    dir_feed_raw(&feed, 1u << NOTIFY4_REMOVE_ENTRY, few, sizeof(few));
    assert_int_equal(dir_feed_send(&feed, &dir), NFS4ERR_BADXDR);
    assert_int_equal(dir.state, CLIENT_DIR_LOST);
    assert_int_equal(dir.loss, CLIENT_DIR_MALFORMED);
    client_dir_lose(&dir, CLIENT_DIR_RECALLED);
    assert_string_equal(client_dir_loss_name(dir.loss), "malformed");
    fill(20);
    expect("ab");
}

/* ---- own changes ---- */

static void begin(const char *gone, const char *come)
{
    client_dir_change_begin(&dir, &(struct client_dir_change){gone, come});
}

static void end(const char *gone, const char *come, bool atomic, uint64_t before)
{
    client_dir_change_end(&dir, &(struct client_dir_change){gone, come},
                          &(struct change_info4){atomic, before, before + 1});
}

static void test_own_in_clear_order(void **state)
{
    (void)state;
    fill(10);
    begin(NULL, "c");
    end(NULL, "c", true, 10);
    begin("a", "d");
    end("a", "d", true, 11);
    begin("b", NULL);
    end("b", NULL, true, 12);
    expect("cd");
    assert_int_equal(dir.change, 13);
    assert_int_equal(fileid("d"), 1);
    assert_int_equal(dir.own_count, 0);
    dir_feed_gone(&feed, "c");
    tell();
    expect("d");
    assert_null(client_dir_doubt(&dir));
}

static void test_own_failed(void **state)
{
    const struct client_dir_change change = {"a", "c"};

    (void)state;
    fill(10);
    client_dir_change_begin(&dir, &change);
    client_dir_change_end(&dir, &change, NULL);
    expect("ab");
    assert_int_equal(dir.entries.count, 2);
    client_dir_change_begin(&dir, &change);
    dir_feed_gone(&feed, "a");
    tell();
    client_dir_change_end(&dir, &change, NULL);
    expect("b");
    assert_null(client_dir_doubt(&dir));
}

/* The notification may have been sent before or after the change. */
static void test_own_and_told_meanwhile(void **state)
{
    struct client_dir_entry *e;

    (void)state;
    fill(10);
    begin(NULL, "c");
    dir_feed_gone(&feed, "c");
    tell();
    end(NULL, "c", true, 10);
    e = client_dir_doubt(&dir);
    assert_non_null(e);
    assert_string_equal(e->name, "c");
    client_dir_doubt_begin(&dir, e);
    client_dir_doubt_end(&dir, e, NFS4ERR_NOENT, NULL);
    assert_null(client_dir_doubt(&dir));
    expect("ab");
}

/* Others changed the directory before: what is told next may be older than the own change. */
static void test_own_in_doubtful_order(void **state)
{
    struct client_dir_entry *e;

    (void)state;
    fill(10);
    begin(NULL, "c");
    end(NULL, "c", true, 12); /* 10 to 12 was not told yet */
    expect("abc");
    dir_feed_come(&feed, "c", 3, 0, false);
    dir_feed_gone(&feed, "c");
    dir_feed_change(&feed, 12);
    tell();
    e = client_dir_doubt(&dir);
    assert_non_null(e);
    client_dir_doubt_begin(&dir, e);
    client_dir_doubt_end(&dir, e, NFS4ERR_DELAY, NULL);
    assert_ptr_equal(client_dir_doubt(&dir), e);
    client_dir_doubt_begin(&dir, e);
    client_dir_doubt_end(&dir, e, NFS4_OK, NULL);
    expect("abc");
    /* Now all up to 12 was told, so the next one is newer. */
    dir_feed_gone(&feed, "c");
    tell();
    assert_null(client_dir_doubt(&dir));
    expect("ab");
}

/* An answer that a notification may have overtaken is no answer. */
static void test_doubt_told_meanwhile(void **state)
{
    struct client_dir_entry *e;

    (void)state;
    fill(10);
    begin(NULL, "c");
    client_dir_change_lost(&dir, &(struct client_dir_change){NULL, "c"});
    e = client_dir_doubt(&dir);
    client_dir_doubt_begin(&dir, e);
    dir_feed_gone(&feed, "c");
    tell();
    client_dir_doubt_end(&dir, e, NFS4_OK, NULL);
    assert_ptr_equal(client_dir_doubt(&dir), e);
    client_dir_doubt_begin(&dir, e);
    client_dir_doubt_end(&dir, e, NFS4ERR_NOENT, NULL);
    assert_null(client_dir_doubt(&dir));
    expect("ab");
}

/* An own change puts another file under a name of which attributes are still to be told, which no
 * change attribute of the directory shows. */
static void test_own_before_child_attrs(void **state)
{
    (void)state;
    dir_feed_grant(&dir, true);
    assert_true(dir_feed_read(&dir, "a", 1, 11));
    assert_true(dir_feed_read(&dir, "b", 2, 12));
    assert_true(dir_feed_read(&dir, "c", 3, 13));
    client_dir_fill_end(&dir, 10, 10);
    begin("a", "b");
    end("a", "b", true, 10);
    begin("c", NULL);
    end("c", NULL, true, 11);
    begin(NULL, "c");
    end(NULL, "c", true, 12);
    dir_feed_child(&feed, "b", 2, 99);
    dir_feed_child(&feed, "c", 3, 99);
    tell();
    assert_int_equal(fileid("b"), 1);
    assert_int_equal(client_dir_lookup(&dir, "b")->size, 7);
    assert_int_equal(fileid("c"), 0);
    assert_string_equal(client_dir_doubt(&dir)->name, "c");
}

/* A rename from one link of a file to another one does nothing, and says so. */
static void test_own_rename_of_links(void **state)
{
    const struct client_dir_change change = {"a", "b"};

    (void)state;
    fill(10);
    client_dir_change_begin(&dir, &change);
    client_dir_change_end(&dir, &change, &(struct change_info4){true, 10, 10});
    assert_non_null(client_dir_doubt(&dir));
}

static void test_too_many_own_names(void **state)
{
    char name[24];

    (void)state;
    fill(10);
    for (unsigned i = 0; i <= CLIENT_DIR_OWN_NAMES && dir.state == CLIENT_DIR_VALID; i++) {
        (void)snprintf(name, sizeof(name), "own%u", i);
        begin(NULL, name);
        end(NULL, name, false, 20);
        begin(name, NULL);
        end(name, NULL, false, 20);
        assert_true(dir.entries.count <= CLIENT_DIR_OWN_NAMES + 3);
    }
    assert_int_equal(dir.state, CLIENT_DIR_LOST);
    assert_int_equal(dir.loss, CLIENT_DIR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_filled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_type, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_child_attrs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_child_attrs_overtake, setup, teardown),
        cmocka_unit_test_setup_teardown(test_repeated_and_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_told_while_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watched_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_in_clear_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_and_told_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_in_doubtful_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doubt_told_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_before_child_attrs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_rename_of_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_own_names, setup, teardown),
    };

    return test_group_run(tests);
}

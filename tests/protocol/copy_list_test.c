/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that go on after their reply, as an administrator sees and ends them: filters and pages of
 * GET /copies, and DELETE of copies that wait or hang. */
#include <string.h>

#include "admin_call.h"
#include "copy_jam.h"

#define SIZE (9 * COPYING_MIB) /* two pieces */

enum {
    FIRST,  /* of `one`, within /local: hangs */
    SECOND, /* the same */
    THIRD,  /* of `two`, from /mem to /local: waits */
    FOURTH, /* of `two`, within /mem: ends */
    COPIES
};

static struct holder one, two;
static struct client_file to[COPIES];
static struct stateid4 copies[COPIES];
static struct disk_watch *watch;

static int start(void **state)
{
    static char local[128];
    const char *const options[] = {"--export", "/mem=mem:,no_root_squash", "--export", local, NULL};

    (void)state;
    script_minor = 2;
    if (!test_server_init(&script_server))
        return -1;
    watch = disk_watch_install(script_server.dir, script_server.data, 0);
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    return script_setup(options) == 0 && script_open_to_all("/mem") ? 0 : -1;
}

static struct client_file open_new(struct holder *holder, const struct client_fh *dir,
                                   const char *name)
{
    const struct client_open how = {.owner = "copier",
                                    .access =
                                        OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_NO_DELEG,
                                    .name = name,
                                    .create = true,
                                    .how = GUARDED4,
                                    .mode = 0666};
    struct client_file file;

    expect_status(client_file_open(&holder->mount, dir, &how, &file), NFS4_OK);
    return file;
}

static struct client_file make_source(struct holder *holder, const struct client_fh *dir)
{
    struct client_file file = open_new(holder, dir, "source");

    copying_fill(&holder->mount, &file, 0, SIZE, 1);
    return file;
}

static void begin_copy(struct holder *holder, uint32_t i, const struct client_file *from,
                       const struct client_fh *dir)
{
    struct copying copying;
    char name[32];

    (void)snprintf(name, sizeof(name), "target%u", i);
    to[i] = open_new(holder, dir, name);
    copying = copying_all(from, &to[i]);
    copying.asynchronous = true;
    copies[i] = offloading_begin(&holder->mount, &copying);
}

static void begin_all(void)
{
    const struct client_fh mem = script_dir(script_mem), local = script_dir(script_local);
    struct client_file mine, theirs;
    uint32_t number = 0;

    holder_open(&one, 2);
    holder_open(&two, 2);
    mine = make_source(&one, &local);
    theirs = make_source(&two, &mem);
    copy_jam_hold(watch);
    begin_copy(&one, FIRST, &mine, &local);
    begin_copy(&one, SECOND, &mine, &local);
    copy_jam_await(watch, LIMIT_COPY_THREADS_PER_VOLUME);
    begin_copy(&two, THIRD, &theirs, &local);
    begin_copy(&two, FOURTH, &theirs, &mem);
    expect_status(offloading_hear(&two, &copies[FOURTH], &number)->offload_status, NFS4_OK);
    offloading_expect_gone(&two, &to[FOURTH].fh, &copies[FOURTH]);
}

static const char *text(const json_t *item, const char *name)
{
    return json_string_value(json_object_get(item, name));
}

static bool is_copy(const json_t *item, uint32_t i)
{
    return strcmp(text(item, "id"), strrchr(offloading_path(&copies[i]), '/') + 1) == 0;
}

/* One page after the other has these copies, bits by their numbers, in order. */
static void expect_listed(const char *filter, uint32_t limit, uint32_t expected)
{
    char after[64] = "", path[256];
    bool more = true;
    uint32_t i = 0;

    while (more) {
        json_t *page, *item;
        const char *next;
        size_t n;

        (void)snprintf(path, sizeof(path), "/copies?limit=%u%s%s%s", limit, filter,
                       *after ? "&after=" : "", after);
        page = admin_get(path);
        assert_in_range(json_array_size(json_object_get(page, "items")), 0, limit);
        json_array_foreach(json_object_get(page, "items"), n, item)
        {
            while (i < COPIES && !(expected & 1u << i))
                i++;
            assert_true(i < COPIES);
            assert_true(is_copy(item, i));
            i++;
        }
        next = text(page, "next");
        more = next != NULL;
        (void)snprintf(after, sizeof(after), "%s", more ? next : "");
        json_decref(page);
    }
    assert_int_equal(expected >> i, 0);
}

static void expect_filtered(uint32_t limit)
{
    char filter[64];

    expect_listed("", limit, 1u << FIRST | 1u << SECOND | 1u << THIRD | 1u << FOURTH);
    (void)snprintf(filter, sizeof(filter), "&client=%016llx",
                   (unsigned long long)one.mount.session.clientid);
    expect_listed(filter, limit, 1u << FIRST | 1u << SECOND);
    (void)snprintf(filter, sizeof(filter), "&client=%016llx&export=%%2Flocal",
                   (unsigned long long)two.mount.session.clientid);
    expect_listed(filter, limit, 1u << THIRD);
    (void)snprintf(filter, sizeof(filter), "&client=%016llx",
                   (unsigned long long)alice.session.clientid);
    expect_listed(filter, limit, 0);
    expect_listed("&export=%2Fmem", limit, 1u << THIRD | 1u << FOURTH);
    expect_listed("&export=%2Flocal", limit, 1u << FIRST | 1u << SECOND | 1u << THIRD);
}

static void expect_item(uint32_t i, const char *state, const char *source, const char *target)
{
    json_t *page = admin_get("/copies"), *item;

    item = json_array_get(json_object_get(page, "items"), i);
    assert_true(is_copy(item, i));
    assert_string_equal(text(item, "state"), state);
    assert_string_equal(text(item, "source_export"), source);
    assert_string_equal(text(item, "export"), target);
    assert_int_equal(json_integer_value(json_object_get(item, "length_bytes")), SIZE);
    json_decref(page);
}

static void end(struct holder *holder, uint32_t i, enum nfsstat4 status)
{
    uint32_t number = 0;

    expect_status(offloading_hear(holder, &copies[i], &number)->offload_status, status);
    offloading_expect_gone(holder, &to[i].fh, &copies[i]);
}

/* A copy that waits ends at once, and one that hangs with its piece; once. */
static void listed(void **state)
{
    (void)state;
    begin_all();
    for (uint32_t limit = 1; limit <= COPIES + 1; limit++)
        expect_filtered(limit);
    expect_item(FIRST, "running", "/local", "/local");
    expect_item(THIRD, "waiting", "/mem", "/local");
    expect_item(FOURTH, "over", "/mem", "/mem");
    assert_int_equal(admin_call("GET", "/copies?after=last", NULL), 400);
    assert_int_equal(admin_call("DELETE", offloading_path(&copies[THIRD]), NULL), 204);
    end(&two, THIRD, NFS4ERR_IO);
    assert_int_equal(copying_size(&two.mount, &to[THIRD].fh), 0);
    assert_int_equal(admin_call("DELETE", offloading_path(&copies[FIRST]), NULL), 204);
    assert_int_equal(admin_call("DELETE", offloading_path(&copies[FIRST]), NULL), 404);
    expect_item(FIRST, "running", "/local", "/local");
    disk_watch_reset(watch);
    end(&one, FIRST, NFS4ERR_IO);
    end(&one, SECOND, NFS4_OK);
    copying_expect(&one.mount, &to[SECOND].fh, 0, SIZE, 0, 1);
    assert_in_range(copying_size(&one.mount, &to[FIRST].fh), 1, SIZE - 1);
    for (uint32_t i = 0; i < COPIES; i++)
        assert_int_equal(admin_call("DELETE", offloading_path(&copies[i]), NULL), 404);
    holder_close(&one);
    holder_close(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed),
    };

    return test_group_run_fixtures(tests, start, script_teardown);
}

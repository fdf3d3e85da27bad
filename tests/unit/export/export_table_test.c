/* SPDX-License-Identifier: Apache-2.0 */
/* Exports that come, change and go while requests use them. */
#include "export/export_table.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mem/mem.h"
#include "base/htable.h"
#include "export/export_counters.h"
#include "lib/test.h"

enum {
    READERS = 4,
    CHANGES = 300,
    TICKS = 4 /* enough to free what nobody uses */
};

static struct sockaddr_in peer_in = {.sin_family = AF_INET};
static const struct export_caller caller = {
    .peer = (const struct sockaddr *)&peer_in,
    .flavor = SECURITY_SYS,
    .bit = 1u << SECURITY_SYS, /* plain, and not from a reserved port */
};

/* Backends that count how many of them exist. */
static const struct vfs_ops *mem_ops;
static struct vfs_ops counted_ops;
static _Atomic uint32_t backends;

static void counted_destroy(struct vfs *fs)
{
    backends--;
    mem_ops->destroy(fs);
}

static struct vfs *backend_make(void)
{
    struct vfs *fs = mem_create(NULL);

    if (!mem_ops) {
        mem_ops = fs->ops;
        counted_ops = *mem_ops;
        counted_ops.destroy = counted_destroy;
    }
    fs->ops = &counted_ops;
    backends++;
    return fs;
}

static bool add(struct export_table *table, const char *text, char *error, size_t size)
{
    struct vfs *fs = backend_make();
    struct export_spec spec;
    bool done;

    assert_true(export_spec_parse(text, &spec, error, size));
    done = export_table_add(table, &spec, fs, error, size);
    if (!done)
        fs->ops->destroy(fs);
    export_spec_fini(&spec);
    return done;
}

static bool change(struct export_table *table, const char *text, char *error, size_t size)
{
    struct export_spec spec;
    bool done;

    assert_true(export_spec_parse(text, &spec, error, size));
    done = export_table_change(table, &spec, error, size);
    export_spec_fini(&spec);
    return done;
}

static void must_add(struct export_table *table, const char *text)
{
    char error[256];

    if (!add(table, text, error, sizeof(error)))
        fail_msg("%s: %s", text, error);
}

static void must_change(struct export_table *table, const char *text)
{
    char error[256];

    if (!change(table, text, error, sizeof(error)))
        fail_msg("%s: %s", text, error);
}

static void must_remove(struct export_table *table, const char *path)
{
    char error[256];

    if (!export_table_remove(table, path, error, sizeof(error)))
        fail_msg("%s: %s", path, error);
}

static void settle(struct export_table *table)
{
    for (int i = 0; i < TICKS; i++)
        export_table_tick(table);
}

/* The filehandle of the export's root. */
static uint32_t root_handle(struct export_table *table, const char *name, uint8_t *bytes)
{
    struct vfs_name n = {.data = name, .len = strlen(name)};
    struct vfs_object *top, *obj;
    struct export *pseudo, *export;
    uint32_t len;

    assert_int_equal(export_root(table, &caller, &top, &pseudo), VFS_OK);
    assert_int_equal(export_cross_down(table, pseudo, top, &n, &caller, &obj, &export), VFS_OK);
    vfs_object_put(top);
    len = export_fh_build(export, &obj->handle, bytes);
    vfs_object_put(obj);
    return len;
}

static enum vfs_status resolve(struct export_table *table, const uint8_t *bytes, uint32_t len,
                               struct export **export)
{
    struct nfs_fh4 fh = {bytes, len};
    enum vfs_status status = export_fh_export(table, &fh, export);
    struct vfs_object *obj;

    if (status == VFS_OK)
        status = export_fh_resolve(*export, &fh, &obj);
    if (status == VFS_OK)
        vfs_object_put(obj);
    return status;
}

/* L-15: the other export does not notice. */
static void see_gone(struct vfs *fs, void *context)
{
    uint32_t *seen = context;

    (void)fs;
    assert_int_equal(backends, 0);
    (*seen)++;
}

/* Its descriptors are free when that is said, not before. */
static void a_backend_is_gone_when_it_is_destroyed(void **state)
{
    struct export_table *table = export_table_create();
    uint32_t seen = 0;

    (void)state;
    export_table_hook(table, &(struct export_table_hooks){.gone = see_gone, .context = &seen});
    must_add(table, "/a=mem:");
    must_remove(table, "/a");
    export_table_tick(table);
    assert_int_equal(seen, 1);
    export_table_destroy(table);
}

static void see_covered(struct vfs_object *dir, void *context)
{
    struct vfs_object **seen = context;

    *seen = dir;
}

/* The export next above the new one, also with directories between them that lead to it. */
static void exports_cover_the_one_above(void **state)
{
    struct export_table *table = export_table_create();
    struct vfs_object *seen = NULL, *top, *data;
    struct export *export;

    (void)state;
    export_table_hook(table,
                      &(struct export_table_hooks){.covered = see_covered, .context = &seen});
    must_add(table, "/data=mem:");
    assert_null(seen);
    must_add(table, "/=mem:");
    assert_null(seen);
    assert_int_equal(export_root(table, &caller, &top, &export), VFS_OK);
    assert_int_equal(export_table_backend(table, "/data")
                         ->ops->root(export_table_backend(table, "/data"), &data),
                     VFS_OK);
    assert_true(export_has_children(table, top));
    assert_false(export_has_children(table, data));
    must_add(table, "/data/a/b=mem:");
    assert_ptr_equal(seen, data);
    assert_true(export_has_children(table, data));
    must_remove(table, "/data/a/b");
    assert_false(export_has_children(table, data));
    vfs_object_put(top);
    vfs_object_put(data);
    export_table_destroy(table);
}

static void handles_of_removed_exports_are_stale(void **state)
{
    struct export_table *table = export_table_create();
    uint8_t a[LIMIT_FH_BYTES], b[LIMIT_FH_BYTES];
    uint32_t a_len, b_len;
    struct export *export, *other;

    (void)state;
    must_add(table, "/a=mem:");
    must_add(table, "/b=mem:");
    a_len = root_handle(table, "a", a);
    b_len = root_handle(table, "b", b);
    assert_int_equal(resolve(table, b, b_len, &other), VFS_OK);
    must_remove(table, "/a");
    assert_int_equal(resolve(table, a, a_len, &export), VFS_STALE);
    assert_int_equal(resolve(table, b, b_len, &export), VFS_OK);
    assert_ptr_equal(export, other);
    must_add(table, "/a=mem:");
    assert_int_equal(resolve(table, a, a_len, &export), VFS_OK);
    assert_string_equal(export->path, "/a");
    export_table_destroy(table);
    assert_int_equal(backends, 0);
}

/* A request that has found an export finishes with it as it was; the next one finds the new one. */
static void options_change(void **state)
{
    struct export_table *table = export_table_create();
    uint8_t fh[LIMIT_FH_BYTES];
    struct export *before, *after;
    uint32_t len;
    unsigned phase;

    (void)state;
    must_add(table, "/a=mem:");
    len = root_handle(table, "a", fh);
    phase = export_enter(table);
    assert_int_equal(resolve(table, fh, len, &before), VFS_OK);
    must_change(table, "/a=mem:,ro,all_squash,anonuid=7,async");
    assert_int_equal(resolve(table, fh, len, &after), VFS_OK);
    settle(table);
    assert_false(before->read_only);
    assert_true(after->read_only && after->async);
    assert_int_equal(after->anon_uid, 7);
    assert_ptr_equal(before->fs, after->fs);
    assert_int_equal(export_table_retired(table), 2); /* the empty table, and the first options */
    export_leave(table, phase);
    settle(table);
    assert_int_equal(export_table_retired(table), 0);
    assert_int_equal(backends, 1);
    export_table_destroy(table);
}

struct counted {
    unsigned exports;
    uint64_t read, written; /* of all of them */
};

static void count_up(const struct export_stats *stats, void *arg)
{
    struct counted *counted = arg;

    counted->exports++;
    counted->read += stats->of[EXPORT_COUNTER_read_bytes];
    counted->written += stats->of[EXPORT_COUNTER_written_bytes];
}

static void assert_counted(struct export_table *table, unsigned exports, uint64_t read,
                           uint64_t written)
{
    struct counted counted = {0};

    export_counters_visit(table, count_up, &counted);
    assert_int_equal(counted.exports, exports);
    assert_int_equal(counted.read, read);
    assert_int_equal(counted.written, written);
}

/* They are those of the path and its backend, also of a request that began before the change. */
static void counters_outlive_options(void **state)
{
    struct export_table *table = export_table_create();
    uint8_t fh[LIMIT_FH_BYTES];
    struct export *before, *after;
    unsigned phase;
    uint32_t len;

    (void)state;
    must_add(table, "/a=mem:");
    must_add(table, "/b=mem:");
    len = root_handle(table, "a", fh);
    phase = export_enter(table);
    assert_int_equal(resolve(table, fh, len, &before), VFS_OK);
    export_counters_add(before, EXPORT_COUNTER_read_bytes, 5);
    must_change(table, "/a=mem:,ro");
    must_change(table, "/a=mem:,async");
    assert_int_equal(resolve(table, fh, len, &after), VFS_OK);
    export_counters_add(before, EXPORT_COUNTER_written_bytes, 1);
    export_counters_add(after, EXPORT_COUNTER_written_bytes, 2);
    assert_counted(table, 2, 5, 3);
    export_leave(table, phase);
    settle(table);
    assert_counted(table, 2, 5, 3);
    phase = export_enter(table);
    must_remove(table, "/a");
    assert_counted(table, 1, 0, 0);
    settle(table);
    export_counters_add(after, EXPORT_COUNTER_read_bytes, 1); /* by a request that has it still */
    export_leave(table, phase);
    settle(table);
    must_add(table, "/a=mem:");
    assert_counted(table, 2, 0, 0);
    export_table_destroy(table);
}

/* A connection's admission is looked up again after each change. */
static void admissions_change(void **state)
{
    struct export_table *table = export_table_create();
    uint32_t generation = export_table_generation(table);

    (void)state;
    peer_in.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    assert_int_equal(export_table_admit(table, &caller), EXPORT_WRONG_ADDRESS);
    must_add(table, "/a=mem:,client=192.0.2.1");
    assert_int_not_equal(export_table_generation(table), generation);
    assert_int_equal(export_table_admit(table, &caller), EXPORT_ADMITTED);
    generation = export_table_generation(table);
    must_change(table, "/a=mem:,client=192.0.2.2");
    assert_int_not_equal(export_table_generation(table), generation);
    assert_int_equal(export_table_admit(table, &caller), EXPORT_WRONG_ADDRESS);
    generation = export_table_generation(table);
    must_remove(table, "/a");
    assert_int_not_equal(export_table_generation(table), generation);
    export_table_destroy(table);
}

static uint64_t top_change(struct export_table *table)
{
    struct vfs_object *top;
    struct export *pseudo;
    struct vfs_attr attr;

    assert_int_equal(export_root(table, &caller, &top, &pseudo), VFS_OK);
    assert_int_equal(top->fs->ops->getattr(top, VFS_ATTR_ALL_GET, &attr), VFS_OK);
    vfs_object_put(top);
    return attr.change;
}

/* Clients see that a listing of the pseudo directories is outdated. */
static void pseudo_directories_change(void **state)
{
    struct export_table *table = export_table_create();
    uint64_t first = top_change(table), second;

    (void)state;
    must_add(table, "/a/b=mem:");
    second = top_change(table);
    assert_true(second > first);
    assert_true(top_change(table) == second);
    must_remove(table, "/a/b");
    assert_true(top_change(table) > second);
    export_table_destroy(table);
}

/* The backend stays as long as an object of it is held. */
static void backend_goes_last(void **state)
{
    struct export_table *table = export_table_create();
    uint8_t bytes[LIMIT_FH_BYTES];
    struct nfs_fh4 fh = {bytes, 0};
    struct vfs_object *held;
    struct export *export;
    struct vfs_attr attr;
    unsigned phase;

    (void)state;
    must_add(table, "/a=mem:");
    fh.len = root_handle(table, "a", bytes);
    phase = export_enter(table);
    assert_int_equal(export_fh_export(table, &fh, &export), VFS_OK);
    must_remove(table, "/a");
    settle(table);
    assert_int_equal(export_fh_resolve(export, &fh, &held), VFS_OK); /* a request in progress */
    export_leave(table, phase);
    settle(table);
    assert_int_equal(backends, 1);
    assert_int_equal(held->fs->ops->getattr(held, VFS_ATTR_ALL_GET, &attr), VFS_OK);
    vfs_object_put(held);
    settle(table);
    assert_int_equal(backends, 0);
    assert_int_equal(export_table_retired(table), 0);
    export_table_destroy(table);
}

/* A handle that this backend did not make may be one of the backend that the path had before. */
/* For a removed export that is in use for days no thread is created each second. */
static void nothing_is_ripe_while_it_is_in_use(void **state)
{
    struct export_table *table = export_table_create();
    uint8_t bytes[LIMIT_FH_BYTES];
    struct nfs_fh4 fh = {bytes, 0};
    struct vfs_object *held;
    struct export *export;
    unsigned phase;

    (void)state;
    must_add(table, "/a=mem:");
    settle(table);
    assert_false(export_table_ripe(table));
    fh.len = root_handle(table, "a", bytes);
    phase = export_enter(table);
    assert_int_equal(export_fh_export(table, &fh, &export), VFS_OK);
    assert_int_equal(export_fh_resolve(export, &fh, &held), VFS_OK);
    must_remove(table, "/a");
    settle(table);
    assert_false(export_table_ripe(table)); /* a request has it */
    export_leave(table, phase);
    assert_true(export_table_ripe(table));
    settle(table);
    assert_false(export_table_ripe(table)); /* a client does */
    assert_int_equal(export_table_retired(table), 1);
    vfs_object_put(held);
    assert_true(export_table_ripe(table));
    export_table_tick(table);
    assert_false(export_table_ripe(table));
    assert_int_equal(export_table_retired(table), 0);
    export_table_destroy(table);
}

static void foreign_handles_are_stale(void **state)
{
    struct export_table *table = export_table_create();
    uint8_t fh[LIMIT_FH_BYTES];
    struct export *export;
    uint32_t len;

    (void)state;
    must_add(table, "/a=mem:");
    len = root_handle(table, "a", fh);
    fh[len - 1] ^= 1;
    assert_int_equal(resolve(table, fh, len, &export), VFS_STALE);
    assert_int_equal(resolve(table, fh, len - 1, &export), VFS_STALE);
    assert_int_equal(resolve(table, fh, 5, &export), VFS_BADHANDLE);
    fh[0] ^= 1;
    assert_int_equal(resolve(table, fh, len, &export), VFS_BADHANDLE);
    export_table_destroy(table);
}

/* ---- cookies ---- */

enum {
    CHILDREN_MAX = 8,
    NAMES = 1 << 18 /* enough for two with the same hash */
};

struct listing {
    uint32_t count;
    uint32_t cookies[CHILDREN_MAX];
    char names[CHILDREN_MAX][16];
};

static struct listing children_list(struct export_table *table)
{
    struct listing listing = {0};
    struct vfs_object *top, *child;
    struct export *pseudo, *export;
    struct vfs_name name;
    uint32_t cookie = 0;

    assert_int_equal(export_root(table, &caller, &top, &pseudo), VFS_OK);
    while (export_child_next(table, pseudo, top, &caller, &cookie, &name, &child, &export)) {
        uint32_t i = listing.count++;

        assert_true(cookie > 0 && cookie < VFS_COOKIE_EXPORTS_COUNT);
        assert_true(i == 0 || cookie > listing.cookies[i - 1]);
        listing.cookies[i] = cookie;
        (void)snprintf(listing.names[i], sizeof(listing.names[i]), "%.*s", (int)name.len,
                       name.data);
        vfs_object_put(child);
    }
    vfs_object_put(top);
    return listing;
}

/* 0: it is not listed. */
static uint32_t cookie_of(const struct listing *listing, const char *name)
{
    for (uint32_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->names[i], name) == 0)
            return listing->cookies[i];
    }
    return 0;
}

/* RFC 8881 §18.23: a cookie is good as long as the entries are there. */
static void cookies_stay(void **state)
{
    struct export_table *table = export_table_create();
    struct listing before, after;

    (void)state;
    must_add(table, "/a=mem:");
    must_add(table, "/b/c=mem:");
    must_add(table, "/d=mem:");
    before = children_list(table);
    assert_int_equal(before.count, 3);
    must_remove(table, "/a");
    must_add(table, "/e=mem:");
    after = children_list(table);
    assert_int_equal(after.count, 3);
    assert_int_equal(cookie_of(&after, "b"), cookie_of(&before, "b"));
    assert_int_equal(cookie_of(&after, "d"), cookie_of(&before, "d"));
    must_add(table, "/a=mem:");
    after = children_list(table);
    assert_int_equal(cookie_of(&after, "a"), cookie_of(&before, "a"));
    export_table_destroy(table);
}

struct hashed {
    uint32_t hash, number;
};

static int compare_hashes(const void *a, const void *b)
{
    const struct hashed *left = a, *right = b;

    return (left->hash > right->hash) - (left->hash < right->hash);
}

/* Two names with the same hash, and so the same cookie if only one of them is there. */
static void find_twins(char twins[2][16])
{
    struct hashed *all = calloc(NAMES, sizeof(*all));
    uint32_t i = 1;
    char name[16];

    assert_non_null(all);
    for (uint32_t n = 0; n < NAMES; n++) {
        int len = snprintf(name, sizeof(name), "n%u", n);

        all[n] = (struct hashed){
            (uint32_t)hash_bytes(name, (size_t)len, 0) % VFS_COOKIE_EXPORTS_COUNT, n};
    }
    qsort(all, NAMES, sizeof(*all), compare_hashes);
    while (i < NAMES && all[i].hash != all[i - 1].hash)
        i++;
    assert_true(i < NAMES);
    (void)snprintf(twins[0], 16, "n%u", all[i - 1].number);
    (void)snprintf(twins[1], 16, "n%u", all[i].number);
    free(all);
}

static void twins_are_told_apart(void **state)
{
    struct export_table *table = export_table_create();
    char twins[2][16], specs[2][32], path[32];
    struct listing before, after;

    (void)state;
    find_twins(twins);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(specs[i], sizeof(specs[i]), "/%s=mem:", twins[i]);
        must_add(table, specs[i]);
    }
    before = children_list(table);
    assert_int_equal(before.count, 2);
    (void)snprintf(path, sizeof(path), "/%s", twins[0]);
    must_remove(table, path);
    after = children_list(table);
    assert_int_equal(cookie_of(&after, twins[1]), cookie_of(&before, twins[1]));
    export_table_destroy(table);
}

static void refusals(void **state)
{
    struct export_table *table = export_table_create();
    char error[256];

    (void)state;
    must_add(table, "/a=mem:,fsid=7");
    assert_false(add(table, "/a=mem:", error, sizeof(error)));
    assert_string_equal(error, "/a is exported twice");
    assert_false(add(table, "/b=mem:,fsid=7", error, sizeof(error)));
    assert_string_equal(error, "/b has the same fsid as another export");
    assert_false(change(table, "/c=mem:", error, sizeof(error)));
    assert_string_equal(error, "/c is not exported");
    assert_false(change(table, "/a=mem:,fsid=8", error, sizeof(error)));
    assert_non_null(strstr(error, "remove it, then add it"));
    assert_false(export_table_remove(table, "/c", error, sizeof(error)));
    assert_string_equal(error, "/c is not exported");
    assert_null(export_table_backend(table, "/c"));
    assert_non_null(export_table_backend(table, "/a"));
    export_table_destroy(table);
    assert_int_equal(backends, 0);
}

/* While a request stays, the number of changes is limited. */
static void changes_in_use_are_limited(void **state)
{
    struct export_table *table = export_table_create();
    unsigned phase = export_enter(table);
    uint32_t changes = 1;
    char error[256];

    (void)state;
    must_add(table, "/a=mem:");
    while (change(table, changes % 2 ? "/a=mem:,ro" : "/a=mem:", error, sizeof(error)))
        changes++;
    assert_int_equal(changes, LIMIT_EXPORTS_RETIRED);
    assert_non_null(strstr(error, "still in use"));
    assert_false(export_table_remove(table, "/a", error, sizeof(error)));
    export_leave(table, phase);
    settle(table);
    must_remove(table, "/a");
    export_table_destroy(table);
}

static struct export_table *busy_table;
static _Atomic bool ending;
static uint8_t stable_fh[LIMIT_FH_BYTES], passing_fh[LIMIT_FH_BYTES];
static uint32_t stable_len, passing_len;

static uint32_t children_count(struct export_table *table)
{
    struct vfs_object *top, *child;
    struct export *pseudo, *export;
    struct vfs_name name;
    uint32_t cookie = 0, count = 0;

    assert_int_equal(export_root(table, &caller, &top, &pseudo), VFS_OK);
    while (export_child_next(table, pseudo, top, &caller, &cookie, &name, &child, &export)) {
        (void)export_mounted_on_fileid(export, child);
        vfs_object_put(child);
        count++;
    }
    vfs_object_put(top);
    return count;
}

/* As a COMPOUND does it. */
static void *reader_run(void *arg)
{
    struct vfs_object *up;
    struct export *export, *above;

    (void)arg;
    while (!ending) {
        unsigned phase = export_enter(busy_table);
        struct nfs_fh4 passing = {passing_fh, passing_len};
        struct vfs_object *obj = NULL;
        uint32_t children = children_count(busy_table);

        CHECK(children == 1 || children == 2);
        CHECK(resolve(busy_table, stable_fh, stable_len, &export) == VFS_OK);
        CHECK(!export->read_only);
        if (export_fh_export(busy_table, &passing, &export) == VFS_OK &&
            export_fh_resolve(export, &passing, &obj) == VFS_OK) {
            CHECK(export->read_only == export->async);
            CHECK(export_cross_up(busy_table, export, obj, &caller, &up, &above) == VFS_OK);
            vfs_object_put(up);
            vfs_object_put(obj);
        }
        export_leave(busy_table, phase);
        CHECK(export_table_admit(busy_table, &caller) == EXPORT_ADMITTED);
    }
    return NULL;
}

/* For the thread sanitizer, too. */
static void requests_go_on(void **state)
{
    pthread_t readers[READERS];

    (void)state;
    busy_table = export_table_create();
    must_add(busy_table, "/stable=mem:");
    must_add(busy_table, "/passing=mem:");
    stable_len = root_handle(busy_table, "stable", stable_fh);
    passing_len = root_handle(busy_table, "passing", passing_fh);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, reader_run, NULL), 0);
    for (int i = 0; i < CHANGES; i++) {
        must_change(busy_table, "/passing=mem:,ro,async");
        export_table_tick(busy_table);
        must_remove(busy_table, "/passing");
        export_table_tick(busy_table);
        must_add(busy_table, "/passing=mem:");
    }
    ending = true;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    settle(busy_table);
    assert_int_equal(export_table_retired(busy_table), 0);
    assert_int_equal(backends, 2);
    export_table_destroy(busy_table);
    assert_int_equal(backends, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backend_is_gone_when_it_is_destroyed),
        cmocka_unit_test(exports_cover_the_one_above),
        cmocka_unit_test(handles_of_removed_exports_are_stale),
        cmocka_unit_test(options_change),
        cmocka_unit_test(counters_outlive_options),
        cmocka_unit_test(admissions_change),
        cmocka_unit_test(pseudo_directories_change),
        cmocka_unit_test(backend_goes_last),
        cmocka_unit_test(nothing_is_ripe_while_it_is_in_use),
        cmocka_unit_test(foreign_handles_are_stale),
        cmocka_unit_test(cookies_stay),
        cmocka_unit_test(twins_are_told_apart),
        cmocka_unit_test(refusals),
        cmocka_unit_test(changes_in_use_are_limited),
        cmocka_unit_test(requests_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the table.  Each makes a view of its own and publishes it by one store.  The view
 * before it, and an export that is not in the new one, retire: they are freed when all requests
 * that may have found them are done.  A backend is destroyed when, in addition, no object of it is
 * held any more: by an open, by a delegation, or by a reply that is being sent.
 */
#include "export/export_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errand.h"
#include "base/htable.h"
#include "base/log.h"
#include "export/export_counters.h"
#include "export/export_internal.h"

/* What one change replaced. */
struct export_retired {
    struct list link;
    uint64_t mark;            /* of the readers that may have it */
    struct export_view *view; /* NULL: freed already */
    struct export *export;    /* NULL: none, or freed */
    struct vfs *fs;           /* to be destroyed; NULL: another export has it */
};

static uint64_t time_ns(void)
{
    struct timespec now = clock_realtime();

    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

struct export_table *export_table_create(void)
{
    struct export_table *table = must_calloc(1, sizeof(*table));
    struct export_view *view;

    table->pseudo_fs.ops = &pseudo_ops;
    table->pseudo_fs.volume = &table->pseudo_volume;
    table->pseudo_fs.caps = VFS_CAP_PERSISTENT;
    table->pseudo_fs.change_type = VFS_CHANGE_UNDEFINED;
    view = export_view_create(table, NULL, 0, time_ns());
    table->pseudo_export = (struct export){
        .id = 0,
        .path = must_strdup("/"),
        .fs = &table->pseudo_fs,
        .read_only = true,
        .pseudo = true,
        .takes = UINT32_MAX,
        .squash = EXPORT_ALL_SQUASH,
        .anon_uid = 65534,
        .anon_gid = 65534,
    };
    atomic_init(&table->view, view);
    atomic_init(&table->generation, 1);
    table->readers = readers_create();
    CHECK(pthread_mutex_init(&table->lock, NULL) == 0);
    list_init(&table->retired);
    return table;
}

/* What successive exports with one backend have in common. */
static void export_lasting_release(struct export *export)
{
    vfs_object_put(export->root);
    counter_set_destroy(export->counters);
}

static void export_free(struct export *export)
{
    export_certificates_destroy(export->certificates);
    free(export->path);
    free(export);
}

/* ---- what retires ---- */

void export_table_hook(struct export_table *table, const struct export_table_hooks *hooks)
{
    pthread_mutex_lock(&table->lock);
    table->hooks = *hooks;
    pthread_mutex_unlock(&table->lock);
}

/* No request has it any more. */
static void retired_release(struct export_table *table, struct export_retired *retired)
{
    struct vfs *fs;

    export_view_destroy(retired->view);
    retired->view = NULL;
    if (!retired->export)
        return;
    fs = retired->export->fs;
    if (retired->fs)
        export_lasting_release(retired->export);
    export_free(retired->export);
    retired->export = NULL;
    if (retired->fs && table->hooks.released)
        table->hooks.released(fs, table->hooks.context);
    if (!retired->fs && table->hooks.changed)
        table->hooks.changed(fs, table->hooks.context);
}

static void retired_free(struct export_table *table, struct export_retired *retired)
{
    struct vfs *fs = retired->fs;

    if (retired->view)
        retired_release(table, retired);
    if (fs)
        fs->ops->destroy(fs);
    if (fs && table->hooks.gone)
        table->hooks.gone(fs, table->hooks.context);
    free(retired);
}

/* Those that no request has any more, in the order in which they retired. */
static void take_gone_locked(struct export_table *table, struct list *gone)
{
    LIST_FOREACH_SAFE (retired, &table->retired, struct export_retired, link) {
        if (retired->view && !readers_gone(table->readers, retired->mark))
            break;
        list_remove(&retired->link);
        list_push_back(gone, &retired->link);
    }
}

/* The lock is not held while files are closed and backends destroyed, for which a file system may
 * never answer. */
void export_table_tick(struct export_table *table)
{
    struct list gone = LIST_INIT(gone), used = LIST_INIT(used);
    uint32_t freed = 0;
    struct list *node;

    pthread_mutex_lock(&table->lock);
    take_gone_locked(table, &gone);
    pthread_mutex_unlock(&table->lock);
    while ((node = list_pop_front(&gone))) {
        struct export_retired *retired = LIST_ENTRY(node, struct export_retired, link);

        if (retired->view)
            retired_release(table, retired);
        if (!retired->fs || retired->fs->ops->idle(retired->fs)) {
            retired_free(table, retired);
            freed++;
        } else {
            list_push_back(&used, &retired->link);
        }
    }
    pthread_mutex_lock(&table->lock);
    while ((node = list_pop_front(&table->retired)))
        list_push_back(&used, node);
    while ((node = list_pop_front(&used)))
        list_push_back(&table->retired, node);
    table->retired_count -= freed;
    pthread_mutex_unlock(&table->lock);
}

/* Those that requests may still have come last, in the order in which they retired. */
static bool is_ripe_locked(const struct export_table *table)
{
    LIST_FOREACH (retired, &table->retired, struct export_retired, link) {
        if (retired->view)
            return readers_gone(table->readers, retired->mark);
        if (retired->fs->ops->idle(retired->fs))
            return true;
    }
    return false;
}

bool export_table_ripe(struct export_table *table)
{
    bool ripe;

    pthread_mutex_lock(&table->lock);
    ripe = is_ripe_locked(table);
    pthread_mutex_unlock(&table->lock);
    return ripe;
}

uint32_t export_table_retired(struct export_table *table)
{
    uint32_t count;

    pthread_mutex_lock(&table->lock);
    count = table->retired_count;
    pthread_mutex_unlock(&table->lock);
    return count;
}

uint32_t export_table_room(struct export_table *table)
{
    return LIMIT_EXPORTS_RETIRED - export_table_retired(table);
}

void export_table_destroy(struct export_table *table)
{
    struct export_view *view = export_view_of(table);

    table->hooks = (struct export_table_hooks){0};
    LIST_FOREACH_SAFE (retired, &table->retired, struct export_retired, link) {
        list_remove(&retired->link);
        retired_free(table, retired);
    }
    for (uint32_t i = 0; i < view->count; i++) {
        struct export *export = view->exports[i];

        errand_place(export->path);
        export_lasting_release(export);
        export->fs->ops->destroy(export->fs);
        export_free(export);
    }
    export_view_destroy(view);
    free(table->pseudo_export.path);
    readers_destroy(table->readers);
    CHECK(pthread_mutex_destroy(&table->lock) == 0);
    free(table);
}

/* ---- changes ---- */

/* The exports of the next view. */
struct change {
    struct export *exports[LIMIT_EXPORTS + 1];
    uint32_t count;
};

static void change_begin_locked(const struct export_table *table, struct change *change)
{
    const struct export_view *view = export_view_of(table);

    change->count = view->count;
    memcpy(change->exports, view->exports, view->count * sizeof(struct export *));
}

static uint64_t later_than(uint64_t before)
{
    uint64_t now = time_ns();

    return now > before ? now : before + 1;
}

/* The generation follows the view: whoever reads the new one finds the new view. */
static void publish_locked(struct export_table *table, struct export_view *view)
{
    uint32_t next = atomic_load_explicit(&table->generation, memory_order_relaxed) + 1;

    for (uint32_t i = 0; i < view->count; i++)
        atomic_store_explicit(&view->exports[i]->node,
                              export_view_node(view, view->exports[i]->path), memory_order_release);
    /* seq_cst: export_has_children(). */
    atomic_store_explicit(&table->view, view, memory_order_seq_cst);
    atomic_store_explicit(&table->generation, next ? next : 1, memory_order_release);
}

/* `gone`, which is not among the next exports, retires with the view; `fs` is its backend unless
 * another export has it. */
static void change_end_locked(struct export_table *table, const struct change *change,
                              struct export *gone, struct vfs *fs)
{
    struct export_view *before = export_view_of(table);
    struct export_retired *retired = must_calloc(1, sizeof(*retired));

    *retired = (struct export_retired){.view = before, .export = gone, .fs = fs};
    publish_locked(table, export_view_create(table, change->exports, change->count,
                                             later_than(before->top.change)));
    retired->mark = readers_mark(table->readers);
    list_push_back(&table->retired, &retired->link);
    table->retired_count++;
}

static bool refuse(char *error, size_t size, const char *path, const char *why)
{
    (void)snprintf(error, size, "%s %s", path, why);
    return false;
}

static bool room_locked(const struct export_table *table, const char *path, char *error,
                        size_t size)
{
    if (table->retired_count < LIMIT_EXPORTS_RETIRED)
        return true;
    return refuse(error, size, path, "cannot change: too many earlier changes are still in use");
}

static uint32_t find_locked(const struct export_table *table, const char *path)
{
    const struct export_view *view = export_view_of(table);
    uint32_t i = 0;

    while (i < view->count && strcmp(view->exports[i]->path, path) != 0)
        i++;
    return i;
}

/* A reserved port vouches for the caller's identity.  By default it is needed only if access
 * depends on that identity. */
bool export_table_secure(const struct export_spec *spec, const struct vfs *fs)
{
    if (spec->ports != EXPORT_PORTS_DEFAULT)
        return spec->ports == EXPORT_PORTS_SECURE;
    return (fs->caps & VFS_CAP_IDENTITY) && spec->squash != EXPORT_ALL_SQUASH;
}

static uint64_t path_hash(const struct export_spec *spec)
{
    return hash_bytes(spec->path, strlen(spec->path), 0);
}

/* Configured ones are below 2^63. */
static uint64_t fsid_of(const struct export_spec *spec)
{
    return spec->has_fsid ? spec->fsid : path_hash(spec) | (1ull << 63);
}

/* Takes over `certificates`. */
static struct export *export_make(const struct export_spec *spec, struct vfs *fs,
                                  struct export_certificates *certificates, struct vfs_object *root,
                                  struct counter_set *counters)
{
    struct export *export = must_calloc(1, sizeof(*export));

    *export = (struct export){
        .id = (uint32_t)path_hash(spec) | 1,
        .path = must_strdup(spec->path),
        .fs = fs,
        .root = root,
        .counters = counters,
        .read_only = spec->read_only,
        .strict_utf8 = spec->strict_utf8,
        .security_label = spec->security_label,
        .async = spec->async,
        .squash = spec->squash,
        .secure = export_table_secure(spec, fs),
        .security = spec->security,
        .takes = export_security_mask(&spec->security, export_table_secure(spec, fs)),
        .certificates = certificates,
        .asks_certificate = spec->tls_peers.count > 0,
        .anon_uid = spec->anon_uid,
        .anon_gid = spec->anon_gid,
        .fsid_major = fsid_of(spec),
        .client_count = spec->client_count,
    };
    memcpy(export->clients, spec->clients, sizeof(export->clients));
    if (export->client_count == 0 && !export->asks_certificate)
        export->takes_anywhere = export->takes;
    return export;
}

/* Log the options in effect, including the defaults. */
static void export_log(const struct export *export)
{
    static const char *const squash[] = {[EXPORT_ROOT_SQUASH] = "root_squash",
                                         [EXPORT_NO_ROOT_SQUASH] = "no_root_squash",
                                         [EXPORT_ALL_SQUASH] = "all_squash"};
    char sec[EXPORT_SECURITY_TEXT_BYTES], xprtsec[EXPORT_SECURITY_TEXT_BYTES];

    log_info("export.open", LOG_STR("path", export->path),
             LOG_STR("access", export->read_only ? "ro" : "rw"),
             LOG_STR("changes", export->async ? "async" : "sync"),
             LOG_STR("squash", squash[export->squash]),
             LOG_STR("ports", export->secure ? "secure" : "insecure"),
             LOG_STR("sec", export_security_print_flavors(&export->security, sec, sizeof(sec))),
             LOG_STR("xprtsec",
                     export_security_print_xprtsecs(&export->security, xprtsec, sizeof(xprtsec))),
             LOG_U64("client_rules", export->client_count));
}

static bool fsid_taken(const struct change *change, const struct export_spec *spec)
{
    uint32_t id = (uint32_t)path_hash(spec) | 1;

    for (uint32_t i = 0; i < change->count; i++) {
        if (change->exports[i]->id == id || change->exports[i]->fsid_major == fsid_of(spec))
            return true;
    }
    return false;
}

/* Each time anew: others may have changed files since it was said last. */
static void vouch_locked(struct export_table *table, const struct export_spec *spec, struct vfs *fs)
{
    const uint32_t before = atomic_load_explicit(&fs->sole_changer, memory_order_relaxed);
    const uint32_t told = spec->attributes == EXPORT_ATTRIBUTES_WATCHED ? VFS_CHANGES_TOLD : 0;

    if (spec->attributes == EXPORT_ATTRIBUTES_ASKED)
        atomic_store_explicit(&fs->sole_changer, 0, memory_order_release);
    else if (before == 0 || (before & VFS_CHANGES_TOLD) != told)
        atomic_store_explicit(&fs->sole_changer, ++table->vouched | told, memory_order_release);
}

static bool add_locked(struct export_table *table, const struct export_spec *spec, struct vfs *fs,
                       struct export_certificates *certificates, char *error, size_t size)
{
    struct vfs_object *root;
    struct export *export;
    struct change change;

    if (!room_locked(table, spec->path, error, size))
        return false;
    change_begin_locked(table, &change);
    if (change.count == LIMIT_EXPORTS) {
        (void)snprintf(error, size, "more than %u exports", LIMIT_EXPORTS);
        return false;
    }
    if (find_locked(table, spec->path) < change.count)
        return refuse(error, size, spec->path, "is exported twice");
    if (fsid_taken(&change, spec))
        return refuse(error, size, spec->path, "has the same fsid as another export");
    if (fs->ops->root(fs, &root) != VFS_OK) {
        (void)snprintf(error, size, "the root of %s can't be opened", spec->path);
        return false;
    }
    export = export_make(spec, fs, certificates, root, counter_set_create(EXPORT_COUNTER_COUNT));
    fs->fsid = export->fsid_major;
    vouch_locked(table, spec, fs);
    change.exports[change.count++] = export;
    change_end_locked(table, &change, NULL, NULL);
    export_log(export);
    return true;
}

static bool change_locked(struct export_table *table, const struct export_spec *spec,
                          struct export_certificates *certificates, char *error, size_t size)
{
    uint32_t i = find_locked(table, spec->path);
    struct export *before, *after;
    struct change change;

    change_begin_locked(table, &change);
    if (i == change.count)
        return refuse(error, size, spec->path, "is not exported");
    if (!room_locked(table, spec->path, error, size))
        return false;
    before = change.exports[i];
    if (before->fsid_major != fsid_of(spec))
        return refuse(error, size, spec->path,
                      "cannot get another fsid while it is exported: remove it, then add it");
    after = export_make(spec, before->fs, certificates, before->root, before->counters);
    change.exports[i] = after;
    vouch_locked(table, spec, after->fs);
    change_end_locked(table, &change, before, NULL);
    export_log(after);
    return true;
}

static bool remove_locked(struct export_table *table, const char *path, char *error, size_t size)
{
    uint32_t i = find_locked(table, path);
    struct export *gone;
    struct change change;

    change_begin_locked(table, &change);
    if (i == change.count)
        return refuse(error, size, path, "is not exported");
    if (!room_locked(table, path, error, size))
        return false;
    gone = change.exports[i];
    change.count--;
    memmove(&change.exports[i], &change.exports[i + 1],
            (change.count - i) * sizeof(struct export *));
    change_end_locked(table, &change, gone, gone->fs);
    log_info("export.close", LOG_STR("path", path));
    return true;
}

/* The root of the export next above this one, with a reference, or NULL.  Those further up had
 * children before. */
static struct vfs_object *root_above_locked(const struct export_table *table, const char *path)
{
    const struct export_node *node = export_view_node(export_view_of(table), path)->parent;

    while (node && !node->export)
        node = node->parent;
    return node ? vfs_object_get(node->export->root) : NULL;
}

/* Without the lock: the database of users may block. */
static bool certificates_make(const struct export_spec *spec,
                              struct export_certificates **certificates, char *error, size_t size)
{
    *certificates = export_certificates_create(&spec->tls_peers, &spec->tls_users, error, size);
    return *certificates || *error == '\0';
}

bool export_table_add(struct export_table *table, const struct export_spec *spec, struct vfs *fs,
                      char *error, size_t error_size)
{
    struct export_table_hooks hooks;
    struct export_certificates *certificates;
    struct vfs_object *above = NULL;
    bool done;

    if (!certificates_make(spec, &certificates, error, error_size))
        return false;
    pthread_mutex_lock(&table->lock);
    done = add_locked(table, spec, fs, certificates, error, error_size);
    if (done)
        above = root_above_locked(table, spec->path);
    hooks = table->hooks;
    pthread_mutex_unlock(&table->lock);
    if (!done)
        export_certificates_destroy(certificates);
    if (above && hooks.covered)
        hooks.covered(above, hooks.context);
    vfs_object_put(above);
    return done;
}

bool export_table_change(struct export_table *table, const struct export_spec *spec, char *error,
                         size_t error_size)
{
    struct export_certificates *certificates;
    bool done;

    if (!certificates_make(spec, &certificates, error, error_size))
        return false;
    pthread_mutex_lock(&table->lock);
    done = change_locked(table, spec, certificates, error, error_size);
    pthread_mutex_unlock(&table->lock);
    if (!done)
        export_certificates_destroy(certificates);
    return done;
}

bool export_table_remove(struct export_table *table, const char *path, char *error,
                         size_t error_size)
{
    bool done;

    pthread_mutex_lock(&table->lock);
    done = remove_locked(table, path, error, error_size);
    pthread_mutex_unlock(&table->lock);
    return done;
}

struct vfs *export_table_backend(struct export_table *table, const char *path)
{
    struct vfs *fs = NULL;
    uint32_t i;

    pthread_mutex_lock(&table->lock);
    i = find_locked(table, path);
    if (i < export_view_of(table)->count)
        fs = export_view_of(table)->exports[i]->fs;
    pthread_mutex_unlock(&table->lock);
    return fs;
}

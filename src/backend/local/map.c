/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map.  A change is appended to the log and to a list in memory; a thread moves the list into
 * the database.  Lock order: db_lock, lock.
 */
#include "backend/local/map.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/local/map_db.h"
#include "backend/local/map_log.h"
#include "base/clock.h"
#include "base/htable.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    FLUSH_MS = 1000,
    RECENT_COUNT = 1 << 15, /* hashes of places noted lately: noting them again costs nothing */
};

/* A change that is not in the database yet. */
struct pending {
    struct list link;
    struct hnode node; /* by id */
    struct map_change change;
};

struct local_map {
    pthread_mutex_t db_lock; /* guards db and moving */
    struct map_db *db;
    struct list moving; /* the next transaction; these changes are also in the old log file */

    pthread_mutex_t lock; /* guards the rest */
    struct map_log log;
    struct list waiting; /* these changes are also in the active log file */
    struct htable ids;   /* of moving and waiting */
    uint64_t seq;
    bool recovering;  /* the log files must not change */
    bool failing;     /* the last flush failed; only the flusher retries */
    uint64_t dropped; /* places not noted since the last successful flush, for lack of room */
    uint64_t recent[RECENT_COUNT];

    pthread_t flusher;
    int stop_fd;

    struct list shared_link; /* on `shared`; this and the rest are guarded by its lock */
    uint32_t exports;
    char *shared_name; /* DIRECTORY/NAME */
};

/* The maps of this process' exports. */
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list shared = LIST_INIT(shared);

static uint64_t id_hash(const struct local_id *id)
{
    return hash_bytes(id->data, id->len, 0);
}

static uint64_t place_hash(const struct local_id *id, const struct local_place *place)
{
    uint64_t hash = id_hash(id);

    hash = hash_bytes(place->parent.data, place->parent.len, hash);
    return hash_bytes(place->name, strlen(place->name), hash) | 1;
}

/* Collect the waiting changes, unless the previous transaction is still to be done. */
static bool collect(struct local_map *map)
{
    struct list *node;

    if (!list_empty(&map->moving))
        return true;
    pthread_mutex_lock(&map->lock);
    while ((node = list_pop_front(&map->waiting)))
        list_push_back(&map->moving, node);
    if (!list_empty(&map->moving))
        map_log_swap(&map->log);
    pthread_mutex_unlock(&map->lock);
    return !list_empty(&map->moving);
}

static bool store(struct local_map *map)
{
    if (!map_db_begin(map->db))
        return false;
    LIST_FOREACH (p, &map->moving, struct pending, link) {
        if (!map_db_apply(map->db, &p->change)) {
            map_db_rollback(map->db);
            return false;
        }
    }
    if (map_db_commit(map->db))
        return true;
    map_db_rollback(map->db);
    return false;
}

static void drop_moved(struct local_map *map)
{
    struct list *node;

    pthread_mutex_lock(&map->lock);
    while ((node = list_pop_front(&map->moving))) {
        struct pending *p = LIST_ENTRY(node, struct pending, link);

        htable_remove(&map->ids, &p->node);
        memory_free(MEMORY_cached, p);
    }
    if (!map->recovering)
        (void)map_log_clear_old(&map->log);
    pthread_mutex_unlock(&map->lock);
}

/* Record the result of a flush, and log that places are noted again. */
static void note_flush(struct local_map *map, bool ok)
{
    uint64_t dropped;

    pthread_mutex_lock(&map->lock);
    map->failing = !ok;
    dropped = map->dropped;
    if (ok)
        map->dropped = 0;
    pthread_mutex_unlock(&map->lock);
    if (ok && dropped > 0)
        log_warn("local.map.room", LOG_U64("dropped", dropped));
}

/* With db_lock held.  A failed flush is retried by the next one. */
static bool flush_locked(struct local_map *map)
{
    bool ok;

    if (!collect(map))
        return true;
    ok = store(map);
    if (ok)
        drop_moved(map);
    note_flush(map, ok);
    return ok;
}

static bool flush(struct local_map *map)
{
    bool ok;

    pthread_mutex_lock(&map->db_lock);
    ok = flush_locked(map);
    pthread_mutex_unlock(&map->db_lock);
    return ok;
}

static void *flusher_run(void *arg)
{
    struct local_map *map = arg;
    struct pollfd stop = {.fd = map->stop_fd, .events = POLLIN};

    (void)pthread_setname_np(pthread_self(), "flusher");
    while (poll(&stop, 1, FLUSH_MS) <= 0)
        (void)flush(map);
    return NULL;
}

/* With the lock held. */
static void add_locked(struct local_map *map, struct pending *p, const struct map_change *change)
{
    p->change = *change;
    list_init(&p->link);
    list_push_back(&map->waiting, &p->link);
    htable_insert(&map->ids, &p->node, id_hash(&change->id));
}

/* False: the database takes no changes, and the log files stay as they are. */
static bool replay(void *arg, const struct map_change *change)
{
    struct local_map *map = arg;
    struct pending *p = memory_alloc(MEMORY_cached, sizeof(*p));

    if (!p)
        return false;
    if (change->seq > map->seq)
        map->seq = change->seq;
    add_locked(map, p, change);
    return map->ids.count < LIMIT_LOCAL_MAP_PENDING || flush(map);
}

/* Take the lock.  False when there is no room for another change.  The flusher may just be late, so
 * flush first. */
static bool lock_with_room(struct local_map *map)
{
    bool room;

    pthread_mutex_lock(&map->lock);
    if (map->ids.count >= LIMIT_LOCAL_MAP_PENDING && !map->failing) {
        pthread_mutex_unlock(&map->lock);
        (void)flush(map);
        pthread_mutex_lock(&map->lock);
    }
    room = map->ids.count < LIMIT_LOCAL_MAP_PENDING;
    if (!room && map->dropped++ == 0)
        log_error("local.map.full", LOG_U64("pending", map->ids.count));
    return room;
}

/* False without memory: nothing has changed. */
static bool change_locked(struct local_map *map, enum map_op op, const struct local_id *id,
                          const struct local_place *place)
{
    struct map_change change = {.op = op, .id = *id, .place = *place};
    struct pending *p = memory_alloc(MEMORY_cached, sizeof(*p));

    if (!p) {
        map->dropped++;
        return false;
    }
    change.seq = ++map->seq;
    map_log_append(&map->log, &change);
    add_locked(map, p, &change);
    return true;
}

bool local_map_note(struct local_map *map, const struct local_id *id,
                    const struct local_place *place)
{
    uint64_t hash = place_hash(id, place);
    uint64_t *recent = &map->recent[(hash >> 32) % RECENT_COUNT];
    bool noted;

    noted = lock_with_room(map) && (*recent == hash || change_locked(map, MAP_ADD, id, place));
    if (noted)
        *recent = hash;
    pthread_mutex_unlock(&map->lock);
    return noted;
}

void local_map_forget(struct local_map *map, const struct local_id *id,
                      const struct local_place *place)
{
    uint64_t hash = place_hash(id, place);
    uint64_t *recent = &map->recent[(hash >> 32) % RECENT_COUNT];
    bool room;

    room = lock_with_room(map);
    if (*recent == hash)
        *recent = 0;
    if (room)
        (void)change_locked(map, MAP_DEL, id, place);
    pthread_mutex_unlock(&map->lock);
}

enum vfs_status local_map_lookup(struct local_map *map, const struct local_id *id,
                                 struct local_place *places, size_t *count)
{
    bool pending, ok = true;

    pthread_mutex_lock(&map->db_lock);
    pthread_mutex_lock(&map->lock);
    pending = htable_first(&map->ids, id_hash(id)) != NULL;
    pthread_mutex_unlock(&map->lock);
    /* Flush twice: waiting changes move only after those that are moving already. */
    if (pending)
        ok = flush_locked(map) && flush_locked(map);
    ok = ok && map_db_lookup(map->db, id, places, count);
    pthread_mutex_unlock(&map->db_lock);
    return ok ? VFS_OK : VFS_IO;
}

/* The three files are created together, so a single missing one must have been removed. */
static void tell_missing(int dir_fd, const char *name)
{
    static const char *const ends[] = {"db", "loga", "logb"};
    bool there[ARRAY_SIZE(ends)];
    unsigned count = 0;
    char file[80];

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        (void)snprintf(file, sizeof(file), "%s.%s", name, ends[i]);
        there[i] = faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        count += there[i];
    }
    for (unsigned i = 0; i < ARRAY_SIZE(ends) && count > 0; i++) {
        (void)snprintf(file, sizeof(file), "%s.%s", name, ends[i]);
        if (!there[i])
            log_warn("local.map.missing", LOG_STR("file", file),
                     LOG_STR("effect", "handles are stale until their files are looked up again"));
    }
}

static bool open_files(struct local_map *map, const char *dir, const char *name, char *errbuf,
                       size_t size)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd >= 0)
        tell_missing(dir_fd, name);
    if (dir_fd < 0 || !map_log_open(&map->log, dir_fd, name))
        (void)snprintf(errbuf, size, "%s/%s: %s", dir, name,
                       errno == EWOULDBLOCK ? "another server uses it" : strerror(errno));
    else
        map->db = map_db_open(dir_fd, name, errbuf, size);
    if (dir_fd >= 0)
        close(dir_fd);
    return map->db != NULL;
}

static bool recover(struct local_map *map, const char *name)
{
    map->seq = (uint64_t)clock_realtime().tv_sec * NSEC_PER_SEC;
    map->recovering = true;
    if (!map_log_replay(&map->log, name, replay, map) || !flush(map))
        return false;
    map->recovering = false;
    return map_log_clear_all(&map->log);
}

static bool start_flusher(struct local_map *map)
{
    sigset_t all, before;
    int err;

    map->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (map->stop_fd < 0)
        return false;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&map->flusher, NULL, flusher_run, map);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err == 0;
}

static void map_free(struct local_map *map)
{
    struct list *node;

    while ((node = list_pop_front(&map->waiting)))
        list_push_back(&map->moving, node);
    while ((node = list_pop_front(&map->moving))) {
        struct pending *p = LIST_ENTRY(node, struct pending, link);

        htable_remove(&map->ids, &p->node);
        memory_free(MEMORY_cached, p);
    }
    htable_fini(&map->ids);
    map_log_close(&map->log);
    if (map->db)
        map_db_close(map->db);
    if (map->stop_fd >= 0)
        close(map->stop_fd);
    CHECK(pthread_mutex_destroy(&map->lock) == 0);
    CHECK(pthread_mutex_destroy(&map->db_lock) == 0);
    free(map);
}

struct local_map *local_map_open(const char *dir, const char *name, char *errbuf, size_t size)
{
    struct local_map *map = must_calloc(1, sizeof(*map));

    CHECK(pthread_mutex_init(&map->lock, NULL) == 0);
    CHECK(pthread_mutex_init(&map->db_lock, NULL) == 0);
    list_init(&map->moving);
    list_init(&map->waiting);
    htable_init(&map->ids, 1024);
    map->log.fd[0] = map->log.fd[1] = map->stop_fd = -1;
    if (!open_files(map, dir, name, errbuf, size)) {
        map_free(map);
        return NULL;
    }
    if (!recover(map, name) || !start_flusher(map)) {
        (void)snprintf(errbuf, size, "%s/%s: cannot be brought up", dir, name);
        map_free(map);
        return NULL;
    }
    return map;
}

void local_map_close(struct local_map *map)
{
    CHECK(eventfd_write(map->stop_fd, 1) == 0);
    CHECK(pthread_join(map->flusher, NULL) == 0);
    /* Once for a transaction that failed before, once for the rest.  What can't be moved stays in
     * the log. */
    if (flush(map))
        (void)flush(map);
    map_free(map);
}

static struct local_map *shared_find_locked(const char *name)
{
    LIST_FOREACH (map, &shared, struct local_map, shared_link) {
        if (strcmp(map->shared_name, name) == 0)
            return map;
    }
    return NULL;
}

struct local_map *local_map_get(const char *dir, const char *name, char *errbuf, size_t size)
{
    char path[LIMIT_PATH_BYTES + LIMIT_NAME_BYTES];
    struct local_map *map;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    pthread_mutex_lock(&shared_lock);
    map = shared_find_locked(path);
    if (!map) {
        map = local_map_open(dir, name, errbuf, size);
        if (map) {
            map->shared_name = must_strdup(path);
            list_push_back(&shared, &map->shared_link);
        }
    }
    if (map)
        map->exports++;
    pthread_mutex_unlock(&shared_lock);
    return map;
}

/* Its files are closed under the lock: until then nobody else could open them. */
void local_map_put(struct local_map *map)
{
    pthread_mutex_lock(&shared_lock);
    if (--map->exports == 0) {
        list_remove(&map->shared_link);
        free(map->shared_name);
        local_map_close(map);
    }
    pthread_mutex_unlock(&shared_lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of paths, the list of those that the tick visits, and the rate limit of all dials. */
#include "callback/dial_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "callback/dial_link.h"
#include "callback/dial_out_internal.h"
#include "callback/dial_path.h"
#include "transport/dial.h"

/* ---- life cycle ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

struct dial_out *dial_out_create(const struct dial_out_config *config)
{
    struct dial_out *out = must_calloc(1, sizeof(*out));
    struct dial_out_config *c = &out->config;

    if (config)
        *c = *config;
    c->timeout_ms = or_default(c->timeout_ms, DIAL_OUT_TIMEOUT_MS);
    out->timeout_ms = c->timeout_ms;
    c->connect_ms = or_default(c->connect_ms, DIAL_OUT_CONNECT_MS);
    c->backoff_ms = or_default(c->backoff_ms, DIAL_OUT_BACKOFF_MS);
    c->backoff_max_ms = or_default(c->backoff_max_ms, DIAL_OUT_BACKOFF_MAX_MS);
    c->attempts = or_default(c->attempts, DIAL_OUT_ATTEMPTS);
    c->dials_per_s = or_default(c->dials_per_s, LIMIT_DIALS_PER_S);
    c->paths_max = or_default(c->paths_max, LIMIT_CALLBACK_PATHS);
    out->counters = counter_set_create(DIAL_OUT_COUNTER_COUNT);
    out->stopped = true;
    CHECK(pthread_mutex_init(&out->lock, NULL) == 0);
    htable_init(&out->paths, 64);
    list_init(&out->active);
    return out;
}

void dial_out_start(struct dial_out *out, struct transport *transport)
{
    pthread_mutex_lock(&out->lock);
    out->transport = transport;
    out->stopped = false;
    pthread_mutex_unlock(&out->lock);
}

void dial_out_set_timeout(struct dial_out *out, uint32_t timeout_ms)
{
    atomic_store_explicit(&out->timeout_ms, timeout_ms, memory_order_relaxed);
}

void dial_out_set_own_address(struct dial_out *out, bool only)
{
    atomic_store_explicit(&out->own_address, only, memory_order_relaxed);
}

bool dial_out_own_address(const struct dial_out *out)
{
    return atomic_load_explicit(&out->own_address, memory_order_relaxed);
}

void dial_out_set_counters(struct dial_out *out, struct callback_counters *callback_counters)
{
    out->callback_counters = callback_counters;
}

void dial_out_destroy(struct dial_out *out)
{
    if (!out)
        return;
    CHECK(out->stopped);
    htable_fini(&out->paths);
    pthread_mutex_destroy(&out->lock);
    counter_set_destroy(out->counters);
    free(out);
}

/* ---- the table ---- */

static struct dial_path *path_find_locked(struct dial_out *out, uint64_t clientid)
{
    struct hnode *node = htable_first(&out->paths, hash_u64(clientid));

    for (; node; node = htable_next(node)) {
        struct dial_path *path = CONTAINER_OF(node, struct dial_path, node);

        if (path->clientid == clientid)
            return path;
    }
    return NULL;
}

/* Returns a reference, or NULL. */
static struct dial_path *path_lookup(struct dial_out *out, uint64_t clientid)
{
    struct dial_path *path;

    pthread_mutex_lock(&out->lock);
    path = path_find_locked(out, clientid);
    if (path)
        dial_path_get(path);
    pthread_mutex_unlock(&out->lock);
    return path;
}

static bool target_equal(const struct dial_target *a, const struct dial_target *b)
{
    return netaddr_equal(&a->address, &b->address) && a->program == b->program &&
           a->ident == b->ident && a->cred.flavor == b->cred.flavor && a->cred.uid == b->cred.uid &&
           a->cred.gid == b->cred.gid;
}

/* Close a path that has left the table, and drop the table's reference. */
static void path_end(struct dial_path *path)
{
    if (!path)
        return;
    dial_path_close(path);
    dial_path_put(path);
}

/* Arguments and result of dial_out_set(). */
struct setting {
    uint64_t clientid;
    const struct dial_target *target;
    uint32_t serial;
    struct dial_path *path; /* to be probed, with a reference; NULL: nothing to do */
    struct dial_path *old;  /* to be closed, or NULL */
    bool ok;
};

static void path_insert_locked(struct dial_out *out, struct setting *set, struct dial_path *path)
{
    path->serial = set->serial;
    htable_insert(&out->paths, &path->node, hash_u64(path->clientid));
    set->path = dial_path_get(path);
}

/* `spare` is NULL if there was no memory for another path. */
static void set_locked(struct dial_out *out, struct dial_path *spare, struct setting *set)
{
    struct dial_path *old = path_find_locked(out, set->clientid);

    set->ok = !out->stopped && (old || out->paths.count < out->config.paths_max);
    if (!set->ok || (old && (int32_t)(set->serial - old->serial) <= 0))
        return;
    if (old && target_equal(&old->target, set->target)) {
        old->serial = set->serial;
        set->path = dial_path_get(old);
        return;
    }
    if (!spare) {
        set->ok = false;
        return;
    }
    if (old) {
        htable_remove(&out->paths, &old->node);
        set->old = old;
    }
    path_insert_locked(out, set, dial_path_get(spare));
}

static int64_t last_dial_ns(struct dial_out *out, uint64_t clientid)
{
    struct dial_path *path = path_lookup(out, clientid);
    int64_t ns = path ? dial_path_last_dial_ns(path) : 0;

    if (path)
        dial_path_put(path);
    return ns;
}

bool dial_out_set(struct dial_out *out, uint64_t clientid, const struct dial_target *target,
                  uint32_t serial)
{
    /* A new address inherits the time of the last dial, so that the interval still applies. */
    struct dial_path *spare = dial_path_create(out, clientid, target, last_dial_ns(out, clientid));
    struct setting set = {.clientid = clientid, .target = target, .serial = serial};

    pthread_mutex_lock(&out->lock);
    set_locked(out, spare, &set);
    pthread_mutex_unlock(&out->lock);
    if (spare)
        dial_path_put(spare);
    path_end(set.old);
    if (set.path) {
        dial_path_probe(set.path, clock_now_ns());
        dial_path_put(set.path);
    }
    return set.ok;
}

bool dial_out_has_room(struct dial_out *out)
{
    bool room;

    pthread_mutex_lock(&out->lock);
    room = !out->stopped && out->paths.count < out->config.paths_max;
    pthread_mutex_unlock(&out->lock);
    return room;
}

void dial_out_forget(struct dial_out *out, uint64_t clientid)
{
    struct dial_path *path;

    pthread_mutex_lock(&out->lock);
    path = path_find_locked(out, clientid);
    if (path)
        htable_remove(&out->paths, &path->node);
    pthread_mutex_unlock(&out->lock);
    path_end(path);
}

/* ---- shutdown ---- */

static bool path_doom(struct hnode *node, void *arg)
{
    struct dial_path *path = CONTAINER_OF(node, struct dial_path, node);
    struct list *doomed = arg;

    htable_remove(&path->out->paths, node);
    list_remove(&path->active_link);
    path->active = false;
    list_push_back(doomed, &path->active_link);
    return true;
}

void dial_out_stop(struct dial_out *out)
{
    struct list doomed, *node;

    if (!out)
        return;
    list_init(&doomed);
    pthread_mutex_lock(&out->lock);
    out->stopped = true; /* from now on no path becomes active, so active_link is free for our
                          * use */
    htable_visit(&out->paths, path_doom, &doomed);
    out->active_count = 0;
    pthread_mutex_unlock(&out->lock);
    while ((node = list_pop_front(&doomed)))
        path_end(LIST_ENTRY(node, struct dial_path, active_link));
}

/* ---- time ---- */

/* The first active path, which moves to the end of the list, with a reference. */
static struct dial_path *active_next(struct dial_out *out)
{
    struct dial_path *path = NULL;
    struct list *node;

    pthread_mutex_lock(&out->lock);
    node = list_pop_front(&out->active);
    if (node) {
        list_push_back(&out->active, node);
        path = dial_path_get(LIST_ENTRY(node, struct dial_path, active_link));
    }
    pthread_mutex_unlock(&out->lock);
    return path;
}

void dial_out_tick(struct dial_out *out, int64_t now_ns)
{
    uint64_t left_out = log_limit_left_out(&out->log_limit);
    struct dial_path *path;
    uint32_t count;

    if (left_out)
        log_info("callback.left_out", LOG_U64("lines", left_out));
    pthread_mutex_lock(&out->lock);
    count = out->active_count;
    pthread_mutex_unlock(&out->lock);
    for (; count > 0 && (path = active_next(out)); count--) {
        dial_path_tick(path, now_ns);
        dial_path_put(path);
    }
}

/* ---- calls ---- */

enum dial_path_state dial_out_state(struct dial_out *out, uint64_t clientid)
{
    struct dial_path *path = path_lookup(out, clientid);
    enum dial_path_state state = DIAL_PATH_NONE;

    if (path) {
        state = atomic_load_explicit(&path->state, memory_order_relaxed);
        dial_path_put(path);
    }
    return state;
}

void dial_out_backlog(struct dial_out *out, uint64_t clientid, int64_t now_ns,
                      struct callback_backlog *backlog)
{
    struct dial_path *path = path_lookup(out, clientid);

    if (path) {
        dial_path_backlog(path, now_ns, backlog);
        dial_path_put(path);
    }
}

bool dial_out_call(struct dial_out *out, uint64_t clientid, struct cb_op *ops, uint32_t op_count,
                   callback_done *done, void *arg)
{
    struct dial_path *path = path_lookup(out, clientid);
    bool taken = false;

    CHECK(done);
    if (path) {
        taken = dial_path_call(path, ops, op_count, done, arg, clock_now_ns());
        dial_path_put(path);
    }
    dial_out_count(out, taken ? DIAL_OUT_COUNTER_calls : DIAL_OUT_COUNTER_refused);
    return taken;
}

bool dial_out_reply(struct connection *conn, uint32_t xid, const void *body, size_t len,
                    void *context)
{
    struct dial_link *link = connection_dial_arg(conn, &dial_link_hooks);

    (void)context;
    return link && dial_path_reply(link, xid, body, len);
}

/* ---- counters ---- */

void dial_out_stats_read(struct dial_out *out, struct dial_out_stats *stats)
{
#define X(name, help) stats->name = counter_read(out->counters, DIAL_OUT_COUNTER_##name);
    DIAL_OUT_COUNTERS(X)
#undef X
    pthread_mutex_lock(&out->lock);
    stats->paths = (uint32_t)out->paths.count;
    stats->active = out->active_count;
    pthread_mutex_unlock(&out->lock);
}

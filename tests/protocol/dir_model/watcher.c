/* SPDX-License-Identifier: Apache-2.0 */
#include "dir_model/watcher.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/client_file.h"
#include "dir_model/writer.h"
#include "lib/test.h"
#include "lib/wait.h"
#include "script.h"

enum {
    SERVE_MS = 5,
    COME_TRIES = 12000, /* a minute at least: the server may restart meanwhile */
    CUT_ONE_IN = 40,
};

/* ---- sessions ---- */

static void come(struct watcher *w)
{
    const struct client_cred cred = script_cred();
    char owner[32];
    struct client_session_wish wish;

    (void)snprintf(owner, sizeof(owner), "watcher %u", w->number);
    wish = client_session_wish_default(owner);
    wish.callbacks = w->callbacks;
    for (unsigned tries = 0;; tries++) {
        memset(w->callbacks->sessions, 0, sizeof(w->callbacks->sessions));
        w->callbacks->session_count = 0;
        if (client_mount_open(&w->mount, w->target, SCRIPT_TIMEOUT_MS, &cred, &wish) == NFS4_OK)
            break;
        if (tries >= COME_TRIES) {
            (void)fprintf(stderr, "watcher %u: the server does not come back\n", w->number);
            abort();
        }
        wait_ms(SERVE_MS);
    }
    client_dir_holder_init(&w->holder, &w->mount, w->target, SCRIPT_TIMEOUT_MS);
    w->figures.sessions++;
}

static void note_loss(struct watcher *w, uint32_t number)
{
    if (w->valid[number] && w->dirs[number].state == CLIENT_DIR_LOST)
        w->figures.losses[w->dirs[number].loss]++;
    w->valid[number] = w->dirs[number].state == CLIENT_DIR_VALID;
    if (!w->valid[number])
        w->fresh[number] = true;
}

static void come_again(struct watcher *w)
{
    w->figures.reconnects += w->holder.reconnects;
    client_dir_holder_fini(&w->holder);
    client_conn_close(&w->mount.conn);
    come(w);
}

/* ---- the directories ---- */

static void acquire_lost(struct watcher *w)
{
    for (uint32_t i = 0; i < w->dir_count; i++) {
        struct client_dir *dir = &w->dirs[i];

        note_loss(w, i);
        if (w->valid[i])
            continue;
        switch (client_dir_holder_acquire(&w->holder, dir, false)) {
        case CLIENT_DIR_GRANTED:
            w->figures.fills++;
            w->valid[i] = true;
            if (bitmap4_isset(&dir->types, NOTIFY4_ADD_ENTRY))
                w->told_of_entries = true;
            break;
        case CLIENT_DIR_UNAVAILABLE:
            w->figures.refusals++;
            break;
        case CLIENT_DIR_REFUSED:
            (void)fprintf(stderr, "watcher %u: refused: %s\n", w->number,
                          status_name(w->holder.status));
            abort();
        case CLIENT_DIR_GONE:
            come_again(w);
            return;
        }
    }
}

/* Over the network all can end at any moment: before a callback is executed, before or amid its
 * reply. */
static void cut(struct watcher *w)
{
    static const enum client_act acts[] = {CLIENT_ACT_CUT_BEFORE, CLIENT_ACT_CUT_AFTER,
                                           CLIENT_ACT_CUT_AMID};
    uint32_t how = random_below(&w->random, ARRAY_SIZE(acts) + 1);

    w->figures.cuts++;
    if (how == ARRAY_SIZE(acts))
        client_conn_abort(&w->mount.conn);
    else
        w->mount.conn.behaviour = (struct client_behaviour){.act = acts[how], .times = 1};
}

/* ---- own changes ---- */

static void change_build(struct watcher *w, const struct client_dir_change *change,
                         const struct client_dir *dir, struct client_compound *c)
{
    client_mount_begin(&w->mount, c);
    client_op_putfh(c, &dir->fh);
    if (!change->gone) {
        client_op_create(c, change->come, NF4LNK, "own", 0777);
    } else if (!change->come) {
        client_op_remove(c, change->gone);
    } else {
        client_op(c, OP_SAVEFH);
        client_op_rename(c, change->gone, change->come);
    }
}

/* It would wait for its own delegations of files, and has none. */
static void change_own(struct watcher *w)
{
    struct client_dir *dir = &w->dirs[random_below(&w->random, w->dir_count)];
    char gone[16], come[16];
    struct client_dir_change change = {gone, come};
    struct client_compound c;
    struct client_result r;

    writer_name(&w->random, gone);
    writer_name(&w->random, come);
    if (random_one_in(&w->random, 2))
        change.gone = NULL;
    else if (random_one_in(&w->random, 2) || strcmp(gone, come) == 0)
        change.come = NULL;
    change_build(w, &change, dir, &c);
    if (client_dir_holder_change(&w->holder, dir, &change, &c, &r) == NFS4_OK)
        w->figures.own_changes++;
    client_result_free(&r);
}

static void turn(struct watcher *w)
{
    while (w->frozen && !w->stop)
        wait_ms(1);
    if (w->cutting && random_one_in(&w->random, CUT_ONE_IN))
        cut(w);
    for (uint32_t i = 0; i < w->dir_count; i++)
        w->figures.doubts += client_dir_doubt(&w->dirs[i]) != NULL;
    if (!client_dir_holder_serve(&w->holder, w->writes && !w->quiet ? 0 : SERVE_MS))
        come_again(w);
    acquire_lost(w);
    if (w->writes && !w->quiet)
        change_own(w);
}

/* ---- quiet points ---- */

struct comparison {
    const struct client_dir *dir;
    uint32_t found;
    bool equal, print;
};

static bool compare_entry(const struct entry4 *entry, void *context)
{
    struct comparison *comparison = context;
    const struct client_dir_entry *e;
    struct nfs4_attrs attrs = {0};
    struct arena arena;
    char name[256];
    bool same;

    (void)snprintf(name, sizeof(name), "%.*s", (int)entry->name.len,
                   (const char *)entry->name.data);
    e = client_dir_lookup(comparison->dir, name);
    arena_init(&arena, 256);
    same = e && fattr_decode(&entry->attrs, &attrs, &arena);
    arena_fini(&arena);
    comparison->found++;
    if (same && bitmap4_isset(&e->known, FATTR4_FILEID))
        same = e->fileid == attrs.fileid;
    if (same && bitmap4_isset(&e->known, FATTR4_TYPE))
        same = e->type == attrs.type;
    if (!same && comparison->print)
        (void)fprintf(stderr, "%s: %s\n", name, e ? "is another one" : "is not in the cache");
    comparison->equal = comparison->equal && same;
    return true;
}

static bool is_equal(struct watcher *w, const struct client_dir *dir, bool print)
{
    struct comparison comparison = {.dir = dir, .equal = true, .print = print};
    enum nfsstat4 status = client_file_readdir(
        &w->mount, &dir->fh, CLIENT_BITS(FATTR4_TYPE, FATTR4_FILEID), compare_entry, &comparison);

    if (print && comparison.found != dir->count)
        (void)fprintf(stderr, "the cache has %u entries, the directory %u (%s, %s)\n", dir->count,
                      comparison.found, status_name(status), client_status_name(w->mount.trouble));
    return status == NFS4_OK && comparison.equal && comparison.found == dir->count;
}

enum settled {
    EQUAL,
    NOT_HELD,
    DIFFERENT
};

/* The server may refuse a delegation for as long as it likes. */
static enum settled dir_settle(struct watcher *w, uint32_t number)
{
    struct client_dir *dir = &w->dirs[number];
    int64_t end_ms = wait_now_ms() + WAIT_PATIENCE_MS / 2;

    while (wait_now_ms() < end_ms) {
        uint32_t refusals = w->figures.refusals;

        if (dir->state == CLIENT_DIR_VALID && !client_dir_doubt(dir) && is_equal(w, dir, false))
            return EQUAL;
        turn(w);
        if (dir->state != CLIENT_DIR_VALID && w->figures.refusals > refusals)
            return NOT_HELD;
    }
    (void)fprintf(stderr, "watcher %u, directory %u, state %d:\n", w->number, number, dir->state);
    (void)is_equal(w, dir, true);
    return DIFFERENT;
}

static void compare_all(struct watcher *w)
{
    bool cutting = atomic_exchange(&w->cutting, false);

    w->mount.conn.behaviour = (struct client_behaviour){.act = CLIENT_ACT_ANSWER};
    for (uint32_t i = 0; i < w->dir_count; i++) {
        enum settled settled = dir_settle(w, i);

        note_loss(w, i);
        if (settled == DIFFERENT)
            w->differs = true;
        w->figures.compared += settled == EQUAL;
        w->figures.kept += settled == EQUAL && !w->fresh[i];
        w->fresh[i] = false;
    }
    w->cutting = cutting;
}

/* ---- the thread ---- */

static void *watch(void *arg)
{
    struct watcher *w = arg;

    come(w);
    while (!w->stop) {
        turn(w);
        w->turns++;
        if (w->to_compare != w->compared) {
            compare_all(w);
            w->compared++;
        }
    }
    for (uint32_t i = 0; i < w->dir_count; i++) {
        client_dir_holder_return(&w->holder, &w->dirs[i]);
        for (uint32_t type = 0; type < NOTIFY_TYPES; type++)
            w->figures.told += w->dirs[i].told[type];
        w->figures.repeated += w->dirs[i].repeated;
        w->figures.unknown += w->dirs[i].unknown;
    }
    w->figures.reconnects += w->holder.reconnects;
    client_dir_holder_fini(&w->holder);
    client_mount_close(&w->mount);
    return NULL;
}

void watcher_start(struct watcher *w)
{
    CHECK(w->dir_count <= WATCHER_DIRS);
    w->random = random_from(w->seed, 100 + w->number);
    w->callbacks = must_calloc(1, sizeof(*w->callbacks));
    for (uint32_t i = 0; i < w->dir_count; i++) {
        client_dir_init(&w->dirs[i], &w->fhs[i]);
        w->fresh[i] = true;
    }
    CHECK(pthread_create(&w->thread, NULL, watch, w) == 0);
}

void watcher_silence(struct watcher *w)
{
    uint32_t turns;

    w->quiet = true;
    turns = w->turns;
    wait_until(w->turns - turns > 1);
}

bool watcher_compare(struct watcher *w)
{
    uint32_t before = w->to_compare++;

    wait_until(w->compared == before + 1);
    return !w->differs;
}

void watcher_stop(struct watcher *w)
{
    w->stop = true;
    CHECK(pthread_join(w->thread, NULL) == 0);
    for (uint32_t i = 0; i < w->dir_count; i++)
        client_dir_fini(&w->dirs[i]);
}

void watcher_free(struct watcher *w)
{
    free(w->callbacks);
    w->callbacks = NULL;
}

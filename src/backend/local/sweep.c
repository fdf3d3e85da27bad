/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread per export that releases unused resources once a second: I/O descriptors, objects, and
 * files that local users have removed, whose space is freed only then.  It also finds removed
 * directories that are leased.
 */
#include "backend/local/sweep.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "backend/local/cache.h"
#include "backend/local/cred.h"
#include "backend/local/dir_watch.h"
#include "backend/local/keep.h"
#include "backend/local/kept.h"
#include "backend/local/known.h"
#include "backend/local/lease_watch.h"
#include "backend/local/orphan.h"
#include "backend/local/path.h"
#include "backend/local/statx.h"
#include "base/memory.h"

enum {
    SWEEP_MS = 1000,
    NAME_SCAN = 64, /* objects whose names are checked per lock acquisition */
    NAME_TURNS = 8, /* acquisitions per shard in one pass */
};

static void look_at_name(struct local_object *obj)
{
    struct statx st;

    if (!local_path_try(obj))
        return;
    if (local_statx(obj->path_fd, "", &st) == 0 && st.stx_nlink == 0)
        local_orphan_mark(obj);
    local_path_put(obj);
}

/* The space of a file that local users removed is freed when we release the file. */
static void sweep_names(struct local_shard *shard, uint32_t epoch)
{
    struct local_object *taken[NAME_SCAN];
    uint32_t count = NAME_SCAN;

    for (uint32_t turn = 0; turn < NAME_TURNS && count == NAME_SCAN; turn++) {
        count = local_cache_take_unchecked(shard, epoch, taken, NAME_SCAN);
        for (uint32_t i = 0; i < count; i++) {
            look_at_name(taken[i]);
            vfs_object_put(&taken[i]->base);
        }
    }
}

void local_sweep(struct local_fs *fs)
{
    uint32_t epoch = atomic_fetch_add_explicit(&fs->epoch, 1, memory_order_relaxed) + 1;

    for (size_t i = 0; i < LOCAL_SHARDS; i++) {
        local_cache_sweep_shard(&fs->shards[i], epoch);
        sweep_names(&fs->shards[i], epoch);
    }
    if (memory_is_tight()) {
        local_known_drop(fs->known);
        local_kept_drop(atomic_load_explicit(&fs->volume->kept_files, memory_order_acquire));
    }
    local_keep_sweep(fs);
    if (local_dir_watch_sweep(fs))
        local_watch_wake();
}

static void *sweeper_run(void *arg)
{
    struct local_fs *fs = arg;
    struct pollfd stop = {.fd = fs->stop_fd, .events = POLLIN};

    (void)pthread_setname_np(pthread_self(), "sweeper");
    local_cred_server(fs);
    while (poll(&stop, 1, SWEEP_MS) <= 0)
        local_sweep(fs);
    return NULL;
}

int local_sweep_start(struct local_fs *fs)
{
    sigset_t all, before;
    int err;

    fs->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (fs->stop_fd < 0)
        return errno;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&fs->sweeper, NULL, sweeper_run, fs);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

void local_sweep_stop(struct local_fs *fs)
{
    CHECK(eventfd_write(fs->stop_fd, 1) == 0);
    CHECK(pthread_join(fs->sweeper, NULL) == 0);
}

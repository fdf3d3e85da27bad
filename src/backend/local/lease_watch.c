/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receives the signals of lease breaks, and examines the leases.  The same thread receives the
 * changes of watched directories.
 */
#include "backend/local/lease_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backend/local/dir_watch.h"
#include "backend/local/lease_break.h"

enum {
    BATCH = 32 /* signals read at a time */
};

/* Process-wide, as signals are. */
static struct {
    pthread_mutex_t start_lock; /* rank 0: guards `users`, and all that start and stop create */
    uint32_t users;
    pthread_t thread;
    int signal_fd, wake_fd, dirs_fd;
    bool stop; /* guarded by `lock` */

    pthread_mutex_t turn_lock; /* held by the thread while it has references on objects */

    pthread_mutex_t lock; /* a leaf, below the locks of objects */
    struct htable leases; /* by descriptor */
    struct list due;
} watch = {.start_lock = PTHREAD_MUTEX_INITIALIZER,
           .turn_lock = PTHREAD_MUTEX_INITIALIZER,
           .lock = PTHREAD_MUTEX_INITIALIZER};

/* Besides SIGIO, which the kernel sends when no more of these can be queued. */
static int lease_signal(void)
{
    return SIGRTMIN;
}

static void signals_of(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, lease_signal());
    (void)sigaddset(set, SIGIO);
}

void local_block_signals(void)
{
    sigset_t set;

    signals_of(&set);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
}

int local_watch_set(int fd, enum vfs_lease kind)
{
    /* Giving a lease back resets owner and signal.  The owner is the process, since a thread may
     * end. */
    if (fcntl(fd, F_SETOWN, getpid()) != 0 || fcntl(fd, F_SETSIG, lease_signal()) != 0 ||
        fcntl(fd, F_SETLEASE, kind == VFS_LEASE_READ ? F_RDLCK : F_WRLCK) != 0)
        return errno;
    return 0;
}

static uint64_t hash_of(int fd)
{
    return hash_u64((uint64_t)fd);
}

void local_watch_add(struct local_lease *lease)
{
    pthread_mutex_lock(&watch.lock);
    htable_insert(&watch.leases, &lease->by_fd, hash_of(lease->fd));
    pthread_mutex_unlock(&watch.lock);
}

void local_watch_remove(struct local_lease *lease)
{
    pthread_mutex_lock(&watch.lock);
    htable_remove(&watch.leases, &lease->by_fd);
    list_remove(&lease->due);
    pthread_mutex_unlock(&watch.lock);
}

static void due_locked(struct local_lease *lease)
{
    if (list_empty(&lease->due))
        list_push_back(&watch.due, &lease->due);
}

void local_watch_wake(void)
{
    CHECK(eventfd_write(watch.wake_fd, 1) == 0);
}

void local_watch_due(struct local_lease *lease)
{
    pthread_mutex_lock(&watch.lock);
    due_locked(lease);
    pthread_mutex_unlock(&watch.lock);
    local_watch_wake();
}

void local_watch_yield(struct local_object *obj)
{
    pthread_mutex_lock(&obj->lock);
    if (obj->lease && !obj->lease->lost && obj->lease->kind == VFS_LEASE_READ) {
        local_lease_release_locked(obj->lease);
        local_watch_due(obj->lease);
    }
    pthread_mutex_unlock(&obj->lock);
}

static void fd_due_locked(int fd)
{
    for (struct hnode *node = htable_first(&watch.leases, hash_of(fd)); node;
         node = htable_next(node)) {
        struct local_lease *lease = CONTAINER_OF(node, struct local_lease, by_fd);

        if (lease->fd == fd)
            due_locked(lease);
    }
}

static bool visit_due(struct hnode *node, void *unused)
{
    (void)unused;
    due_locked(CONTAINER_OF(node, struct local_lease, by_fd));
    return true;
}

/* The descriptor may have been closed and reused meanwhile; examining another lease is harmless. */
static void take_signals(void)
{
    struct signalfd_siginfo infos[BATCH];
    ssize_t got = read(watch.signal_fd, infos, sizeof(infos));

    pthread_mutex_lock(&watch.lock);
    for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(infos[0]); i++) {
        if ((int)infos[i].ssi_signo == lease_signal())
            fd_due_locked(infos[i].ssi_fd);
        else
            htable_visit(&watch.leases, visit_due, NULL);
    }
    pthread_mutex_unlock(&watch.lock);
}

static struct local_object *next_due(void)
{
    struct local_object *obj = NULL;
    struct list *link;

    pthread_mutex_lock(&watch.lock);
    link = list_pop_front(&watch.due);
    if (link) {
        obj = LIST_ENTRY(link, struct local_lease, due)->obj;
        vfs_object_get(&obj->base);
    }
    pthread_mutex_unlock(&watch.lock);
    return obj;
}

/* Files first: a program waits.  True: there are more directories to report. */
static bool look_at_all(void)
{
    struct local_object *obj;
    bool more;

    pthread_mutex_lock(&watch.turn_lock);
    while ((obj = next_due())) {
        local_lease_look(obj);
        vfs_object_put(&obj->base);
    }
    more = local_dir_watch_report();
    pthread_mutex_unlock(&watch.turn_lock);
    return more;
}

static bool stopped(void)
{
    bool stop;

    pthread_mutex_lock(&watch.lock);
    stop = watch.stop;
    pthread_mutex_unlock(&watch.lock);
    return stop;
}

static void *watch_run(void *unused)
{
    struct pollfd fds[] = {{.fd = watch.signal_fd, .events = POLLIN},
                           {.fd = watch.wake_fd, .events = POLLIN},
                           {.fd = watch.dirs_fd, .events = POLLIN}};
    bool more = false;
    eventfd_t value;

    (void)pthread_setname_np(pthread_self(), "lease-watch");
    (void)unused;
    vfs_own_identity();
    while (!stopped()) {
        if (poll(fds, ARRAY_SIZE(fds), more ? 0 : -1) < 0)
            continue;
        if (fds[0].revents)
            take_signals();
        if (fds[1].revents)
            (void)eventfd_read(watch.wake_fd, &value);
        if (fds[2].revents && !local_dir_watch_receive())
            fds[2].fd = -1;
        more = look_at_all();
    }
    return NULL;
}

static void close_both(void)
{
    if (watch.signal_fd >= 0)
        close(watch.signal_fd);
    if (watch.wake_fd >= 0)
        close(watch.wake_fd);
}

static int bring_up(void)
{
    sigset_t set, all, before;
    int err;

    signals_of(&set);
    watch.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    watch.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch.signal_fd < 0 || watch.wake_fd < 0) {
        err = errno;
        close_both();
        return err;
    }
    watch.dirs_fd = local_dir_watch_init();
    watch.stop = false;
    htable_init(&watch.leases, 64);
    list_init(&watch.due);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&watch.thread, NULL, watch_run, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        htable_fini(&watch.leases);
        local_dir_watch_fini();
        close_both();
    }
    return err;
}

int local_watch_start(void)
{
    int err = 0;

    local_block_signals();
    pthread_mutex_lock(&watch.start_lock);
    if (watch.users == 0)
        err = bring_up();
    if (!err)
        watch.users++;
    pthread_mutex_unlock(&watch.start_lock);
    return err;
}

static void take_down(void)
{
    pthread_mutex_lock(&watch.lock);
    watch.stop = true;
    pthread_mutex_unlock(&watch.lock);
    local_watch_wake();
    CHECK(pthread_join(watch.thread, NULL) == 0);
    htable_fini(&watch.leases);
    local_dir_watch_fini();
    close_both();
}

void local_watch_stop(void)
{
    pthread_mutex_lock(&watch.start_lock);
    CHECK(watch.users > 0);
    if (--watch.users == 0) {
        take_down();
    } else { /* the thread may still hold an object of the caller */
        pthread_mutex_lock(&watch.turn_lock);
        pthread_mutex_unlock(&watch.turn_lock);
    }
    pthread_mutex_unlock(&watch.start_lock);
}

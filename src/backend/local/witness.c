/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/local/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "backend/local/fan_event.h"
#include "backend/local/known.h"
#include "backend/local/raise.h"
#include "base/check.h"

enum {
    EVENTS_BYTES = 8192, /* read at a time */
    READS_MAX = 128,     /* then there is no end to be seen */
};

/* FAN_ACCESS: also of setting the time of access alone.  FAN_CLOSE_WRITE: some ways to write have
 * no event of their own, like a mapping. */
static const uint64_t CHANGES = FAN_ACCESS | FAN_MODIFY | FAN_ATTRIB | FAN_CLOSE_WRITE |
                                FAN_CREATE | FAN_DELETE | FAN_DELETE_SELF | FAN_MOVED_FROM |
                                FAN_MOVED_TO | FAN_MOVE_SELF | FAN_ONDIR;

void local_witness_init(struct local_witness *witness, struct local_versions *versions)
{
    CHECK(pthread_mutex_init(&witness->lock, NULL) == 0);
    witness->users = 0;
    witness->fd = witness->mounts_fd = -1;
    witness->versions = versions;
}

void local_witness_fini(struct local_witness *witness)
{
    CHECK(witness->users == 0);
    CHECK(pthread_mutex_destroy(&witness->lock) == 0);
}

static void close_locked(struct local_witness *witness)
{
    if (witness->fd >= 0)
        close(witness->fd);
    if (witness->mounts_fd >= 0)
        close(witness->mounts_fd);
    witness->fd = witness->mounts_fd = -1;
}

/* Without names: so the kernel merges what one process does to one file until it is read. */
static bool open_group_locked(struct local_witness *witness, int root_fd)
{
    witness->fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC | FAN_NONBLOCK,
                                O_RDONLY | O_LARGEFILE);
    return witness->fd >= 0 && fanotify_mark(witness->fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
                                             CHANGES, root_fd, NULL) == 0;
}

/* 0 or an errno. */
static int open_locked(struct local_witness *witness, int root_fd)
{
    struct local_raised raised;
    int err;

    witness->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (witness->mounts_fd < 0)
        return errno;
    if (!local_raise_begin(&raised))
        return EPERM;
    err = open_group_locked(witness, root_fd) ? 0 : errno;
    local_raise_end(&raised);
    return err;
}

int local_witness_join(struct local_witness *witness, int root_fd, int64_t magic)
{
    int err = 0;

    pthread_mutex_lock(&witness->lock);
    if (witness->fd < 0) { /* nobody uses it, or it was lost */
        witness->magic = magic;
        err = open_locked(witness, root_fd);
    }
    if (!err)
        witness->users++;
    else
        close_locked(witness);
    pthread_mutex_unlock(&witness->lock);
    return err;
}

void local_witness_leave(struct local_witness *witness)
{
    pthread_mutex_lock(&witness->lock);
    CHECK(witness->users > 0);
    if (--witness->users == 0)
        close_locked(witness);
    pthread_mutex_unlock(&witness->lock);
}

/* What a turn at the queue has found. */
struct turn {
    struct local_witness *witness;
    struct local_witness_news *news;
    bool all; /* all is void */
};

/* The event is of the parent.  There is none of a removed directory that somebody has open, as we
 * may. */
static bool removes_directory(const struct local_fan_event *event)
{
    const uint64_t both = FAN_DELETE | FAN_ONDIR;

    return (event->head.mask & both) == both;
}

static void take(struct turn *turn, const struct local_fan_event *event)
{
    struct local_fan_name name;
    uint64_t ino;

    if (event->head.mask & FAN_Q_OVERFLOW) {
        turn->news->overflows++;
        turn->all = true;
        return;
    }
    if (event->head.pid == getpid())
        return;
    turn->news->changes++;
    ino = local_fan_event_name(event, FAN_EVENT_INFO_TYPE_FID, &name)
              ? local_known_ino(turn->witness->magic, &name.id)
              : 0;
    if (ino == 0)
        turn->all = true;
    else
        local_version_next(turn->witness->versions, ino);
    if (removes_directory(event))
        atomic_fetch_add(&turn->witness->versions->removals, 1);
}

/* Bytes that were read; 0: there are no more; or less, and errno. */
static ssize_t take_some(struct turn *turn)
{
    uint8_t buf[EVENTS_BYTES];
    struct local_fan_event event;
    ssize_t got = read(turn->witness->fd, buf, sizeof(buf));

    for (const uint8_t *at = buf;
         got > 0 && local_fan_event_read(at, (size_t)(buf + got - at), &event); at = event.end)
        take(turn, &event);
    return got < 0 && errno == EAGAIN ? 0 : got;
}

/* False: the group is lost. */
static bool take_queue(struct turn *turn)
{
    for (unsigned i = 0; i < READS_MAX; i++) {
        ssize_t got = take_some(turn);

        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
    }
    turn->news->overflows++;
    turn->all = true; /* whatever is left in the queue is older than what will be kept */
    return true;
}

static bool catch_up_locked(struct local_witness *witness, struct local_witness_news *news)
{
    struct pollfd fds[] = {{.fd = witness->fd, .events = POLLIN},
                           {.fd = witness->mounts_fd, .events = POLLPRI}};
    struct turn turn = {.witness = witness, .news = news};

    if (witness->fd < 0)
        return false;
    if (poll(fds, 2, 0) == 0)
        return true;
    turn.all = fds[1].revents != 0;
    if (!take_queue(&turn)) {
        close_locked(witness);
        return false;
    }
    if (turn.all)
        local_versions_next(witness->versions);
    return true;
}

bool local_witness_catch_up(struct local_witness *witness, struct local_witness_news *news)
{
    bool told;

    *news = (struct local_witness_news){0};
    pthread_mutex_lock(&witness->lock);
    told = catch_up_locked(witness, news);
    pthread_mutex_unlock(&witness->lock);
    return told;
}

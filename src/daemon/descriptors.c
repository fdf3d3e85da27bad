/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/processors.h"
#include "daemon/console.h"

enum {
    OWN = 40, /* databases, the state directory, timers, and short-lived descriptors */
    OWN_PER_LOOP = 2,
    OWN_PER_ADMIN = 5, /* the listener, an epoll set, an eventfd, what a request reads */
    FILES_MIN = 16,    /* per export */
    CONNECTIONS_MIN = 8,
    /* Shares of what the server's own files leave, in eighths.  The rest is for accepted
     * connections. */
    EIGHTHS = 8,
    FILES_EIGHTHS = 3,
    DIALLED_EIGHTHS = 1,
    SPARE_PART = 8, /* of the share of files, for exports that are added later */
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t loop_count(const struct descriptor_needs *needs)
{
    return needs->loops ? needs->loops : min_u32(processors_available(), LIMIT_LOOPS);
}

bool descriptor_shares_divide(const struct descriptor_needs *needs,
                              struct descriptor_shares *shares, uint32_t *least)
{
    uint32_t own = OWN + needs->exports * DESCRIPTORS_OWN_PER_EXPORT + needs->listeners +
                   loop_count(needs) * OWN_PER_LOOP +
                   needs->admin * (OWN_PER_ADMIN + LIMIT_ADMIN_CONNECTIONS);
    uint32_t files_min = needs->exports * FILES_MIN, rest;

    *least = own + (files_min + CONNECTIONS_MIN) * EIGHTHS / (EIGHTHS - DIALLED_EIGHTHS) + 1;
    if (needs->limit < *least)
        return false;
    *shares = (struct descriptor_shares){.limit = needs->limit, .own = own};
    rest = needs->limit - own;
    shares->dialled = min_u32(rest / EIGHTHS * DIALLED_EIGHTHS, LIMIT_DIALLED_CONNECTIONS);
    shares->spare = rest / EIGHTHS * FILES_EIGHTHS / SPARE_PART;
    if (needs->exports > 0) {
        shares->files = rest / EIGHTHS * FILES_EIGHTHS - shares->spare;
        if (shares->files < files_min)
            shares->files = files_min;
        shares->files = min_u32(shares->files, needs->exports * LIMIT_LOCAL_DESCRIPTORS);
    }
    if (shares->spare + CONNECTIONS_MIN > rest - shares->dialled - shares->files)
        shares->spare = 0;
    shares->connections =
        min_u32(rest - shares->dialled - shares->files - shares->spare, LIMIT_CONNECTIONS);
    return true;
}

/* Set the limit of the process.  Raising the hard limit needs CAP_SYS_RESOURCE. */
static uint32_t limit_set(uint32_t wanted)
{
    struct rlimit had = {.rlim_cur = 0, .rlim_max = 0}, set;
    rlim_t most = wanted ? wanted : LIMIT_DESCRIPTORS;

    CHECK(getrlimit(RLIMIT_NOFILE, &had) == 0);
    set = (struct rlimit){.rlim_cur = most, .rlim_max = had.rlim_max > most ? had.rlim_max : most};
    if (setrlimit(RLIMIT_NOFILE, &set) != 0) {
        set = (struct rlimit){.rlim_cur = had.rlim_max < most ? had.rlim_max : most,
                              .rlim_max = had.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &set) != 0) {
            log_warn("daemon.descriptors", LOG_STR("error", strerror(errno)));
            set = had;
        }
    }
    return set.rlim_cur < UINT32_MAX ? (uint32_t)set.rlim_cur : UINT32_MAX;
}

bool descriptor_shares_init(const struct descriptor_needs *needs, struct descriptor_shares *shares)
{
    struct descriptor_needs got = *needs;
    uint32_t least;

    got.limit = limit_set(needs->limit);
    if (!descriptor_shares_divide(&got, shares, &least)) {
        console_error("%u file descriptors are too few for these exports: at least %u are needed "
                      "(ulimit -n, LimitNOFILE= of systemd, --descriptors)",
                      got.limit, least);
        return false;
    }
    if (needs->limit > got.limit)
        log_warn("daemon.descriptors_few", LOG_U64("wanted", needs->limit),
                 LOG_U64("limit", got.limit));
    log_info("daemon.descriptors", LOG_U64("limit", shares->limit),
             LOG_U64("connections", shares->connections), LOG_U64("dialled", shares->dialled),
             LOG_U64("files", shares->files), LOG_U64("spare", shares->spare),
             LOG_U64("own", shares->own));
    return true;
}

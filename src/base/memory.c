/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum that the budget is held against lags behind by what threads have not added yet, at most
 * GATHER_BYTES each.
 */
#include "base/memory.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cgroup_memory.h"
#include "base/counter.h"
#include "base/limits.h"

enum {
    GATHER_BYTES = 64 << 10,
    SMALL_BYTES = 128 << 20,      /* what a server with many clients needs in any case */
    SHORT_EIGHTHS = 5,            /* of the budget: above it memory is short */
    BEYOND_HEAP_BYTES = 64 << 20, /* of an address space: programs, stacks, what is not counted */
};

static struct counter_set *_Atomic classes;
static pthread_once_t classes_once = PTHREAD_ONCE_INIT;

/* What is held against one limit. */
struct account {
    _Atomic int64_t total;
    _Atomic uint64_t limit; /* 0: there is none */
};

enum {
    REQUESTS, /* the budget */
    STORES,   /* what mem exports hold */
    ADMIN,    /* the admin endpoint, where a budget that is too low can be mended */
    ACCOUNTS
};

static struct account accounts[ACCOUNTS] = {[ADMIN] = {.limit = LIMIT_ADMIN_MEMORY_BYTES}};
static _Thread_local int64_t gathered[ACCOUNTS];
static _Atomic uint64_t refused, failed;
static _Atomic bool failed_lately;
static _Atomic uint64_t fail_countdown; /* 0: no fault */

static void classes_init(void)
{
    atomic_store_explicit(&classes, counter_set_create(MEMORY_CLASS_COUNT), memory_order_release);
}

static struct counter_set *classes_get(void)
{
    struct counter_set *set = atomic_load_explicit(&classes, memory_order_acquire);

    if (set)
        return set;
    CHECK(pthread_once(&classes_once, classes_init) == 0);
    return atomic_load_explicit(&classes, memory_order_relaxed);
}

static unsigned account_of(enum memory_class of)
{
    if (of == MEMORY_admin)
        return ADMIN;
    return of == MEMORY_data || of == MEMORY_objects ? STORES : REQUESTS;
}

static void count(enum memory_class of, int64_t bytes)
{
    unsigned which = account_of(of);
    int64_t *mine = &gathered[which];

    counter_add(classes_get(), of, (uint64_t)bytes);
    *mine += bytes;
    if (*mine >= GATHER_BYTES || *mine <= -GATHER_BYTES) {
        atomic_fetch_add_explicit(&accounts[which].total, *mine, memory_order_relaxed);
        *mine = 0;
    }
}

void memory_settle(void)
{
    for (unsigned which = 0; which < ACCOUNTS; which++) {
        atomic_fetch_add_explicit(&accounts[which].total, gathered[which], memory_order_relaxed);
        gathered[which] = 0;
    }
}

static uint64_t limit_get(unsigned which)
{
    return atomic_load_explicit(&accounts[which].limit, memory_order_relaxed);
}

static void limit_set(unsigned which, uint64_t bytes)
{
    atomic_store_explicit(&accounts[which].limit, bytes, memory_order_relaxed);
}

/* As far as is known to all. */
static uint64_t total_get(unsigned which)
{
    int64_t now = atomic_load_explicit(&accounts[which].total, memory_order_relaxed);

    return now > 0 ? (uint64_t)now : 0;
}

/* The countdown ends at 1, so that it is known to have ended and only one thread ends it. */
static bool fault_due(void)
{
    uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);

    while (left > 1) {
        if (atomic_compare_exchange_weak_explicit(&fail_countdown, &left, left - 1,
                                                  memory_order_relaxed, memory_order_relaxed))
            return left == 2;
    }
    return false;
}

/* What clients hold leaves room for requests; and what a client may have without end leaves room
 * for others to come, and to look up files. */
static uint64_t most_for(enum memory_class of, uint64_t limit)
{
    if (of == MEMORY_opens || of == MEMORY_locks || of == MEMORY_delegations)
        return limit / 16 * 11;
    return account_of(of) == REQUESTS && of >= MEMORY_clients ? limit / 4 * 3 : limit;
}

static bool within_limit(enum memory_class of, size_t size)
{
    unsigned which = account_of(of);
    uint64_t limit = limit_get(which);
    int64_t now =
        atomic_load_explicit(&accounts[which].total, memory_order_relaxed) + gathered[which];

    if (limit == 0 || (now < 0 ? 0 : (uint64_t)now) + size <= most_for(of, limit))
        return true;
    if (which != REQUESTS)
        return false; /* a full disk or a busy administrator: no reason to forget clients */
    atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
    atomic_store_explicit(&failed_lately, true, memory_order_relaxed);
    return false;
}

static bool may_allocate(enum memory_class of, size_t size)
{
    return !fault_due() && within_limit(of, size);
}

/* `p` is what malloc() and its like gave for it. */
static void *taken(enum memory_class of, void *p)
{
    if (p) {
        count(of, (int64_t)malloc_usable_size(p));
        return p;
    }
    atomic_fetch_add_explicit(&failed, 1, memory_order_relaxed);
    atomic_store_explicit(&failed_lately, true, memory_order_relaxed);
    return NULL;
}

void *memory_alloc(enum memory_class of, size_t size)
{
    return may_allocate(of, size) ? taken(of, malloc(size ? size : 1)) : NULL;
}

void *memory_zalloc(enum memory_class of, size_t size)
{
    return may_allocate(of, size) ? taken(of, calloc(1, size ? size : 1)) : NULL;
}

void *memory_alloc_aligned(enum memory_class of, size_t align, size_t size)
{
    return may_allocate(of, size) ? taken(of, aligned_alloc(align, size)) : NULL;
}

void *memory_take(enum memory_class of, size_t size)
{
    return taken(of, malloc(size ? size : 1));
}

void *memory_resize(enum memory_class of, void *p, size_t size)
{
    size_t before = p ? malloc_usable_size(p) : 0;
    void *resized = taken(of, realloc(p, size));

    if (resized)
        count(of, -(int64_t)before);
    return resized;
}

void memory_free(enum memory_class of, void *p)
{
    if (!p)
        return;
    count(of, -(int64_t)malloc_usable_size(p));
    free(p);
}

void memory_budget_set(uint64_t bytes)
{
    limit_set(REQUESTS, bytes);
}

uint64_t memory_budget(void)
{
    return limit_get(REQUESTS);
}

void memory_store_set(uint64_t bytes)
{
    limit_set(STORES, bytes);
}

uint64_t memory_store_free(void)
{
    uint64_t limit = limit_get(STORES), used = total_get(STORES);

    if (limit == 0)
        return UINT64_MAX;
    return used < limit ? limit - used : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t limit_of(int resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur;
}

/* What the process may have. */
static uint64_t memory_of_machine(void)
{
    uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t space;

    bytes = least(bytes, cgroup_memory_bytes("/proc/self/cgroup", "/sys/fs/cgroup"));
    bytes = least(bytes, limit_of(RLIMIT_DATA));
    space = limit_of(RLIMIT_AS);
    bytes = least(bytes, space > 2ull * BEYOND_HEAP_BYTES ? space - BEYOND_HEAP_BYTES : space / 2);
    return bytes;
}

uint64_t memory_budget_default(void)
{
    uint64_t all = memory_of_machine(), half = all / 2;

    if (half < SMALL_BYTES)
        return half;
    return all / 4 > SMALL_BYTES ? all / 4 : SMALL_BYTES;
}

uint64_t memory_store_default(void)
{
    return memory_of_machine() / 2;
}

bool memory_is_tight(void)
{
    uint64_t most = limit_get(REQUESTS);

    return most > 0 && total_get(REQUESTS) > most / 8 * SHORT_EIGHTHS;
}

bool memory_is_short(void)
{
    return atomic_exchange_explicit(&failed_lately, false, memory_order_relaxed) ||
           memory_is_tight();
}

void memory_stats_read(struct memory_stats *stats)
{
    struct counter_set *set = classes_get();

    stats->total = 0;
    for (unsigned i = 0; i < MEMORY_CLASS_COUNT; i++) {
        int64_t bytes = (int64_t)counter_read(set, i);

        /* Freed by one thread, seen before another's allocation is. */
        stats->of[i] = bytes > 0 ? (uint64_t)bytes : 0;
        stats->total += stats->of[i];
    }
    stats->budget = limit_get(REQUESTS);
    stats->store = limit_get(STORES);
    stats->refused = atomic_load_explicit(&refused, memory_order_relaxed);
    stats->failed = atomic_load_explicit(&failed, memory_order_relaxed);
}

void memory_fail_nth(uint64_t n)
{
    atomic_store_explicit(&fail_countdown, n ? n + 1 : 0, memory_order_relaxed);
}

bool memory_fail_done(void)
{
    return atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 1;
}

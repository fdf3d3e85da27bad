/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers are kept with the object, in memory that it gets with the first one.  A flag guards them:
 * whoever finds it taken asks the kernel, or does not keep its answer.
 *
 * An answer is read after the statx() that it is kept under.  If the object has changed in between,
 * then no statx() shows that ctime again.
 */
#include "backend/local/grant.h"

#include <linux/magic.h>
#include <string.h>

#include "backend/local/statx.h"
#include "base/clock.h"
#include "base/memory.h"

enum {
    SETTLED_NS = 30000000 /* a tick of 10 ms, and some more */
};

struct grant {
    uint64_t ctime_ns; /* 0: unused */
    uint32_t epoch;
    uint8_t asked, granted; /* R_OK, W_OK, X_OK */
    uint32_t uid, gid, gid_count;
    uint32_t gids[LIMIT_LOCAL_GRANT_GIDS];
};

struct local_grants {
    atomic_flag taken; /* acquire pairs with the release of whoever had it before */
    uint8_t next;      /* to give way */
    struct grant grants[LIMIT_LOCAL_GRANTS];
};

bool local_grant_possible(int64_t magic)
{
    return magic == TMPFS_MAGIC || magic == EXT4_SUPER_MAGIC || magic == XFS_SUPER_MAGIC ||
           magic == BTRFS_SUPER_MAGIC;
}

void local_grant_free(struct local_object *obj)
{
    memory_free(MEMORY_cached, atomic_load_explicit(&obj->grants, memory_order_acquire));
}

/* The identity that the kernel sees. */
static const struct vfs_cred *identity_of(const struct local_fs *fs, const struct vfs_cred *cred)
{
    return fs->impersonate ? cred : &fs->server;
}

static bool take(struct local_grants *grants)
{
    return grants && !atomic_flag_test_and_set_explicit(&grants->taken, memory_order_acquire);
}

static void give_back(struct local_grants *grants)
{
    atomic_flag_clear_explicit(&grants->taken, memory_order_release);
}

static bool is_of(const struct grant *grant, const struct vfs_cred *cred)
{
    return grant->uid == cred->uid && grant->gid == cred->gid &&
           grant->gid_count == cred->gid_count &&
           (cred->gid_count == 0 ||
            memcmp(grant->gids, cred->gids, cred->gid_count * sizeof(cred->gids[0])) == 0);
}

static struct grant *grant_of(struct local_grants *grants, const struct vfs_cred *cred)
{
    for (uint32_t i = 0; i < LIMIT_LOCAL_GRANTS; i++) {
        if (grants->grants[i].ctime_ns != 0 && is_of(&grants->grants[i], cred))
            return &grants->grants[i];
    }
    return NULL;
}

static uint32_t epoch_of(const struct local_fs *fs)
{
    return atomic_load_explicit(&fs->epoch, memory_order_relaxed);
}

bool local_grant_find(struct local_object *obj, const struct vfs_cred *cred, const struct statx *st,
                      int wanted, int *granted)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    struct local_grants *grants = atomic_load_explicit(&obj->grants, memory_order_acquire);
    const struct grant *grant;
    bool found;

    if (!take(grants))
        return false;
    grant = grant_of(grants, identity_of(fs, cred));
    found = grant && grant->ctime_ns == local_ctime(st) && grant->epoch == epoch_of(fs) &&
            (wanted & ~grant->asked) == 0;
    if (found)
        *granted = grant->granted & wanted;
    give_back(grants);
    return found;
}

struct local_grant_look local_grant_look(const struct local_fs *fs, const struct statx *st)
{
    uint64_t ctime_ns = local_ctime(st);

    if (!fs->ctime_tells || ctime_ns == 0)
        return (struct local_grant_look){.settled = false};
    return (struct local_grant_look){
        .epoch = epoch_of(fs),
        .settled = ctime_ns + SETTLED_NS < (uint64_t)clock_wall_coarse().now_ns,
    };
}

/* NULL: without memory, or somebody else has them. */
static struct local_grants *take_or_make(struct local_object *obj)
{
    struct local_grants *grants = atomic_load_explicit(&obj->grants, memory_order_acquire);
    struct local_grants *fresh, *none = NULL;

    if (grants)
        return take(grants) ? grants : NULL;
    fresh = memory_zalloc(MEMORY_cached, sizeof(*fresh));
    if (!fresh)
        return NULL;
    atomic_flag_test_and_set_explicit(&fresh->taken, memory_order_relaxed);
    if (atomic_compare_exchange_strong_explicit(&obj->grants, &none, fresh, memory_order_acq_rel,
                                                memory_order_relaxed))
        return fresh;
    memory_free(MEMORY_cached, fresh);
    return NULL;
}

static void put_locked(struct local_grants *grants, const struct vfs_cred *cred,
                       const struct grant *answer)
{
    struct grant *grant = grant_of(grants, cred);
    uint8_t asked = answer->asked, granted = answer->granted;

    if (!grant)
        grant = &grants->grants[grants->next++ % LIMIT_LOCAL_GRANTS];
    else if (grant->ctime_ns == answer->ctime_ns && grant->epoch == answer->epoch) {
        granted |= grant->granted & ~asked;
        asked |= grant->asked;
    }
    *grant = *answer;
    grant->asked = asked;
    grant->granted = granted;
    if (cred->gid_count > 0)
        memcpy(grant->gids, cred->gids, cred->gid_count * sizeof(cred->gids[0]));
}

void local_grant_keep(struct local_object *obj, const struct vfs_cred *cred, const struct statx *st,
                      const struct local_grant_look *look, int wanted, int granted)
{
    const struct local_fs *fs = local_fs_of(&obj->base);
    const struct vfs_cred *who = identity_of(fs, cred);
    struct grant answer = {.ctime_ns = local_ctime(st),
                           .epoch = look->epoch,
                           .asked = (uint8_t)wanted,
                           .granted = (uint8_t)granted,
                           .uid = who->uid,
                           .gid = who->gid,
                           .gid_count = who->gid_count};
    struct local_grants *grants;

    if (who->gid_count > LIMIT_LOCAL_GRANT_GIDS || !look->settled)
        return;
    grants = take_or_make(obj);
    if (!grants)
        return;
    put_locked(grants, who, &answer);
    give_back(grants);
}

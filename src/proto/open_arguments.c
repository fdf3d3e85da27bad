/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/open_arguments.h"

#define BIT(n) (1u << (n))

enum {
    WANT_SHIFT = 8, /* of the delegation that is wanted, a number in share_access */
};

/* Members in order of the RFC; bits are the values of the arguments. */
static const struct open_arguments4 common = {
    .oa_share_access = {.count = 1,
                        .words = {BIT(OPEN4_SHARE_ACCESS_READ) | BIT(OPEN4_SHARE_ACCESS_WRITE) |
                                  BIT(OPEN4_SHARE_ACCESS_BOTH)}},
    .oa_share_deny = {.count = 1,
                      .words = {BIT(OPEN4_SHARE_DENY_NONE) | BIT(OPEN4_SHARE_DENY_READ) |
                                BIT(OPEN4_SHARE_DENY_WRITE) | BIT(OPEN4_SHARE_DENY_BOTH)}},
    .oa_share_access_want =
        {.count = 1,
         .words = {BIT(OPEN_ARGS_SHARE_ACCESS_WANT_ANY_DELEG) |
                   BIT(OPEN_ARGS_SHARE_ACCESS_WANT_NO_DELEG) |
                   BIT(OPEN_ARGS_SHARE_ACCESS_WANT_CANCEL) |
                   BIT(OPEN_ARGS_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL)}},
    .oa_open_claim = {.count = 1,
                      .words = {BIT(CLAIM_NULL) | BIT(CLAIM_PREVIOUS) | BIT(CLAIM_DELEGATE_CUR) |
                                BIT(CLAIM_FH) | BIT(CLAIM_DELEG_CUR_FH)}},
    .oa_create_mode = {.count = 1,
                       .words = {BIT(UNCHECKED4) | BIT(GUARDED4) | BIT(EXCLUSIVE4) |
                                 BIT(EXCLUSIVE4_1)}},
};

/* Wishes that may be in vain, whether they are in the table or not: a delegation that comes later,
 * and (RFC 9754 §4, §5) what it should be like.  What came of them, the reply says. */
#define HINTS                                                                                      \
    (OPEN4_SHARE_ACCESS_WANT_SIGNAL_DELEG_WHEN_RESRC_AVAIL |                                       \
     OPEN4_SHARE_ACCESS_WANT_PUSH_DELEG_WHEN_UNCONTENDED | OPEN_ARGUMENTS_WANTS_MINOR2)

void open_arguments_get(const struct compound *c, struct open_arguments4 *out)
{
    *out = common;
    if (c->open_wants & OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS)
        out->oa_share_access_want.words[0] |= BIT(OPEN_ARGS_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS);
    if (c->open_wants & OPEN4_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION)
        out->oa_share_access_want.words[0] |= BIT(OPEN_ARGS_SHARE_ACCESS_WANT_OPEN_XOR_DELEGATION);
}

static bool has(const struct bitmap4 *bits, uint32_t value)
{
    return value < 32 && bits->words[0] & BIT(value);
}

/* WANT_READ_DELEG and WANT_WRITE_DELEG have no bits of their own: WANT_ANY_DELEG is both. */
static bool has_want(uint32_t access)
{
    uint32_t want = (access & OPEN4_SHARE_ACCESS_WANT_DELEG_MASK) >> WANT_SHIFT;

    if (want > OPEN_ARGS_SHARE_ACCESS_WANT_CANCEL)
        return false; /* the bits above are of flags, not of numbers */
    return want == 0 ||
           has(&common.oa_share_access_want, want < OPEN_ARGS_SHARE_ACCESS_WANT_ANY_DELEG
                                                 ? OPEN_ARGS_SHARE_ACCESS_WANT_ANY_DELEG
                                                 : want);
}

/* What the client held before the restart.  4.1 has no delegations with times. */
static bool is_reclaimable(const struct compound *c, enum open_delegation_type4 type)
{
    if (type == OPEN_DELEGATE_READ_ATTRS_DELEG || type == OPEN_DELEGATE_WRITE_ATTRS_DELEG)
        return (c->open_wants & OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS) != 0;
    return type <= OPEN_DELEGATE_WRITE;
}

enum nfsstat4 open_arguments_check(const struct compound *c, const struct OPEN4args *args)
{
    const uint32_t rest = args->share_access & ~(OPEN4_SHARE_ACCESS_WANT_DELEG_MASK | HINTS);

    if (!has(&common.oa_share_access, rest) || !has_want(args->share_access) ||
        !has(&common.oa_share_deny, args->share_deny))
        return NFS4ERR_INVAL;
    if (!has(&common.oa_open_claim, args->claim.claim))
        return NFS4ERR_NOTSUPP;
    if (args->claim.claim == CLAIM_PREVIOUS && !is_reclaimable(c, args->claim.delegate_type))
        return NFS4ERR_INVAL; /* there never was such a value */
    if (args->openhow.opentype == OPEN4_CREATE &&
        !has(&common.oa_create_mode, args->openhow.how.mode))
        return NFS4ERR_NOTSUPP;
    return NFS4_OK;
}

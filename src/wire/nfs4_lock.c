/* SPDX-License-Identifier: Apache-2.0 */
/* Byte-range locks and the upkeep of stateids. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_open_to_lock_owner4(struct xdr *x, struct open_to_lock_owner4 *v)
{
    xdr_u32(x, &v->open_seqid);
    wire_stateid4(x, &v->open_stateid);
    xdr_u32(x, &v->lock_seqid);
    wire_state_owner4(x, &v->lock_owner);
    return !x->failed;
}

bool wire_exist_lock_owner4(struct xdr *x, struct exist_lock_owner4 *v)
{
    wire_stateid4(x, &v->lock_stateid);
    xdr_u32(x, &v->lock_seqid);
    return !x->failed;
}

bool wire_locker4(struct xdr *x, struct locker4 *v)
{
    xdr_bool(x, &v->new_lock_owner);
    if (v->new_lock_owner)
        wire_open_to_lock_owner4(x, &v->open_owner);
    else
        wire_exist_lock_owner4(x, &v->lock_owner);
    return !x->failed;
}

bool wire_LOCK4args(struct xdr *x, struct LOCK4args *v)
{
    XDR_ENUM_RANGE(x, v->locktype, READ_LT, WRITEW_LT);
    xdr_bool(x, &v->reclaim);
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    wire_locker4(x, &v->locker);
    return !x->failed;
}

bool wire_LOCK4denied(struct xdr *x, struct LOCK4denied *v)
{
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    XDR_ENUM_RANGE(x, v->locktype, READ_LT, WRITEW_LT);
    wire_state_owner4(x, &v->owner);
    return !x->failed;
}

bool wire_LOCK4resok(struct xdr *x, struct LOCK4resok *v)
{
    wire_stateid4(x, &v->lock_stateid);
    return !x->failed;
}

bool wire_LOCKT4args(struct xdr *x, struct LOCKT4args *v)
{
    XDR_ENUM_RANGE(x, v->locktype, READ_LT, WRITEW_LT);
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    wire_state_owner4(x, &v->owner);
    return !x->failed;
}

bool wire_LOCKU4args(struct xdr *x, struct LOCKU4args *v)
{
    XDR_ENUM_RANGE(x, v->locktype, READ_LT, WRITEW_LT);
    xdr_u32(x, &v->seqid);
    wire_stateid4(x, &v->lock_stateid);
    xdr_u64(x, &v->offset);
    xdr_u64(x, &v->length);
    return !x->failed;
}

bool wire_RELEASE_LOCKOWNER4args(struct xdr *x, struct RELEASE_LOCKOWNER4args *v)
{
    wire_state_owner4(x, &v->lock_owner);
    return !x->failed;
}

bool wire_FREE_STATEID4args(struct xdr *x, struct FREE_STATEID4args *v)
{
    wire_stateid4(x, &v->fsa_stateid);
    return !x->failed;
}

bool wire_TEST_STATEID4args(struct xdr *x, struct TEST_STATEID4args *v)
{
    v->ts_stateids = xdr_array(x, &v->ts_stateids_count, LIMIT_WIRE_ARRAY, v->ts_stateids,
                               sizeof(*v->ts_stateids));
    for (uint32_t i = 0; i < v->ts_stateids_count && !x->failed; i++)
        wire_stateid4(x, &v->ts_stateids[i]);
    return !x->failed;
}

bool wire_TEST_STATEID4resok(struct xdr *x, struct TEST_STATEID4resok *v)
{
    v->tsr_status_codes = xdr_array(x, &v->tsr_status_codes_count, LIMIT_WIRE_ARRAY,
                                    v->tsr_status_codes, sizeof(*v->tsr_status_codes));
    for (uint32_t i = 0; i < v->tsr_status_codes_count && !x->failed; i++)
        XDR_ENUM(x, v->tsr_status_codes[i]);
    return !x->failed;
}

bool wire_LOCKU4resok(struct xdr *x, struct LOCKU4resok *v)
{
    return wire_stateid4(x, &v->lock_stateid);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The types that many operations share. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

/* Words beyond ours are read and dropped: there are no such attributes. */
bool wire_bitmap4(struct xdr *x, struct bitmap4 *v)
{
    uint32_t count = v->count;
    uint32_t word, beyond = 0;

    if (!xdr_u32(x, &count) || count > LIMIT_BITMAP_WIRE_WORDS) {
        if (x->op == XDR_DECODE)
            *v = (struct bitmap4){0};
        return xdr_fail(x);
    }
    for (uint32_t i = 0; i < count && i < LIMIT_BITMAP_WORDS; i++)
        xdr_u32(x, &v->words[i]);
    for (uint32_t i = LIMIT_BITMAP_WORDS; i < count; i++) {
        word = 0;
        xdr_u32(x, &word);
        beyond |= word;
    }
    if (x->op == XDR_DECODE) {
        v->beyond = beyond != 0;
        v->count = count < LIMIT_BITMAP_WORDS ? count : LIMIT_BITMAP_WORDS;
        for (uint32_t i = v->count; i < LIMIT_BITMAP_WORDS; i++)
            v->words[i] = 0;
    }
    return !x->failed;
}

bool wire_nfstime4(struct xdr *x, struct nfstime4 *v)
{
    xdr_i64(x, &v->seconds);
    xdr_u32(x, &v->nseconds);
    return !x->failed;
}

bool wire_settime4(struct xdr *x, struct settime4 *v)
{
    XDR_ENUM_RANGE(x, v->set_it, SET_TO_SERVER_TIME4, SET_TO_CLIENT_TIME4);
    if (v->set_it == SET_TO_CLIENT_TIME4)
        wire_nfstime4(x, &v->time);
    return !x->failed;
}

bool wire_fsid4(struct xdr *x, struct fsid4 *v)
{
    xdr_u64(x, &v->major);
    xdr_u64(x, &v->minor);
    return !x->failed;
}

bool wire_change_policy4(struct xdr *x, struct change_policy4 *v)
{
    xdr_u64(x, &v->cp_major);
    xdr_u64(x, &v->cp_minor);
    return !x->failed;
}

bool wire_nfsace4(struct xdr *x, struct nfsace4 *v)
{
    xdr_u32(x, &v->type);
    xdr_u32(x, &v->flag);
    xdr_u32(x, &v->access_mask);
    xdr_opaque(x, &v->who, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_mode_masked4(struct xdr *x, struct mode_masked4 *v)
{
    xdr_u32(x, &v->mm_value_to_set);
    xdr_u32(x, &v->mm_mask_bits);
    return !x->failed;
}

bool wire_specdata4(struct xdr *x, struct specdata4 *v)
{
    xdr_u32(x, &v->specdata1);
    xdr_u32(x, &v->specdata2);
    return !x->failed;
}

bool wire_netaddr4(struct xdr *x, struct netaddr4 *v)
{
    xdr_opaque(x, &v->na_r_netid, LIMIT_WIRE_OPAQUE_BYTES);
    xdr_opaque(x, &v->na_r_addr, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_fattr4(struct xdr *x, struct fattr4 *v)
{
    wire_bitmap4(x, &v->attrmask);
    xdr_opaque(x, &v->attr_vals, LIMIT_WIRE_OPAQUE_BYTES);
    return !x->failed;
}

bool wire_change_info4(struct xdr *x, struct change_info4 *v)
{
    xdr_bool(x, &v->atomic);
    xdr_u64(x, &v->before);
    xdr_u64(x, &v->after);
    return !x->failed;
}

bool wire_state_owner4(struct xdr *x, struct state_owner4 *v)
{
    xdr_u64(x, &v->clientid);
    xdr_opaque(x, &v->owner, NFS4_OPAQUE_LIMIT);
    return !x->failed;
}

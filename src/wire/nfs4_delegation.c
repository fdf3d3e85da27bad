/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations outside OPEN, of directories too. */
#include "wire/nfs4_codec.h"
#include "wire/xdr_enum.h"

bool wire_DELEGPURGE4args(struct xdr *x, struct DELEGPURGE4args *v)
{
    xdr_u64(x, &v->clientid);
    return !x->failed;
}

bool wire_DELEGRETURN4args(struct xdr *x, struct DELEGRETURN4args *v)
{
    wire_stateid4(x, &v->deleg_stateid);
    return !x->failed;
}

bool wire_deleg_claim4(struct xdr *x, struct deleg_claim4 *v)
{
    XDR_ENUM(x, v->dc_claim);
    switch (v->dc_claim) {
    case CLAIM_FH:
    case CLAIM_DELEG_PREV_FH:
        break;
    case CLAIM_PREVIOUS:
        XDR_ENUM_RANGE(x, v->dc_delegate_type, OPEN_DELEGATE_NONE, OPEN_DELEGATE_WRITE_ATTRS_DELEG);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

bool wire_WANT_DELEGATION4args(struct xdr *x, struct WANT_DELEGATION4args *v)
{
    xdr_u32(x, &v->wda_want);
    wire_deleg_claim4(x, &v->wda_claim);
    return !x->failed;
}

bool wire_GET_DIR_DELEGATION4args(struct xdr *x, struct GET_DIR_DELEGATION4args *v)
{
    xdr_bool(x, &v->gdda_signal_deleg_avail);
    wire_bitmap4(x, &v->gdda_notification_types);
    wire_nfstime4(x, &v->gdda_child_attr_delay);
    wire_nfstime4(x, &v->gdda_dir_attr_delay);
    wire_bitmap4(x, &v->gdda_child_attributes);
    wire_bitmap4(x, &v->gdda_dir_attributes);
    return !x->failed;
}

bool wire_GET_DIR_DELEGATION4resok(struct xdr *x, struct GET_DIR_DELEGATION4resok *v)
{
    xdr_fixed(x, v->gddr_cookieverf, NFS4_VERIFIER_SIZE);
    wire_stateid4(x, &v->gddr_stateid);
    wire_bitmap4(x, &v->gddr_notification);
    wire_bitmap4(x, &v->gddr_child_attributes);
    wire_bitmap4(x, &v->gddr_dir_attributes);
    return !x->failed;
}

bool wire_GET_DIR_DELEGATION4res_non_fatal(struct xdr *x,
                                           struct GET_DIR_DELEGATION4res_non_fatal *v)
{
    XDR_ENUM(x, v->gddrnf_status);
    switch (v->gddrnf_status) {
    case GDD4_OK:
        wire_GET_DIR_DELEGATION4resok(x, &v->gddrnf_resok4);
        break;
    case GDD4_UNAVAIL:
        xdr_bool(x, &v->gddrnf_will_signal_deleg_avail);
        break;
    default:
        return xdr_fail(x);
    }
    return !x->failed;
}

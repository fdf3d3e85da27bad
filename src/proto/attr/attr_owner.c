/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/attr/attr_owner.h"

enum nfsstat4 attr_owner_parse(const struct wire_opaque *text, uint32_t *id)
{
    uint64_t v = 0;
    uint32_t i = 0;

    if (text->len == 0)
        return NFS4ERR_INVAL;
    for (; i < text->len && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        v = v * 10 + (uint64_t)(text->data[i] - '0');
        if (v > UINT32_MAX - 1)
            return NFS4ERR_BADOWNER;
    }
    if (i == 0 || (i < text->len && text->data[i] != '@'))
        return NFS4ERR_BADOWNER;
    *id = (uint32_t)v;
    return NFS4_OK;
}

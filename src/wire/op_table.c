/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/op_table.h"

#include <stddef.h>

#include "base/check.h"

static const struct op_info table[] = {
#define X(number, name, first, last, flags, bound) [number] = {#name, first, last, flags, bound},
    NFS4_OPS(X)
#undef X
};

#define X(number, name, first, last, flags, bound)                                                 \
    _Static_assert(OP_##name == (number), "the table and the enum agree");
NFS4_OPS(X)
#undef X

const struct op_info *op_info(uint32_t opnum)
{
    if (opnum >= ARRAY_SIZE(table) || !table[opnum].name)
        return NULL;
    return &table[opnum];
}

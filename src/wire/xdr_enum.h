/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerations in filters; private to wire/. */
#pragma once

#include "wire/xdr.h"

/* Any value: an unknown one is the caller's to judge. */
#define XDR_ENUM(x, field)                                                                         \
    do {                                                                                           \
        uint32_t word = (uint32_t)(field);                                                         \
        xdr_u32(x, &word);                                                                         \
        (field) = word;                                                                            \
    } while (0)

/* Values from `first` to `last`; others fail. */
#define XDR_ENUM_RANGE(x, field, first, last)                                                      \
    do {                                                                                           \
        XDR_ENUM(x, field);                                                                        \
        if ((uint32_t)(field) - (uint32_t)(first) > (uint32_t)(last) - (uint32_t)(first))          \
            xdr_fail(x);                                                                           \
    } while (0)

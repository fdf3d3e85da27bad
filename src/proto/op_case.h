/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of a processor's switch over operations: decode the arguments and call the handler.  To be
 * used in a function that has `c`, the struct compound, and `x`, the processor's own compound.
 */
#pragma once

#include "proto/compound.h"
#include "wire/nfs4_codec.h"

/* A handler of ops/, with arguments and without. */
#define OP_SHARED(TYPE, handler)                                                                   \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? handler(c, &args) : compound_undecoded(c);       \
    }
#define OP_SHARED_VOID(TYPE, handler)                                                              \
    case OP_##TYPE:                                                                                \
        return handler(c);

/* A handler of the processor's own folder. */
#define OP_OWN(TYPE, handler)                                                                      \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? handler(x, &args) : compound_undecoded(c);       \
    }

/* Consume the arguments and return an error. */
#define OP_REFUSED(TYPE, status)                                                                   \
    case OP_##TYPE: {                                                                              \
        struct TYPE##4args args;                                                                   \
        return wire_##TYPE##4args(c->in, &args) ? (status) : compound_undecoded(c);                \
    }

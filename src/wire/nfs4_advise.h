/* SPDX-License-Identifier: Apache-2.0 */
/* Results of IO_ADVISE and WRITE_SAME (RFC 7862 §15.5, §15.12; their arguments: nfs4_minor2.h). */
#pragma once

#include "wire/nfs4_minor2.h"

struct IO_ADVISE4resok {
    struct bitmap4 ior_hints;
};

/* A write_response4 whose work is done: without wr_callback_id, which would name an asynchronous
 * one. */
struct WRITE_SAME4resok {
    uint64_t wr_count;
    enum stable_how4 wr_committed;
    uint8_t wr_writeverf[NFS4_VERIFIER_SIZE];
};

bool wire_IO_ADVISE4resok(struct xdr *x, struct IO_ADVISE4resok *v);

/* Decoding fails for an asynchronous reply. */
bool wire_WRITE_SAME4resok(struct xdr *x, struct WRITE_SAME4resok *v);

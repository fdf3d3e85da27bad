/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of a CB_COMPOUND behind CB_SEQUENCE, as the client's end decodes and answers
 * them. */
#pragma once

#include "client/client_callback.h"

/* The arguments; false when they are not whole, or the operation is not known. */
bool client_callback_op_get(struct xdr *x, struct client_callback_op *op);

/* The result: op->status, and what follows when that is NFS4_OK. */
void client_callback_op_put(struct xdr *x, const struct client_callback_op *op,
                            const struct nfs4_attrs *attrs);

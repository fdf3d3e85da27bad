/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of a CB_COMPOUND after CB_SEQUENCE, decoded and answered by the client. */
#pragma once

#include "client/client_callback.h"

/* Decode the arguments; those of CB_NOTIFY into `notify`, too.  False if they are incomplete, or
 * the operation is unknown. */
bool client_callback_op_get(struct xdr *x, struct client_callback_op *op,
                            struct CB_NOTIFY4args *notify);

/* Encode the result: op->status, and what follows if that is NFS4_OK. */
void client_callback_op_put(struct xdr *x, const struct client_callback_op *op,
                            const struct client_callbacks *cbs);

/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes in notices of what changes in a delegated directory (CB_NOTIFY, RFC 8881 §20.4). */
#pragma once

#include <stdbool.h>

#include "wire/nfs4_types.h"
#include "wire/xdr.h"

struct delegation_notice;

/* For struct callback_notify_hook; `context` is the struct server.  The values are those of
 * READDIR. */
bool attr_notice_encode(const struct delegation_notice *notice, const struct bitmap4 *want,
                        struct xdr *out, void *context);

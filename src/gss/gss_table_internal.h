/* SPDX-License-Identifier: Apache-2.0 */
/* What makes contexts does with the table, for src/gss alone. */
#pragma once

#include "gss/gss_context_internal.h"
#include "gss/gss_table.h"

/* Add a context that nobody else knows yet; the table takes its own reference.  Others may go.
 * False: no memory. */
bool gss_table_add(struct gss_table *table, struct gss_context *context, uint64_t address,
                   int64_t now_ns) MUST_USE;

/* A context was established: count it. */
void gss_table_made(struct gss_table *table);

/* When a context ends whose ticket is good for so long: with 0 it has ended. */
int64_t gss_table_expires_ns(const struct gss_table *table, int64_t now_ns, uint32_t ticket_s);

/* It came to nothing. */
void gss_table_abandon(struct gss_table *table, struct gss_context *context);

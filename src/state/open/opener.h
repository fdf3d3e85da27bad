/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who opened what a client has open, by principal.  RENEW of 4.0 asks whether a principal has an
 * open, and must not look at all opens for that, of which a client may have very many.
 *
 * The opens of one principal are a ring; one of them, its first, is in a table.  So no memory is
 * needed that an OPEN could fail to get.  Opens of 4.1 and later are in no ring.
 *
 * All functions are called with owner_table.lock held.
 */
#pragma once

#include "state/file/open_record.h"
#include "state/file/owner.h"

/* The open was opened by this principal, perhaps after another one. */
void opener_set_locked(struct owner_table *table, struct open *open,
                       struct client_principal principal);

/* The open leaves its client. */
void opener_drop_locked(struct owner_table *table, struct open *open);

/* Has the principal an open? */
bool opener_has_open_locked(const struct owner_table *table, struct client_principal principal);

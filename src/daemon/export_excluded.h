/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that a changed export no longer admits.  PUTFH answers them NFS4ERR_STALE (RFC 8881 §15.2
 * has no ACCESS for it), or NFS4ERR_WRONGSEC if it takes only Kerberos now and they have none, or
 * only connections that are better secured than theirs.  So they cannot close what they have open:
 * it is revoked, as it would keep others out for as long as they renew their leases.
 */
#pragma once

#include "daemon/export_entry.h"

/* Revoke what such clients have open in `fs`.  A client of 4.1 is admitted if one of its
 * connections is, any other by the address that it came from.  One that registered by Kerberos can
 * come with that, and so can whoever opened a file with it; whoever opened a file over TLS, with a
 * certificate or without, can come over that.  Calls backends, waits for the
 * disk. */
void export_excluded_revoke(struct exports *exports, const struct vfs *fs);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State protection by a machine credential, SP4_MACH_CRED (RFC 8881 §2.10.8.3): only the principal
 * that registered the client may make, bind and end its sessions, and it may do some things for its
 * users, whose own credentials may have expired.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "state/client/client_caller.h"
#include "wire/nfs4_types.h"

struct client;

/* Sets of operations: bit n is the operation n.  Both are empty without protection. */
struct client_protection {
    bool machine;      /* SP4_MACH_CRED, else SP4_NONE */
    uint64_t enforced; /* operations that need the machine credential */
    uint64_t allowed;  /* operations that it may be used for, whatever the export demands */
};

/* What a client that asks for protection gets.  INVAL: SP4_MACH_CRED needs integrity or privacy;
 * ENCR_ALG_UNSUPP, INVAL: there is no SP4_SSV (§18.35.3). */
enum nfsstat4 client_protection_negotiate(const struct state_protect4_a *asked,
                                          const struct client_caller *caller,
                                          struct client_protection *granted) MUST_USE;

/* For the reply. */
void client_protection_encode(const struct client_protection *protection,
                              struct state_protect4_r *out);

/* May the caller do what only the machine credential may do?  True for all without protection. */
bool client_protection_admits(const struct client *client,
                              const struct client_caller *caller) MUST_USE;

/* SPDX-License-Identifier: Apache-2.0 */
/* Kerberos on the server: its keys, its contexts, and the transport's way to them. */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "transport/transport.h"

struct config;
struct gss_credential;
struct identity_cache;

struct kerberos {
    struct gss_credential *credential;
    struct identity_cache *identities; /* are told the realm, whenever it is known */
    struct transport_gss gss;          /* for the transport's configuration */
};

/* Says if there are no keys: clients are refused until there are.  May wait for the keytab's file
 * system.  False without memory. */
bool kerberos_open(struct kerberos *kerberos, const struct config *config,
                   struct identity_cache *identities) MUST_USE;

/* Once a second. */
void kerberos_tick(struct kerberos *kerberos, int64_t now_ns);

/* After the transport is destroyed.  It need not have been opened. */
void kerberos_close(struct kerberos *kerberos);

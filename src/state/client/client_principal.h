/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The principal of a request, as state/ compares it: one 64-bit value, so that slots and opens can
 * keep it in one word.
 *
 *     bit 63 clear   AUTH_NONE or AUTH_SYS << 32 | uid
 *     bit 63 set     RPCSEC_GSS: a 63-bit hash of the exported name, keyed anew by each process
 *
 * It means something in this process only: what outlives the process uses names (recovery.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/rpc_msg.h"

struct client_principal {
    uint64_t value;
};

#define CLIENT_PRINCIPAL_GSS (UINT64_C(1) << 63)
#define CLIENT_PRINCIPAL_NOBODY 65534u

/* Initializes the principal of a caller with AUTH_SYS. */
#define CLIENT_PRINCIPAL_SYS(uid)                                                                  \
    {                                                                                              \
        (uint64_t) AUTH_SYS << 32 | (uid)                                                          \
    }

/* A caller with AUTH_NONE or AUTH_SYS. */
static inline struct client_principal client_principal_plain(uint32_t flavor, uint32_t uid)
{
    return (struct client_principal){(uint64_t)flavor << 32 | uid};
}

/* A caller with RPCSEC_GSS; `id` has 63 bits. */
static inline struct client_principal client_principal_gss(uint64_t id)
{
    return (struct client_principal){CLIENT_PRINCIPAL_GSS | id};
}

static inline bool client_principal_is_gss(struct client_principal principal)
{
    return (principal.value & CLIENT_PRINCIPAL_GSS) != 0;
}

/* AUTH_NONE, AUTH_SYS or RPCSEC_GSS. */
static inline uint32_t client_principal_flavor(struct client_principal principal)
{
    return client_principal_is_gss(principal) ? RPCSEC_GSS : (uint32_t)(principal.value >> 32);
}

/* Of AUTH_SYS; CLIENT_PRINCIPAL_NOBODY of the others. */
static inline uint32_t client_principal_uid(struct client_principal principal)
{
    return client_principal_flavor(principal) == AUTH_SYS ? (uint32_t)principal.value
                                                          : CLIENT_PRINCIPAL_NOBODY;
}

static inline bool client_principal_equal(struct client_principal a, struct client_principal b)
{
    return a.value == b.value;
}

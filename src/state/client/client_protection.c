/* SPDX-License-Identifier: Apache-2.0 */
#include "state/client/client_protection.h"

#include <string.h>

#include "state/client/client.h"

#define OP_BIT(op) (UINT64_C(1) << (op))

/* All that make, bind or end what belongs to a client; enforced even if not all are asked for:
 * §18.35.3 lets the result differ. */
#define ENFORCED                                                                                   \
    (OP_BIT(OP_BIND_CONN_TO_SESSION) | OP_BIT(OP_EXCHANGE_ID) | OP_BIT(OP_CREATE_SESSION) |        \
     OP_BIT(OP_DESTROY_SESSION) | OP_BIT(OP_DESTROY_CLIENTID))

/* Not supported, but its enforcement has to be confirmed (§18.35.3). */
#define ENFORCED_IF_ASKED OP_BIT(OP_DELEGPURGE)

/* Ends of what users have begun.  With WRITE and COMMIT nothing that they have written is lost when
 * their tickets expire. */
#define ALLOWED                                                                                    \
    (OP_BIT(OP_CLOSE) | OP_BIT(OP_COMMIT) | OP_BIT(OP_DELEGRETURN) | OP_BIT(OP_LOCKU) |            \
     OP_BIT(OP_OPEN_DOWNGRADE) | OP_BIT(OP_SECINFO) | OP_BIT(OP_WRITE) | OP_BIT(OP_FREE_STATEID) | \
     OP_BIT(OP_SECINFO_NO_NAME) | OP_BIT(OP_TEST_STATEID))

/* Those below 64: the sets contain no others. */
static uint64_t set_of(const struct bitmap4 *map)
{
    return map->words[0] | (uint64_t)map->words[1] << 32;
}

static void set_encode(uint64_t set, struct bitmap4 *map)
{
    memset(map, 0, sizeof(*map));
    for (uint32_t op = 0; op < 64; op++) {
        if (set >> op & 1)
            bitmap4_set(map, op);
    }
}

static enum nfsstat4 machine_negotiate(const struct state_protect_ops4 *asked,
                                       const struct client_caller *caller,
                                       struct client_protection *granted)
{
    if (!client_principal_is_gss(caller->principal) || !caller->integrity)
        return NFS4ERR_INVAL;
    granted->machine = true;
    granted->enforced = ENFORCED | (set_of(&asked->spo_must_enforce) & ENFORCED_IF_ASKED);
    granted->allowed = ALLOWED & set_of(&asked->spo_must_allow);
    return NFS4_OK;
}

static enum nfsstat4 ssv_refuse(const struct ssv_sp_parms4 *asked)
{
    if (asked->ssp_hash_algs_count == 0 || asked->ssp_encr_algs_count == 0 ||
        asked->ssp_window == 0)
        return NFS4ERR_INVAL;
    return NFS4ERR_ENCR_ALG_UNSUPP;
}

enum nfsstat4 client_protection_negotiate(const struct state_protect4_a *asked,
                                          const struct client_caller *caller,
                                          struct client_protection *granted)
{
    memset(granted, 0, sizeof(*granted));
    switch (asked->spa_how) {
    case SP4_NONE:
        return NFS4_OK;
    case SP4_MACH_CRED:
        return machine_negotiate(&asked->spa_mach_ops, caller, granted);
    case SP4_SSV:
        return ssv_refuse(&asked->spa_ssv_parms);
    }
    return NFS4ERR_INVAL;
}

void client_protection_encode(const struct client_protection *protection,
                              struct state_protect4_r *out)
{
    memset(out, 0, sizeof(*out));
    out->spr_how = protection->machine ? SP4_MACH_CRED : SP4_NONE;
    if (!protection->machine)
        return;
    set_encode(protection->enforced, &out->spr_mach_ops.spo_must_enforce);
    set_encode(protection->allowed, &out->spr_mach_ops.spo_must_allow);
}

bool client_protection_admits(const struct client *client, const struct client_caller *caller)
{
    return !client->protection.machine ||
           (caller->integrity &&
            client_principal_equal(client->caller.principal, caller->principal));
}

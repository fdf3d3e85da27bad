/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/kerberos.h"

#include "admin/config/config.h"
#include "gss/gss_accept.h"
#include "gss/gss_credential.h"
#include "gss/gss_principal.h"
#include "gss/gss_table.h"
#include "identity/identity_cache.h"
#include "vfs/vfs_identity.h"

enum {
    WHY_BYTES = 512
};

static void realm_tell(struct kerberos *kerberos)
{
    char realm[LIMIT_GSS_NAME_BYTES];

    if (gss_credential_realm(kerberos->credential, realm, sizeof(realm)))
        identity_cache_realm_add(kerberos->identities, realm);
}

/* The keytab may have come after the start.  Before a machine's first call it is settled whether it
 * is of the server's realm. */
static void hook_seen(const struct gss_principal *principal, void *context)
{
    if (principal->machine)
        realm_tell(context);
}

bool kerberos_open(struct kerberos *kerberos, const struct config *config,
                   struct identity_cache *identities)
{
    struct transport_gss *gss = &kerberos->gss;
    char why[WHY_BYTES];

    gss->begin = vfs_own_identity_begin;
    gss->end = vfs_own_identity_end;
    gss->seen = hook_seen;
    gss->context = kerberos;
    kerberos->identities = identities;
    kerberos->credential = gss_credential_create(config->keytab);
    gss->table = gss_table_create(&(struct gss_table_settings){0});
    if (kerberos->credential && gss->table)
        gss->acceptor = gss_acceptor_create(kerberos->credential, gss->table);
    if (!gss->acceptor)
        return false;
    (void)gss_credential_is_usable(kerberos->credential, why, sizeof(why)); /* which logs it */
    realm_tell(kerberos);
    return true;
}

void kerberos_tick(struct kerberos *kerberos, int64_t now_ns)
{
    gss_table_tick(kerberos->gss.table, now_ns);
}

void kerberos_close(struct kerberos *kerberos)
{
    struct transport_gss *gss = &kerberos->gss;

    if (gss->acceptor)
        gss_acceptor_destroy(gss->acceptor);
    if (gss->table)
        gss_table_destroy(gss->table);
    if (kerberos->credential)
        gss_credential_destroy(kerberos->credential);
    *kerberos = (struct kerberos){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_reach.h"

#include <stdio.h>

#include "admin/config/config.h"
#include "base/log.h"
#include "export/export.h"
#include "gss/gss_credential.h"

enum {
    WHY_BYTES = 512
};

static bool wants_kerberos(const struct export_security *security)
{
    return !export_security_has_flavor(security, SECURITY_SYS) &&
           !export_security_has_flavor(security, SECURITY_NONE);
}

static const char *tls_lacks(const struct config *config, const struct export_security *security)
{
    enum export_xprtsec weakest = export_security_weakest(security);

    if (weakest != XPRTSEC_NONE && !config->tls.cert)
        return "xprtsec takes only connections with TLS: give --tls-cert and --tls-key";
    if (weakest == XPRTSEC_MTLS && !config->tls.ca)
        return "xprtsec takes only clients with a certificate: give --tls-ca with the CA that "
               "signs them";
    return NULL;
}

static void tell(const struct export_spec *spec, const char *why)
{
    log_warn("export.unreachable", LOG_STR("path", spec->path), LOG_STR("why", why));
}

static void tell_keytab(const struct export_spec *spec, struct gss_credential *credential)
{
    char why[WHY_BYTES], text[WHY_BYTES + 64];

    if (gss_credential_is_usable(credential, why, sizeof(why)))
        return;
    (void)snprintf(text, sizeof(text), "sec takes only callers with Kerberos, but %s", why);
    tell(spec, text);
}

void export_reach_tell(const struct config *config, struct gss_credential *credential)
{
    struct gss_credential *own = credential ? NULL : gss_credential_create(config->keytab);

    if (own)
        credential = own;
    for (uint32_t i = 0; i < config->export_count; i++) {
        const struct export_spec *spec = &config->exports[i];
        const char *lacks = tls_lacks(config, &spec->security);

        if (lacks)
            tell(spec, lacks);
        if (credential && wants_kerberos(&spec->security))
            tell_keytab(spec, credential);
    }
    if (own)
        gss_credential_destroy(own);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_name.h"

#include <string.h>

#include <gssapi/gssapi_krb5.h>

#include "base/limits.h"
#include "gss/gss_principal.h"

struct gss_principal *gss_name_principal(gss_name_t name)
{
    gss_buffer_desc shown = GSS_C_EMPTY_BUFFER, exported = GSS_C_EMPTY_BUFFER;
    struct gss_principal *principal = NULL;
    char text[LIMIT_GSS_NAME_BYTES];
    OM_uint32 minor;

    if (gss_display_name(&minor, name, &shown, NULL) == GSS_S_COMPLETE &&
        gss_export_name(&minor, name, &exported) == GSS_S_COMPLETE && shown.length < sizeof(text) &&
        !memchr(shown.value, '\0', shown.length)) {
        memcpy(text, shown.value, shown.length);
        text[shown.length] = '\0';
        principal = gss_principal_create(text, exported.value, exported.length);
    }
    (void)gss_release_buffer(&minor, &shown);
    (void)gss_release_buffer(&minor, &exported);
    return principal;
}

struct gss_principal *gss_name_parse(const char *text)
{
    gss_buffer_desc given = {.length = strlen(text), .value = (void *)text};
    gss_name_t any = GSS_C_NO_NAME, name = GSS_C_NO_NAME;
    struct gss_principal *principal = NULL;
    OM_uint32 minor;

    if (gss_import_name(&minor, &given, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &any) ==
            GSS_S_COMPLETE &&
        gss_canonicalize_name(&minor, any, (gss_OID)gss_mech_krb5, &name) == GSS_S_COMPLETE)
        principal = gss_name_principal(name);
    (void)gss_release_name(&minor, &any);
    (void)gss_release_name(&minor, &name);
    return principal;
}

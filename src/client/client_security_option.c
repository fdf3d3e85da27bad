/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_security_option.h"

#include <string.h>

const char *client_security_option_parse(const struct client_security_option *option,
                                         struct client_security *security)
{
    memset(security, 0, sizeof(*security));
    if (option->sec && !client_sec_parse(option->sec, &security->sec))
        return "--sec is one of sys, none, krb5, krb5i, krb5p";
    if (!option->tls && (option->ca || option->cert || option->key || option->name))
        return "--tls-ca, --tls-cert, --tls-key and --tls-name go with --tls only";
    if (option->key && !option->cert)
        return "--tls-key goes with --tls-cert only";
    if (option->tls)
        security->xprtsec = option->cert ? CLIENT_XPRTSEC_MTLS : CLIENT_XPRTSEC_TLS;
    security->tls.ca = option->ca;
    security->tls.cert = option->cert;
    security->tls.key = option->key;
    security->tls.name = option->name;
    return NULL;
}

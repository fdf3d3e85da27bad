/* SPDX-License-Identifier: Apache-2.0 */
#include "over_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pki.h"

static struct pki pki;
static char ca[PKI_PATH_BYTES], cert[PKI_PATH_BYTES], key[PKI_PATH_BYTES];
static const struct client_security mutual = {
    .xprtsec = CLIENT_XPRTSEC_MTLS,
    .tls = {.ca = ca, .cert = cert, .key = key, .name = "localhost"},
};

static void remove_all(void)
{
    pki_destroy(&pki);
}

static void make_all(void)
{
    const char *before = getenv("MAINSTAY_SERVER_OPTIONS");
    char options[256], server[PKI_PATH_BYTES], server_key[PKI_PATH_BYTES];

    pki_create(&pki);
    (void)atexit(remove_all);
    (void)pki_path(&pki, "ca.pem", ca);
    (void)pki_path(&pki, "client1.pem", cert);
    (void)pki_path(&pki, "client1.key", key);
    (void)snprintf(options, sizeof(options), "%s --tls-cert %s --tls-key %s --tls-ca %s",
                   before ? before : "", pki_path(&pki, "server.pem", server),
                   pki_path(&pki, "server.key", server_key), ca);
    (void)setenv("MAINSTAY_SERVER_OPTIONS", options, 1);
}

const struct client_security *over_tls(void)
{
    const char *how = getenv("MAINSTAY_OVER");

    if (!how || strcmp(how, "tls") != 0)
        return NULL;
    if (!*ca)
        make_all();
    return &mutual;
}

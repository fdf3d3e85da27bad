/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tls_setup.h"

#include <stdio.h>
#include <time.h>

#include "admin/config/config.h"
#include "admin/http/http_tls.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/log.h"
#include "daemon/admin.h"
#include "daemon/console.h"
#include "tls/tls_context.h"
#include "tls/tls_kernel.h"
#include "tls/tls_memory.h"
#include "transport/transport.h"

enum {
    TIME_BYTES = 32
};

bool tls_setup_fits(const struct config *config)
{
    const struct config_tls *tls = &config->tls;

    if (tls->cert && !tls->key)
        console_error("--tls-cert (tls.cert) needs --tls-key (tls.key)");
    else if (!tls->cert && (tls->key || tls->ca || tls->crl))
        console_error("TLS needs --tls-cert (tls.cert), the certificate of the server");
    else if (tls->crl && !tls->ca)
        console_error("--tls-crl (tls.crl) needs --tls-ca (tls.ca): the lists of which CAs are "
                      "they?");
    else
        return true;
    return false;
}

static bool context_read(const struct config *config, struct tls_loaded *loaded, char *why,
                         size_t size)
{
    const struct tls_files files = {.cert = config->tls.cert,
                                    .key = config->tls.key,
                                    .ca = config->tls.ca,
                                    .crl = config->tls.crl,
                                    .offload = config->tls.offload};
    enum admin_tls admin = config->admin.tls;

    *loaded = (struct tls_loaded){0};
    errand_place(files.cert);
    loaded->context = tls_context_create(&files, why, size);
    errand_place(NULL);
    if (loaded->context && admin != ADMIN_TLS_OFF)
        loaded->admin = http_tls_create(loaded->context, admin == ADMIN_TLS_MUTUAL, why, size);
    if (loaded->context && (loaded->admin || admin == ADMIN_TLS_OFF))
        return true;
    tls_setup_drop(loaded);
    return false;
}

void tls_setup_drop(struct tls_loaded *loaded)
{
    http_tls_put(loaded->admin);
    tls_context_put(loaded->context);
    *loaded = (struct tls_loaded){0};
}

bool tls_setup_read(const struct config *config, struct tls_loaded *loaded, char *error,
                    size_t size)
{
    char why[TLS_WHY_BYTES];

    *loaded = (struct tls_loaded){0};
    if (!config->tls.cert || context_read(config, loaded, why, sizeof(why)))
        return true;
    (void)snprintf(error, size, "tls: %s; the certificates stay as they were", why);
    log_error("tls.load", LOG_STR("error", why), LOG_STR("note", "all stays as it was"));
    return false;
}

/* A certificate that has expired is for clients to refuse: plain ones may go on. */
static void tell(const struct tls_context *context, const struct config *config)
{
    time_t until = (time_t)tls_context_not_after_s(context);
    const char *sender = tls_context_offloads(context) ? "kernel" : "server";
    char text[TIME_BYTES];
    struct tm tm;

    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&until, &tm));
    if (until < time(NULL))
        log_warn("tls.load", LOG_STR("cert", config->tls.cert), LOG_STR("until", text),
                 LOG_STR("sender", sender),
                 LOG_STR("note", "the certificate has expired: clients will refuse it"));
    else
        log_info("tls.load", LOG_STR("cert", config->tls.cert), LOG_STR("until", text),
                 LOG_STR("sender", sender));
}

bool tls_setup_check(const struct config *config)
{
    struct tls_loaded loaded;
    char why[TLS_WHY_BYTES];

    if (!config->tls.cert)
        return true;
    if (!context_read(config, &loaded, why, sizeof(why))) {
        console_error("%s", why);
        return false;
    }
    tell(loaded.context, config);
    tls_setup_drop(&loaded);
    return true;
}

/* Without TLS in the kernel the server encrypts: contexts ask again whether it is there. */
void tls_setup_prepare(const struct config *config)
{
    if (config->tls.cert && config->tls.offload)
        (void)tls_kernel_is_able();
}

bool tls_setup_start(const struct config *config, struct transport *transport,
                     struct http_tls **admin)
{
    struct tls_loaded loaded;
    char why[TLS_WHY_BYTES];

    *admin = NULL;
    if (!config->tls.cert)
        return true;
    if (!context_read(config, &loaded, why, sizeof(why))) {
        console_error("%s", why);
        return false;
    }
    if (!tls_memory_is_counted())
        log_warn("tls.memory", LOG_STR("note", "OpenSSL was in use before the server began: its "
                                               "memory is not counted"));
    tell(loaded.context, config);
    CHECK(transport_tls_set(transport, loaded.context)); /* no other one was read before */
    *admin = loaded.admin;
    loaded.admin = NULL;
    tls_setup_drop(&loaded);
    return true;
}

/* What was read last remains at both, in whatever order they get it.  The transport's connections
 * come at the end, as that takes long. */
static bool put_into_effect(const struct tls_loaded *loaded, struct transport *transport,
                            struct admin *admin)
{
    if (!transport_tls_replace(transport, loaded->context))
        return false;
    if (loaded->admin)
        admin_tls_set(admin, loaded->admin);
    transport_tls_verify(transport);
    return true;
}

bool tls_setup_apply(struct tls_loaded *loaded, const struct config *config,
                     struct transport *transport, struct admin *admin)
{
    bool applied;

    if (!loaded->context)
        return true;
    applied = put_into_effect(loaded, transport, admin);
    if (applied)
        tell(loaded->context, config);
    else
        log_info("tls.load", LOG_STR("cert", config->tls.cert),
                 LOG_STR("note", "a reload that began later has read the files already"));
    tls_setup_drop(loaded);
    return applied;
}

void tls_setup_reload(const struct config *config, struct transport *transport, struct admin *admin)
{
    char error[TLS_WHY_BYTES * 2];
    struct tls_loaded loaded;

    (void)!tls_setup_read(config, &loaded, error, sizeof(error));
    if (errand_is_abandoned())
        tls_setup_drop(&loaded);
    else if (!tls_setup_apply(&loaded, config, transport, admin))
        return; /* a later one is in force, which is as good */
}

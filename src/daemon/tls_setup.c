/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tls_setup.h"

#include <stdio.h>
#include <time.h>

#include "admin/config/config.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/log.h"
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

static struct tls_context *context_read(const struct config *config, char *error, size_t size)
{
    const struct tls_files files = {.cert = config->tls.cert,
                                    .key = config->tls.key,
                                    .ca = config->tls.ca,
                                    .crl = config->tls.crl,
                                    .offload = config->tls.offload};
    struct tls_context *context;

    errand_place(files.cert);
    context = tls_context_create(&files, error, size);
    errand_place(NULL);
    return context;
}

struct tls_context *tls_setup_read(const struct config *config, bool *good, char *error,
                                   size_t size)
{
    struct tls_context *context = NULL;
    char why[TLS_WHY_BYTES];

    *good = true;
    if (!config->tls.cert)
        return NULL;
    context = context_read(config, why, sizeof(why));
    *good = context != NULL;
    if (context)
        return context;
    (void)snprintf(error, size, "tls: %s; the certificates stay as they were", why);
    log_error("tls.load", LOG_STR("error", why), LOG_STR("note", "all stays as it was"));
    return NULL;
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
    struct tls_context *context;
    char why[TLS_WHY_BYTES];

    if (!config->tls.cert)
        return true;
    context = context_read(config, why, sizeof(why));
    if (context)
        tell(context, config);
    else
        console_error("%s", why);
    tls_context_put(context);
    return context != NULL;
}

/* Without TLS in the kernel the server encrypts: contexts ask again whether it is there. */
void tls_setup_prepare(const struct config *config)
{
    if (config->tls.cert && config->tls.offload)
        (void)tls_kernel_is_able();
}

bool tls_setup_start(const struct config *config, struct transport *transport)
{
    struct tls_context *context;
    char why[TLS_WHY_BYTES];

    if (!config->tls.cert)
        return true;
    context = context_read(config, why, sizeof(why));
    if (!context) {
        console_error("%s", why);
        return false;
    }
    if (!tls_memory_is_counted())
        log_warn("tls.memory", LOG_STR("note", "OpenSSL was in use before the server began: its "
                                               "memory is not counted"));
    return tls_setup_apply(context, config, transport);
}

bool tls_setup_apply(struct tls_context *context, const struct config *config,
                     struct transport *transport)
{
    bool applied;

    if (!context)
        return true;
    applied = transport_tls_set(transport, context);
    if (applied)
        tell(context, config);
    else
        log_info("tls.load", LOG_STR("cert", config->tls.cert),
                 LOG_STR("note", "a reload that began later has read the files already"));
    tls_context_put(context);
    return applied;
}

void tls_setup_reload(const struct config *config, struct transport *transport)
{
    char error[TLS_WHY_BYTES * 2];
    struct tls_context *context;
    bool good;

    context = tls_setup_read(config, &good, error, sizeof(error));
    if (errand_is_abandoned())
        tls_context_put(context);
    else if (!tls_setup_apply(context, config, transport))
        return; /* a later one is in force, which is as good */
}

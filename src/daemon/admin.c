/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/api/api_routes.h"
#include "admin/dashboard/dashboard.h"
#include "admin/health/health.h"
#include "admin/http/http_server.h"
#include "admin/http/http_socket.h"
#include "admin/http/http_token.h"
#include "admin/metrics/metrics.h"
#include "base/errand.h"
#include "base/log.h"
#include "daemon/console.h"
#include "transport/address.h"

enum {
    ERROR_BYTES = 512
};

static const struct http_route own_routes[] = {
    {"GET", "/healthz", HTTP_READ, health_live},
    {"GET", "/readyz", HTTP_READ, health_ready},
    {"GET", "/metrics", HTTP_READ, metrics_show},
};

/* The server wants one table. */
static struct http_server *http_create(struct admin *admin)
{
    size_t own = ARRAY_SIZE(own_routes), count = own + DASHBOARD_ROUTES + api_route_count;

    admin->routes = must_malloc(count * sizeof(*admin->routes));
    memcpy(admin->routes, own_routes, sizeof(own_routes));
    memcpy(admin->routes + own, dashboard_routes, sizeof(dashboard_routes));
    memcpy(admin->routes + own + DASHBOARD_ROUTES, api_routes,
           api_route_count * sizeof(*api_routes));
    return http_server_create(admin->routes, count, &admin->endpoint);
}

/* Of a missing option nothing is said. */
static bool tokens_read(const struct admin_options *options, struct http_tokens *tokens,
                        char error[ERROR_BYTES])
{
    tokens->count = 0;
    return !options->token_file ||
           http_tokens_read(tokens, options->token_file, error, ERROR_BYTES);
}

static bool listener_open(struct http_server *http, const char *name,
                          const struct admin_address *address)
{
    const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
    char error[ERROR_BYTES], text[ADDRESS_TEXT_BYTES];

    if (address->path) {
        if (http_server_listen_unix(http, address->path, error, sizeof(error)))
            return true;
        console_error("%s unix:%s", name, error);
        return false;
    }
    if (http_server_listen_tcp(http, addr, address->len, error, sizeof(error)))
        return true;
    console_error("%s %s: %s", name, address_format(addr, text, sizeof(text)), error);
    return false;
}

/* TCP addresses with the port that the kernel chose if 0 was asked for. */
static void listener_log(const struct admin *admin, unsigned n)
{
    const char *path = admin->options->at[n].path;
    char text[ADDRESS_TEXT_BYTES];
    struct sockaddr_storage address;
    bool encrypted = admin->options->tls != ADMIN_TLS_OFF;

    if (path) {
        log_info("admin.open", LOG_STR("socket", path));
        return;
    }
    if (!http_server_address(admin->http, n, &address))
        return;
    address_format((const struct sockaddr *)&address, text, sizeof(text));
    log_info("admin.open", LOG_STR("address", text),
             LOG_STR("scheme", encrypted ? "https" : "http"));
    if (!encrypted && !http_address_is_loopback((const struct sockaddr *)&address))
        log_warn("admin.unencrypted", LOG_STR("address", text),
                 LOG_STR("note", "whoever sees the packets has the tokens; admin_tls: on encrypts "
                                 "them"));
}

bool admin_open(struct admin *admin, const struct admin_options *options,
                const struct endpoint *endpoint, struct http_tls *tls)
{
    struct http_tokens tokens;
    char error[ERROR_BYTES];

    admin->options = options;
    admin->endpoint = *endpoint;
    if (options->none)
        return true;
    if (!tokens_read(options, &tokens, error)) {
        console_error("%s %s", options->token_name, error);
        return false;
    }
    admin->http = http_create(admin);
    (void)http_server_set_tokens(admin->http, &tokens);
    if (tls)
        (void)http_server_set_tls(admin->http, tls); /* the first */
    for (uint32_t i = 0; i < options->count; i++) {
        if (!listener_open(admin->http, options->name, &options->at[i]))
            return false;
    }
    if (!http_server_start(admin->http)) {
        console_error("the admin endpoint does not start: %s", strerror(errno));
        return false;
    }
    for (uint32_t i = 0; i < options->count; i++)
        listener_log(admin, i);
    return true;
}

void admin_set_phase(struct admin *admin, enum endpoint_phase phase)
{
    atomic_store_explicit(&admin->endpoint.phase, phase, memory_order_release);
}

bool admin_tokens_read(const struct admin *admin, struct http_tokens *tokens, char *error,
                       size_t size)
{
    char wrong[ERROR_BYTES];
    bool good;

    tokens->count = 0;
    if (!admin->http || !admin->options->token_file)
        return true;
    errand_place(admin->options->token_file);
    good = tokens_read(admin->options, tokens, wrong);
    errand_place(NULL);
    if (good)
        return true;
    (void)snprintf(error, size, "%s %s; the tokens stay as they were", admin->options->token_name,
                   wrong);
    log_error("admin.tokens", LOG_STR("error", wrong),
              LOG_STR("note", "the tokens stay as they were"));
    return false;
}

void admin_tokens_set(struct admin *admin, const struct http_tokens *tokens, char *text,
                      size_t size)
{
    text[0] = '\0';
    if (tokens->count == 0)
        return; /* there is no file of them */
    if (http_server_set_tokens(admin->http, tokens))
        (void)snprintf(text, size, "%s: the tokens have changed, and are %u now",
                       admin->options->token_name, tokens->count);
    log_info("admin.tokens", LOG_U64("count", tokens->count));
}

void admin_tokens_foresee(const struct admin *admin, const struct http_tokens *tokens, char *text,
                          size_t size)
{
    text[0] = '\0';
    if (tokens->count > 0 && http_server_differ(admin->http, tokens))
        (void)snprintf(text, size, "%s: the tokens would change, and be %u",
                       admin->options->token_name, tokens->count);
}

void admin_tls_set(struct admin *admin, struct http_tls *tls)
{
    if (admin->http)
        (void)http_server_set_tls(admin->http, tls); /* what was read later is as good */
}

bool admin_stop(struct admin *admin)
{
    return http_server_stop(admin->http, LIMIT_ADMIN_REQUEST_S);
}

void admin_close(struct admin *admin)
{
    http_server_destroy(admin->http);
    admin->http = NULL;
    free(admin->routes);
    admin->routes = NULL;
}

static bool address_preflight(const char *name, const struct admin_address *address)
{
    const struct sockaddr *addr = (const struct sockaddr *)&address->addr;
    char error[ERROR_BYTES], text[ADDRESS_TEXT_BYTES];
    struct http_socket socket;

    if (address->usual && access(address->path, F_OK) != 0)
        return true; /* the state directory has been looked at, or is not there yet */
    if (address->path) {
        if (http_socket_unix_check(address->path, error, sizeof(error)))
            return true;
        console_error("%s unix:%s", name, error);
        return false;
    }
    if (http_socket_tcp(&socket, addr, address->len, error, sizeof(error))) {
        http_socket_close(&socket);
        return true;
    }
    console_error("%s %s: %s", name, address_format(addr, text, sizeof(text)), error);
    return false;
}

bool admin_tokens_check(const struct admin_options *options)
{
    struct http_tokens tokens;
    char error[ERROR_BYTES];

    if (tokens_read(options, &tokens, error))
        return true;
    console_error("%s %s", options->token_name, error);
    return false;
}

bool admin_preflight(const struct admin_options *options)
{
    for (uint32_t i = 0; i < options->count && !options->none; i++) {
        if (!address_preflight(options->name, &options->at[i]))
            return false;
    }
    return true;
}

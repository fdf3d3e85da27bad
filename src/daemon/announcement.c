/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/announcement.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/export_words.h"
#include "daemon/served.h"
#include "transport/address.h"
#include "transport/transport.h"

enum {
    HOST_BYTES = 256,
    WORDS_BYTES = 640,
    MOUNT_BYTES = LIMIT_PATH_BYTES * 4 + HOST_BYTES,
    TERMINAL_EXPORTS = 16 /* that a terminal is told one by one */
};

/* How clients reach the server. */
struct reach {
    char host[HOST_BYTES]; /* an address, or the name of this machine */
    uint16_t port;
    bool own_only; /* only clients on this machine do */
};

struct words {
    const char *backend, *access;
    char clients[WORDS_BYTES], users[WORDS_BYTES], security[WORDS_BYTES], mount[MOUNT_BYTES];
};

static bool is_any(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ((const struct sockaddr_in *)address)->sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static bool is_own(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static void set_name(struct reach *reach)
{
    if (gethostname(reach->host, sizeof(reach->host) - 1) != 0 || !*reach->host)
        (void)snprintf(reach->host, sizeof(reach->host), "SERVER");
}

/* ADDR:PORT without the port; an IPv6 address without brackets. */
static void set_address(struct reach *reach, const char *text)
{
    const char *begin = text + (*text == '['), *end = strrchr(text, ':');

    end -= *text == '[';
    (void)snprintf(reach->host, sizeof(reach->host), "%.*s", (int)(end - begin), begin);
}

/* By the first address that others can reach, or else by the first of all. */
static void reach_find(struct reach *reach, const struct transport *transport, uint32_t listeners)
{
    struct sockaddr_storage address;
    char text[ADDRESS_TEXT_BYTES];
    socklen_t len;

    *reach = (struct reach){.own_only = true};
    for (uint32_t i = 0; i < listeners && reach->own_only; i++) {
        (void)transport_address(transport, i, text, sizeof(text));
        if (!address_parse(text, &address, &len) || (is_own(&address) && *reach->host))
            continue;
        reach->own_only = is_own(&address);
        reach->port = transport_port(transport, i);
        if (is_any(&address))
            set_name(reach);
        else
            set_address(reach, text);
    }
}

static void words_find(struct words *words, const struct served_export *served,
                       const struct config *config, const struct reach *reach)
{
    const struct export_spec *spec = &served->spec;

    words->backend = spec->backend;
    words->access = spec->read_only ? "ro" : "rw";
    (void)export_words_clients(spec, words->clients, sizeof(words->clients));
    (void)export_words_users(spec, geteuid(), words->users, sizeof(words->users));
    (void)export_words_security(spec, served->secure, config->tls.cert != NULL, words->security,
                                sizeof(words->security));
    (void)export_words_mount(spec, reach->host, reach->port, words->mount, sizeof(words->mount));
}

static void tell_log(const struct export_spec *spec, const struct words *words)
{
    log_write(LOG_LEVEL_INFO, "daemon.serves",
              (const struct log_field[]){
                  LOG_STR("path", spec->path), LOG_STR("backend", words->backend),
                  LOG_STR("directory", spec->arg), LOG_STR("access", words->access),
                  LOG_STR("clients", words->clients), LOG_STR("files_of", words->users),
                  LOG_STR("security", words->security), LOG_STR("mount", words->mount)},
              8);
}

/* Names may hold anything, but no bytes that steer a terminal. */
static void put_name(const char *name)
{
    for (; *name; name++)
        (void)fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, stderr);
}

static void tell_terminal(const struct export_spec *spec, const struct words *words)
{
    (void)fputs("  ", stderr);
    put_name(spec->path);
    (void)fprintf(stderr, "\n    what      %s", *spec->arg ? "the directory " : "");
    put_name(*spec->arg ? spec->arg : "files in memory, gone when the server ends");
    (void)fprintf(stderr, ", %s\n", spec->read_only ? "read only" : "to read and write");
    (void)fprintf(stderr, "    for       %s (%s)\n", words->clients, words->security);
    (void)fprintf(stderr, "    files of  %s\n", words->users);
    (void)fprintf(stderr, "    mount     %s\n", words->mount);
}

static void tell_rest(const struct config *config, const struct reach *reach, uint32_t left)
{
    const struct admin_options *admin = &config->admin;
    char text[ADDRESS_TEXT_BYTES];

    if (left > 0)
        (void)fprintf(stderr, "  and %u more: mainstay export list\n", left);
    if (reach->own_only)
        (void)fputs("Only clients on this machine reach it: --listen 0.0.0.0:2049 is for others.\n",
                    stderr);
    for (uint32_t i = 0; i < admin->count && !admin->none; i++) {
        const struct sockaddr *address = (const struct sockaddr *)&admin->at[i].addr;

        (void)fputs("To look after it: ", stderr);
        if (admin->at[i].path) {
            (void)fputs("mainstay --admin unix:", stderr);
            put_name(admin->at[i].path);
            (void)fputs(" status\n", stderr);
        } else {
            (void)fprintf(stderr, "%s://%s/\n", admin->tls == ADMIN_TLS_OFF ? "http" : "https",
                          address_format(address, text, sizeof(text)));
        }
    }
    (void)fputc('\n', stderr);
}

static bool is_for_terminal(void)
{
    return isatty(STDERR_FILENO) == 1 && !log_is_json() && !*log_priority(LOG_LEVEL_INFO);
}

void announcement_make(const struct served *served, const struct config *config,
                       const struct transport *transport, uint32_t listeners)
{
    const bool terminal = is_for_terminal();
    struct reach reach;
    struct words words;

    reach_find(&reach, transport, listeners);
    if (terminal) {
        log_flush(); /* lines that were logged earlier come first */
        (void)fprintf(
            stderr, "\nMainstay %s serves%s\n", MAINSTAY_VERSION,
            served->count > 0 ? ":" : " nothing yet: mainstay export add /data=local:/srv/data");
    } else if (!log_enabled(LOG_PART_daemon, LOG_LEVEL_INFO)) {
        return;
    }
    for (uint32_t i = 0; i < served->count; i++) {
        words_find(&words, &served->exports[i], config, &reach);
        if (!terminal)
            tell_log(&served->exports[i].spec, &words);
        else if (i < TERMINAL_EXPORTS)
            tell_terminal(&served->exports[i].spec, &words);
    }
    if (terminal)
        tell_rest(config, &reach,
                  served->count > TERMINAL_EXPORTS ? served->count - TERMINAL_EXPORTS : 0);
}

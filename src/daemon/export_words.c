/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_words.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    USER_BYTES = 96,
    NFS_PORT = 2049,
    CLIENTS_SHOWN = 8,   /* rules; of further ones the number */
    ACCOUNTS_MAX = 2000, /* of this machine that are looked through, for each export */
};

/* A text that grows, and is cut at its end. */
struct words {
    char *text;
    size_t size, used;
};

static void add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *words, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(words->text + words->used, words->size - words->used, format, args);
    va_end(args);
    if (len > 0)
        words->used += (size_t)len;
    if (words->used >= words->size)
        words->used = words->size - 1;
}

static struct words words_begin(char *text, size_t size)
{
    *text = '\0';
    return (struct words){.text = text, .size = size};
}

static void add_client(struct words *words, const struct export_client *client)
{
    const unsigned all = client->family == AF_INET ? 32 : 128;
    char address[INET6_ADDRSTRLEN];

    if (!inet_ntop(client->family, client->addr, address, sizeof(address)))
        return;
    add(words, "%s%s", words->used > 0 ? ", " : "", address);
    if (client->prefix_bits < all)
        add(words, "/%u", client->prefix_bits);
}

const char *export_words_clients(const struct export_spec *spec, char *text, size_t size)
{
    struct words words = words_begin(text, size);

    for (uint32_t i = 0; i < spec->client_count && i < CLIENTS_SHOWN; i++)
        add_client(&words, &spec->clients[i]);
    if (spec->client_count == 0)
        add(&words, "everybody");
    else if (spec->client_count > CLIENTS_SHOWN)
        add(&words, " and %u more", spec->client_count - CLIENTS_SHOWN);
    if (spec->tls_peers.count > 0)
        add(&words, ", with a certificate that tls_peer admits");
    return text;
}

const char *export_words_user(uid_t uid, char *text, size_t size)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *user = NULL;
    uint32_t seen = 0;

    while (file && (user = seen++ < ACCOUNTS_MAX ? fgetpwent(file) : NULL) != NULL &&
           user->pw_uid != uid)
        ;
    if (user)
        (void)snprintf(text, size, "%.64s (uid %u)", user->pw_name, (unsigned)uid);
    else
        (void)snprintf(text, size, "uid %u", (unsigned)uid);
    if (file)
        (void)fclose(file);
    return text;
}

const char *export_words_users(const struct export_spec *spec, uid_t own, char *text, size_t size)
{
    const bool local = strcmp(spec->backend, "local") == 0;
    char user[USER_BYTES];

    if (local && own != 0)
        (void)snprintf(text, size, "%s, who runs the server, whoever the caller is",
                       export_words_user(own, user, sizeof(user)));
    else if (spec->squash == EXPORT_ALL_SQUASH)
        (void)snprintf(text, size, "%s, whoever the caller is",
                       export_words_user(spec->anon_uid, user, sizeof(user)));
    else if (spec->squash == EXPORT_NO_ROOT_SQUASH)
        (void)snprintf(text, size, "their callers; root of clients is root here, too");
    else
        (void)snprintf(text, size, "their callers; root of clients becomes %s",
                       export_words_user(spec->anon_uid, user, sizeof(user)));
    return text;
}

static const char *flavor_word(enum security_flavor flavor)
{
    switch (flavor) {
    case SECURITY_NONE:
        return "AUTH_NONE";
    case SECURITY_SYS:
        return "AUTH_SYS";
    case SECURITY_KRB5:
    case SECURITY_KRB5I:
    case SECURITY_KRB5P:
    case SECURITY_FLAVOR_COUNT:
        break;
    }
    return security_flavor_name(flavor);
}

static bool takes_unproven(const struct export_security *security)
{
    return export_security_has_flavor(security, SECURITY_SYS) ||
           export_security_has_flavor(security, SECURITY_NONE);
}

static const char *tls_words(const struct export_spec *spec, bool tls)
{
    switch (export_security_weakest(&spec->security)) {
    case XPRTSEC_MTLS:
        return "with TLS and a certificate of the client";
    case XPRTSEC_TLS:
        return "with TLS";
    case XPRTSEC_NONE:
    case XPRTSEC_COUNT:
        break;
    }
    return tls ? "with or without TLS" : "without TLS";
}

const char *export_words_security(const struct export_spec *spec, bool secure, bool tls, char *text,
                                  size_t size)
{
    const struct export_security *security = &spec->security;
    struct words words = words_begin(text, size);

    for (uint32_t i = 0; i < security->flavor_count; i++)
        add(&words, "%s%s", i > 0 ? ", " : "",
            flavor_word((enum security_flavor)security->flavors[i]));
    if (secure && takes_unproven(security))
        add(&words, " from ports below 1024");
    add(&words, ", %s", tls_words(spec, tls));
    return text;
}

/* As a word of a shell.  What no terminal should get is left to the reader, as '?'. */
static void add_quoted(struct words *words, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/:._-+,@%";
    const bool quote = word[strspn(word, plain)] != '\0';

    add(words, "%s", quote ? "'" : "");
    for (; *word; word++) {
        const unsigned char c = (unsigned char)*word;

        if (c == '\'')
            add(words, "'\\''");
        else
            add(words, "%c", c < ' ' || c == 0x7f ? '?' : c);
    }
    add(words, "%s", quote ? "'" : "");
}

static void add_options(struct words *words, const struct export_spec *spec, uint16_t port)
{
    static const char *const xprtsecs[] = {"", "xprtsec=tls", "xprtsec=mtls"};
    const struct export_security *security = &spec->security;
    const enum export_xprtsec weakest = export_security_weakest(security);
    const char *before = " -o ";

    if (port != NFS_PORT) {
        add(words, "%sport=%u", before, port);
        before = ",";
    }
    if (!takes_unproven(security) && security->flavor_count > 0) {
        add(words, "%ssec=%s", before,
            security_flavor_name((enum security_flavor)security->flavors[0]));
        before = ",";
    }
    if (weakest == XPRTSEC_TLS || weakest == XPRTSEC_MTLS)
        add(words, "%s%s", before, xprtsecs[weakest]);
}

const char *export_words_mount(const struct export_spec *spec, const char *host, uint16_t port,
                               char *text, size_t size)
{
    struct words words = words_begin(text, size);
    char from[LIMIT_PATH_BYTES * 2];

    (void)snprintf(from, sizeof(from), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, spec->path);
    add(&words, "mount -t nfs4");
    add_options(&words, spec, port);
    add(&words, " ");
    add_quoted(&words, from);
    add(&words, " /mnt");
    return text;
}

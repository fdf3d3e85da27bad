/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of --export: 'PSEUDO=BACKEND[:ARG][,OPT...]'. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guess.h"
#include "export/export.h"

static bool fail(char *error, size_t size, const char *why)
{
    (void)snprintf(error, size, "%s", why);
    return false;
}

static bool parse_u64(const char *text, uint64_t max, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 && *out <= max;
}

char *export_path_normalise(const char *text, size_t len)
{
    char *out = must_malloc(len + 2);
    size_t n = 0, depth = 0;

    if (len == 0 || text[0] != '/' || len > LIMIT_PATH_BYTES)
        goto refuse;
    for (size_t i = 0; i < len;) {
        size_t part;

        while (i < len && text[i] == '/')
            i++;
        for (part = 0; i + part < len && text[i + part] != '/';)
            part++;
        if (part == 0)
            break;
        if (part > LIMIT_NAME_BYTES || ++depth > LIMIT_PATH_DEPTH ||
            (part == 1 && text[i] == '.') || (part == 2 && memcmp(text + i, "..", 2) == 0))
            goto refuse;
        out[n++] = '/';
        memcpy(out + n, text + i, part);
        n += part;
        i += part;
    }
    if (n == 0)
        out[n++] = '/';
    out[n] = '\0';
    return out;
refuse:
    free(out);
    return NULL;
}

static bool parse_client(const char *text, struct export_spec *spec)
{
    struct export_client *client = &spec->clients[spec->client_count];
    char addr[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    uint64_t bits, bits_max;

    if (spec->client_count == LIMIT_EXPORT_CLIENTS || len >= sizeof(addr))
        return false;
    memcpy(addr, text, len);
    addr[len] = '\0';
    if (inet_pton(AF_INET, addr, client->addr) == 1)
        client->family = AF_INET;
    else if (inet_pton(AF_INET6, addr, client->addr) == 1)
        client->family = AF_INET6;
    else
        return false;
    bits = bits_max = client->family == AF_INET ? 32 : 128;
    if (slash && !parse_u64(slash + 1, bits_max, &bits))
        return false;
    client->prefix_bits = (uint8_t)bits;
    spec->client_count++;
    return true;
}

bool export_spec_add_client(struct export_spec *spec, const char *text)
{
    return parse_client(text, spec);
}

static bool parse_sec(const char *text, struct export_spec *spec)
{
    char error[1];

    return export_security_set_flavors(&spec->security, text, error, sizeof(error));
}

static bool parse_xprtsec(const char *text, struct export_spec *spec)
{
    char error[1];

    return export_security_set_xprtsecs(&spec->security, text, error, sizeof(error));
}

static bool parse_tls_peer(const char *text, struct export_spec *spec)
{
    char error[1];

    return export_rules_add_peer(&spec->tls_peers, text, error, sizeof(error));
}

static bool parse_tls_user(const char *text, struct export_spec *spec)
{
    char error[1];

    return export_rules_add_user(&spec->tls_users, text, error, sizeof(error));
}

static bool parse_number(const char *text, uint32_t *out)
{
    uint64_t v;

    if (!parse_u64(text, UINT32_MAX, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool parse_anonuid(const char *value, struct export_spec *spec)
{
    return parse_number(value, &spec->anon_uid);
}

static bool parse_anongid(const char *value, struct export_spec *spec)
{
    return parse_number(value, &spec->anon_gid);
}

static bool parse_fsid(const char *value, struct export_spec *spec)
{
    spec->has_fsid = parse_u64(value, INT64_MAX, &spec->fsid) && spec->fsid != 0;
    return spec->has_fsid;
}

const char *export_attributes_name(enum export_attributes attributes)
{
    static const char *const names[EXPORT_ATTRIBUTES_COUNT] = {
        [EXPORT_ATTRIBUTES_ASKED] = "off",
        [EXPORT_ATTRIBUTES_OWN] = "own",
        [EXPORT_ATTRIBUTES_WATCHED] = "watched",
    };

    return names[attributes];
}

static bool parse_attribute_cache(const char *value, struct export_spec *spec)
{
    for (unsigned i = 0; i < EXPORT_ATTRIBUTES_COUNT; i++) {
        if (strcmp(value, export_attributes_name(i)) == 0) {
            spec->attributes = i;
            return true;
        }
    }
    return false;
}

/* Options that exclude each other form a group. */
enum flag_group {
    GROUP_ACCESS,
    GROUP_CHANGES,
    GROUP_SQUASH,
    GROUP_PORTS,
    GROUP_NAMES,
    GROUP_LABELS,
    GROUP_COUNT,
};

static const struct flag_option {
    const char *name;
    enum flag_group group;
    int value;
} flag_options[] = {
    {"rw", GROUP_ACCESS, false},
    {"ro", GROUP_ACCESS, true},
    {"sync", GROUP_CHANGES, false},
    {"async", GROUP_CHANGES, true},
    {"root_squash", GROUP_SQUASH, EXPORT_ROOT_SQUASH},
    {"no_root_squash", GROUP_SQUASH, EXPORT_NO_ROOT_SQUASH},
    {"all_squash", GROUP_SQUASH, EXPORT_ALL_SQUASH},
    {"secure", GROUP_PORTS, EXPORT_PORTS_SECURE},
    {"insecure", GROUP_PORTS, EXPORT_PORTS_INSECURE},
    {"strict_utf8", GROUP_NAMES, true},
    {"security_label", GROUP_LABELS, true},
};

static const struct valued_option {
    const char *name;
    bool (*parse)(const char *value, struct export_spec *spec);
    bool repeatable;
    const char *form;
} valued_options[] = {
    {"anonuid", parse_anonuid, false,
     "anonuid=N with the number of a user, for example anonuid=65534"},
    {"anongid", parse_anongid, false,
     "anongid=N with the number of a group, for example anongid=65534"},
    {"client", parse_client, true,
     "client=ADDR or client=ADDR/BITS with a numeric address, up to 64 of them, for example "
     "client=192.0.2.0/24"},
    {"sec", parse_sec, false,
     "sec= with " EXPORT_SEC_WANTS ", each once, the best first, for example sec=krb5p:krb5"},
    {"xprtsec", parse_xprtsec, false,
     "xprtsec= with " EXPORT_XPRTSEC_WANTS ", each once, for example xprtsec=mtls:tls"},
    {"tls_peer", parse_tls_peer, true,
     "tls_peer=RULE about a certificate, with a backslash before each comma, up to 64 of them, for "
     "example tls_peer=SAN=DNS:*.lab.example"},
    {"tls_user", parse_tls_user, true,
     "tls_user=RULE=USER or tls_user=RULE=UID:GID, with a backslash before each comma, up to 64 of "
     "them, for example tls_user=CN=web1.example=alice"},
    {"fsid", parse_fsid, false, "fsid=N with a number from 1, for example fsid=7"},
    {"attribute_cache", parse_attribute_cache, false,
     "attribute_cache=off, attribute_cache=own or attribute_cache=watched"},
};

/* The state of the parser between options. */
struct option_parser {
    struct export_spec *spec;
    const struct flag_option *flags[GROUP_COUNT]; /* given so far */
    bool given[ARRAY_SIZE(valued_options)];
    char *error;
    size_t size;
};

static void flag_apply(struct export_spec *spec, const struct flag_option *flag)
{
    switch (flag->group) {
    case GROUP_ACCESS:
        spec->read_only = flag->value;
        return;
    case GROUP_CHANGES:
        spec->async = flag->value;
        return;
    case GROUP_SQUASH:
        spec->squash = (enum export_squash)flag->value;
        return;
    case GROUP_PORTS:
        spec->ports = (enum export_ports)flag->value;
        return;
    case GROUP_NAMES:
        spec->strict_utf8 = flag->value;
        return;
    case GROUP_LABELS:
        spec->security_label = flag->value;
        return;
    case GROUP_COUNT:
        return;
    }
}

static bool flag_take(struct option_parser *parser, const struct flag_option *flag)
{
    const struct flag_option *before = parser->flags[flag->group];

    if (before && before != flag) {
        (void)snprintf(parser->error, parser->size, "options '%s' and '%s' contradict each other",
                       before->name, flag->name);
        return false;
    }
    parser->flags[flag->group] = flag;
    flag_apply(parser->spec, flag);
    return true;
}

/* `value` is what follows the name: "=..." or nothing. */
static bool value_take(struct option_parser *parser, size_t index, const char *value)
{
    const struct valued_option *known = &valued_options[index];

    if (parser->given[index] && !known->repeatable) {
        (void)snprintf(parser->error, parser->size, "option '%s' is given twice", known->name);
        return false;
    }
    parser->given[index] = true;
    if (*value == '=' && known->parse(value + 1, parser->spec))
        return true;
    (void)snprintf(parser->error, parser->size, "invalid option '%s%s': expected %s", known->name,
                   value, known->form);
    return false;
}

/* What looks like the rest of another option's value, after a comma that should not be there. */
static const char *comma_hint(const char *option)
{
    static const char *const keys[] = {
        "SAN=", "CN=", "subject=", "issuer=", "serial=", "O=", "OU=", "fingerprint="};
    static const char *const words[] = {"krb5p", "krb5i", "krb5", "sys", "none", "mtls", "tls"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(option, words[i]) == 0)
            return "; sec= and xprtsec= take colons, not commas, for example sec=krb5p:krb5";
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strncasecmp(option, keys[i], strlen(keys[i])) == 0)
            return "; a comma within a rule needs a backslash before it";
    return "";
}

static bool option_unknown(const struct option_parser *parser, const char *option)
{
    const char *told = comma_hint(option);
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, option, strcspn(option, "="));
    for (size_t i = 0; i < ARRAY_SIZE(flag_options); i++)
        guess_offer(&guess, flag_options[i].name);
    for (size_t i = 0; i < ARRAY_SIZE(valued_options); i++)
        guess_offer(&guess, valued_options[i].name);
    if (!*told)
        told = guess_hint(&guess, "", hint, sizeof(hint));
    (void)snprintf(parser->error, parser->size, "unknown option '%s'%s", option,
                   *told ? told : " (--help lists them)");
    return false;
}

static bool option_take(struct option_parser *parser, const char *option)
{
    size_t len = strcspn(option, "=");

    for (size_t i = 0; i < ARRAY_SIZE(flag_options); i++) {
        if (strcmp(flag_options[i].name, option) == 0)
            return flag_take(parser, &flag_options[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(valued_options); i++) {
        if (strlen(valued_options[i].name) == len &&
            strncmp(option, valued_options[i].name, len) == 0)
            return value_take(parser, i, option + len);
    }
    return option_unknown(parser, option);
}

/* The first of the options, up to a comma, with a backslash before what stands for itself.
 * *options is the rest, or NULL. */
static char *option_split(char **options)
{
    char *option = *options, *to = option, *from = option;

    for (; *from && *from != ','; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *options = *from ? from + 1 : NULL;
    *to = '\0';
    return option;
}

/* Split "BACKEND[:ARG][,OPT...]"; `rest` is modified. */
static bool parse_rest(char *rest, struct export_spec *spec, char *error, size_t size)
{
    struct option_parser parser = {.spec = spec, .error = error, .size = size};
    char *options = strchr(rest, ',');
    char *arg;

    if (options)
        *options++ = '\0';
    arg = strchr(rest, ':');
    if (arg)
        *arg++ = '\0';
    if (*rest == '\0')
        return fail(error, size, "no backend after '=', for example /data=local:/srv/data");
    spec->backend = must_strdup(rest);
    spec->arg = must_strdup(arg ? arg : "");
    while (options) {
        const char *option = option_split(&options);

        if (!option_take(&parser, option))
            return false;
    }
    return true;
}

void export_spec_init(struct export_spec *spec)
{
    *spec = (struct export_spec){.anon_uid = 65534, .anon_gid = 65534};
    export_security_init(&spec->security);
    spec->security.xprtsec_count = 0;
}

bool export_spec_parse(const char *text, struct export_spec *spec, char *error, size_t error_size)
{
    const char *equals = strchr(text, '=');
    char *rest;
    bool ok;

    export_spec_init(spec);
    if (!equals)
        return fail(error, error_size,
                    "expected PSEUDO=BACKEND[:ARG][,OPT...], for example /data=local:/srv/data,ro");
    spec->path = export_path_normalise(text, (size_t)(equals - text));
    if (!spec->path)
        return fail(error, error_size,
                    "the path before '=' must be absolute and without '.' and '..', for example "
                    "/data=local:/srv/data");
    rest = must_strdup(equals + 1);
    ok = parse_rest(rest, spec, error, error_size) && export_spec_complete(spec, error, error_size);
    free(rest);
    if (!ok)
        export_spec_fini(spec);
    return ok;
}

/* Rules are good for nothing where others come without a certificate. */
bool export_spec_complete(struct export_spec *spec, char *error, size_t size)
{
    struct export_security *security = &spec->security;
    bool has_rules = spec->tls_peers.count + spec->tls_users.count > 0;

    if (security->xprtsec_count == 0)
        security->xprtsecs[security->xprtsec_count++] = has_rules ? XPRTSEC_MTLS : XPRTSEC_NONE;
    if (spec->tls_peers.count > 0 && export_security_weakest(security) != XPRTSEC_MTLS)
        return fail(error, size,
                    "tls_peer contradicts xprtsec, which takes callers without a certificate; "
                    "expected xprtsec=mtls");
    if (spec->tls_users.count > 0 &&
        !memchr(security->xprtsecs, XPRTSEC_MTLS, security->xprtsec_count))
        return fail(error, size,
                    "tls_user is for callers with a certificate, so xprtsec has to name mtls, for "
                    "example xprtsec=mtls:none");
    return true;
}

void export_spec_fini(struct export_spec *spec)
{
    free(spec->path);
    free(spec->backend);
    free(spec->arg);
    export_rules_fini(&spec->tls_peers);
    export_rules_fini(&spec->tls_users);
    spec->path = spec->backend = spec->arg = NULL;
}

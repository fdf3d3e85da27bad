/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/recovery/recovery.h"
#include "transport/address.h"
#include "transport/transport.h"

#define IN_CONFIG(member)                                                                          \
    .offset = offsetof(struct config, member), .bytes = sizeof(((struct config *)0)->member)
#define IN_EXPORT(member)                                                                          \
    .offset = offsetof(struct export_spec, member),                                                \
    .bytes = sizeof(((struct export_spec *)0)->member)

const struct config_key config_keys[CONFIG_KEY_COUNT] = {
    [CONFIG_LISTEN] = {.name = "listen",
                       .kind = CONFIG_LISTEN_LIST,
                       .usual_text = "0.0.0.0:2049 and [::]:2049",
                       .option = "--listen",
                       .example = "[192.0.2.1:2049, \"[2001:db8::1]:2049\"]",
                       .help = "numeric addresses to listen on; port 0 lets the kernel choose"},
    [CONFIG_STATE] = {.name = "state",
                      .kind = CONFIG_ABSOLUTE_PATH,
                      IN_CONFIG(state_dir),
                      .usual_text = "/var/lib/mainstay; without root $XDG_STATE_HOME/mainstay or "
                                    "~/.local/state/mainstay",
                      .option = "--state",
                      .example = "/var/lib/mainstay",
                      .help = "directory for stable storage, made if it is not there; one server a "
                              "directory"},
    [CONFIG_THREADS] = {.name = "threads",
                        .kind = CONFIG_NUMBER,
                        IN_CONFIG(threads),
                        .min = 1,
                        .max = LIMIT_LOOPS,
                        .usual_text = "one for each CPU that the server may use",
                        .option = "--threads",
                        .example = "4",
                        .help = "event loops"},
    [CONFIG_SPIN] = {.name = "spin",
                     .kind = CONFIG_NUMBER,
                     IN_CONFIG(spin_us),
                     .min = 0,
                     .max = TRANSPORT_SPIN_US_MAX,
                     .usual = TRANSPORT_SPIN_AUTO,
                     .unit = "microseconds",
                     .usual_text = "50 if there is a processor for each event loop, else 0",
                     .option = "--spin",
                     .example = "0",
                     .help = "how long an event loop without work stays awake if requests come "
                             "one after the other; 0: not at all"},
    [CONFIG_DESCRIPTORS] = {.name = "descriptors",
                            .kind = CONFIG_NUMBER,
                            IN_CONFIG(descriptors),
                            .min = 1,
                            .max = INT32_MAX,
                            .usual_text = "as many as it may have, up to 524288",
                            .option = "--descriptors",
                            .example = "65536",
                            .help = "file descriptors of the process"},
    [CONFIG_LEASE] = {.name = "lease",
                      .when = CONFIG_AS_SETTING,
                      .setting = SETTING_LEASE_S,
                      .kind = CONFIG_NUMBER,
                      IN_CONFIG(lease_s),
                      .min = 1,
                      .max = LIMIT_LEASE_S,
                      .usual = 90,
                      .unit = "seconds",
                      .option = "--lease",
                      .example = "60",
                      .help = "the lease time"},
    [CONFIG_GRACE] = {.name = "grace",
                      .when = CONFIG_AS_SETTING,
                      .setting = SETTING_GRACE_S,
                      .kind = CONFIG_NUMBER,
                      IN_CONFIG(grace_s),
                      .min = 0,
                      .max = LIMIT_LEASE_S,
                      .usual = RECOVERY_GRACE_BY_LEASE,
                      .unit = "seconds",
                      .usual_text = "the lease, or that of the last run if it was longer",
                      .option = "--grace",
                      .example = "60",
                      .help = "how long clients may reclaim after a restart; 0: none may"},
    [CONFIG_SLOTS] = {.name = "slots",
                      .when = CONFIG_AS_SETTING,
                      .setting = SETTING_SLOTS,
                      .kind = CONFIG_NUMBER,
                      IN_CONFIG(slots),
                      .min = 1,
                      .max = LIMIT_SLOTS,
                      .usual_text = "64",
                      .option = "--slots",
                      .example = "64",
                      .help = "slots (concurrent requests) of a new session"},
    [CONFIG_REPLY_CACHE] = {.name = "reply_cache",
                            .when = CONFIG_AS_SETTING,
                            .setting = SETTING_REPLY_CACHE_MIB,
                            .kind = CONFIG_NUMBER,
                            IN_CONFIG(reply_cache_mib),
                            .min = 1,
                            .max = 1 << 20,
                            .unit = "MiB",
                            .usual_text = "1024",
                            .option = "--reply-cache",
                            .example = "1024",
                            .help = "memory for replies that are kept for retries"},
    [CONFIG_LOG_LEVEL] = {.name = "log.level",
                          .when = CONFIG_AS_SETTING,
                          .setting = SETTING_LOG_LEVEL,
                          .kind = CONFIG_WORD,
                          IN_CONFIG(log_level),
                          .words = {"error", "warn", "info", "debug"},
                          .usual = LOG_LEVEL_INFO,
                          .option = "--log-level",
                          .example = "info",
                          .help = "the least severe lines that are logged"},
    [CONFIG_LOG_FORMAT] = {.name = "log.format",
                           .when = CONFIG_AS_SETTING,
                           .setting = SETTING_LOG_FORMAT,
                           .kind = CONFIG_WORD,
                           IN_CONFIG(log_json),
                           .words = {"text", "json"},
                           .option = "--log-format",
                           .example = "json",
                           .help = "one line an event, on stderr"},
    [CONFIG_LOG_QUEUE] = {.name = "log.queue",
                          .kind = CONFIG_NUMBER,
                          IN_CONFIG(log_queue_kib),
                          .min = 0,
                          .max = 64 << 10,
                          .usual = LIMIT_LOG_QUEUE_BYTES >> 10,
                          .unit = "KiB",
                          .option = "--log-queue",
                          .example = "1024",
                          .help =
                              "queue for lines while the reader of the log is slow; 0: requests "
                              "wait for the log"},
    [CONFIG_ADMIN] = {.name = "admin",
                      .kind = CONFIG_ADMIN_LIST,
                      .usual_text = "the socket admin.sock in the state directory",
                      .option = "--admin",
                      .example = "[unix:/run/mainstay.sock, 127.0.0.1:9101]",
                      .help =
                          "where the admin endpoint listens: Unix sockets and numeric addresses, "
                          "up to 4 with the usual socket, which one that is named replaces; "
                          "`[none]`: nowhere"},
    [CONFIG_ADMIN_TOKEN] = {.name = "admin_token",
                            .kind = CONFIG_ABSOLUTE_PATH,
                            IN_CONFIG(admin.token_file),
                            .usual_text = "none",
                            .option = "--admin-token",
                            .example = "/etc/mainstay.tokens",
                            .help = "the file of tokens that an address in `admin` needs: a line "
                                    "each, `full TOKEN` or `read TOKEN`"},
    [CONFIG_ADMIN_OPEN] = {.name = "admin_open",
                           .kind = CONFIG_FLAG,
                           IN_CONFIG(admin.open),
                           .words = {"false", "true"},
                           .option = "--admin-open",
                           .example = "true",
                           .help = "whether an address in `admin` may be one that other machines "
                                   "can reach"},
    [CONFIG_ADMIN_TLS] =
        {.name = "admin_tls",
         .kind = CONFIG_WORD,
         IN_CONFIG(admin.tls),
         .words = {[ADMIN_TLS_OFF] = "off", [ADMIN_TLS_ON] = "on", [ADMIN_TLS_MUTUAL] = "mutual"},
         .option = "--admin-tls",
         .example = "on",
         .help = "whether addresses in `admin` speak HTTPS, with the certificate "
                 "in `tls.cert`; mutual: clients need one of a CA in `tls.ca`, "
                 "too"},
    [CONFIG_GSS_KEYTAB] = {.name = "gss.keytab",
                           .kind = CONFIG_ABSOLUTE_PATH,
                           IN_CONFIG(keytab),
                           .usual_text = "that of KRB5_KTNAME, of krb5.conf, or /etc/krb5.keytab",
                           .option = "--keytab",
                           .example = "/etc/mainstay.keytab",
                           .help = "the keys of `nfs/HOST`, for clients that use Kerberos; "
                                   "clients are refused while there are none"},
    [CONFIG_TLS_CERT] = {.name = "tls.cert",
                         .kind = CONFIG_ABSOLUTE_PATH,
                         IN_CONFIG(tls.cert),
                         .usual_text = "none: TLS is not offered",
                         .option = "--tls-cert",
                         .example = "/etc/mainstay/server.pem",
                         .help = "a PEM file of the server's certificate, then the intermediate "
                                 "ones; clients may then speak TLS on the same port"},
    [CONFIG_TLS_KEY] = {.name = "tls.key",
                        .kind = CONFIG_ABSOLUTE_PATH,
                        IN_CONFIG(tls.key),
                        .usual_text = "none",
                        .option = "--tls-key",
                        .example = "/etc/mainstay/server.key",
                        .help = "a PEM file of its key, without a password"},
    [CONFIG_TLS_CA] = {.name = "tls.ca",
                       .kind = CONFIG_ABSOLUTE_PATH,
                       IN_CONFIG(tls.ca),
                       .usual_text = "none: clients' certificates are refused",
                       .option = "--tls-ca",
                       .example = "/etc/mainstay/ca.pem",
                       .help = "a PEM file of the CAs that sign clients' certificates"},
    [CONFIG_TLS_CRL] = {.name = "tls.crl",
                        .kind = CONFIG_ABSOLUTE_PATH,
                        IN_CONFIG(tls.crl),
                        .usual_text = "none",
                        .option = "--tls-crl",
                        .example = "/etc/mainstay/ca.crl",
                        .help = "a PEM file of their revocation lists"},
    [CONFIG_TLS_OFFLOAD] = {.name = "tls.offload",
                            .kind = CONFIG_WORD,
                            IN_CONFIG(tls.offload),
                            .words = {"off", "auto"},
                            .usual = true,
                            .option = "--tls-offload",
                            .example = "off",
                            .help = "`auto`: the kernel encrypts what is sent, where it has TLS; "
                                    "`off`: the server does"},
    [CONFIG_IDENTITY_MAP] = {.name = "identity.map",
                             .when = CONFIG_AT_ONCE,
                             .kind = CONFIG_ABSOLUTE_PATH,
                             IN_CONFIG(identity.map),
                             .usual_text = "none",
                             .option = "--identity-map",
                             .example = "/etc/mainstay.identities",
                             .help = "the map file: users, groups and accounts of Kerberos "
                                     "principals, and of users that the database of this machine "
                                     "does not have; read again when it changes"},
    [CONFIG_IDENTITY_DOMAIN] = {.name = "identity.domain",
                                .when = CONFIG_AT_ONCE,
                                .kind = CONFIG_TEXT,
                                IN_CONFIG(identity.domain),
                                .usual_text = "that of /etc/idmapd.conf, else that of the host",
                                .option = "--identity-domain",
                                .example = "lab.example",
                                .help = "what stands behind the @ of owners and groups, for "
                                        "clients that use Kerberos"},
    [CONFIG_IDENTITY_REALMS] = {.name = "identity.realms",
                                .when = CONFIG_AT_ONCE,
                                .kind = CONFIG_TEXT,
                                IN_CONFIG(identity.realms),
                                .usual_text = "that of the keytab",
                                .option = "--identity-realms",
                                .example = "LAB.EXAMPLE OTHER.EXAMPLE",
                                .help = "the realms whose machines may be root, up to 8"},
    [CONFIG_IDENTITY_MACHINE] = {.name = "identity.machine",
                                 .when = CONFIG_AT_ONCE,
                                 .kind = CONFIG_WORD,
                                 IN_CONFIG(identity.machine),
                                 .words = {[IDENTITY_MACHINE_ROOT] = "root",
                                           [IDENTITY_MACHINE_NOBODY] = "nobody",
                                           [IDENTITY_MACHINE_MAP] = "map"},
                                 .option = "--identity-machine",
                                 .example = "root",
                                 .help = "whom the principal of a client machine (host/, nfs/, "
                                         "root/) acts as: root, if it is of one of the realms, and "
                                         "as far as the export lets root be root; nobody; or as "
                                         "libnfsidmap says. A line of the map file goes before "
                                         "that"},
    [CONFIG_IDENTITY_OWNERS] =
        {.name = "identity.owners",
         .when = CONFIG_AT_ONCE,
         .kind = CONFIG_WORD,
         IN_CONFIG(identity.owners),
         .words = {[IDENTITY_OWNERS_NAMES] = "names", [IDENTITY_OWNERS_NUMBERS] = "numbers"},
         .option = "--identity-owners",
         .example = "names",
         .help = "how clients with Kerberos see owners and groups of files: "
                 "as names with the domain, or as numbers, which others "
                 "always get"},
    [CONFIG_IDENTITY_MANAGE_GIDS] = {.name = "identity.manage_gids",
                                     .when = CONFIG_AT_ONCE,
                                     .kind = CONFIG_FLAG,
                                     IN_CONFIG(identity.manage_gids),
                                     .words = {"false", "true"},
                                     .option = "--manage-gids",
                                     .example = "true",
                                     .help = "take the groups of callers without Kerberos from the "
                                             "map file and the database of this machine, not as "
                                             "they say"},
    [CONFIG_IDENTITY_GROUPS_TTL] = {.name = "identity.groups_ttl",
                                    .when = CONFIG_AT_ONCE,
                                    .kind = CONFIG_NUMBER,
                                    IN_CONFIG(identity.groups_ttl_s),
                                    .min = 1,
                                    .max = 86400,
                                    .usual = 600,
                                    .unit = "seconds",
                                    .option = "--groups-ttl",
                                    .example = "600",
                                    .help = "how long users, groups and names are remembered"},
    [CONFIG_EXPORTS] = {.name = "exports",
                        .when = CONFIG_AT_ONCE,
                        .kind = CONFIG_EXPORT_LIST,
                        .usual_text = "none",
                        .option = "--export",
                        .help = "what to serve: a list of maps, at most 256; [] serves what is "
                                "added while the server runs"},
    [CONFIG_SETTINGS] = {.name = "settings",
                         .when = CONFIG_AT_ONCE,
                         .kind = CONFIG_SETTING_MAP,
                         .usual_text = "that of each setting",
                         .option = "--set",
                         .help = "values of settings and limits until others are stored"},
};

const struct config_key config_export_keys[CONFIG_EXPORT_KEY_COUNT] = {
    {.name = "path",
     .kind = CONFIG_PATH,
     IN_EXPORT(path),
     .example = "/data",
     .help = "the path that clients mount"},
    {.name = "backend",
     .kind = CONFIG_TEXT,
     IN_EXPORT(backend),
     .example = "local",
     .help = "what holds the files: `mem` or `local`"},
    {.name = "argument",
     .kind = CONFIG_TEXT,
     IN_EXPORT(arg),
     .usual_text = "none",
     .example = "/srv/data",
     .help = "what the backend needs to know; `local`: the directory, an absolute path"},
    {.name = "access",
     .kind = CONFIG_WORD,
     IN_EXPORT(read_only),
     .words = {"rw", "ro"},
     .example = "ro",
     .help = "whether clients may change anything"},
    {.name = "changes",
     .kind = CONFIG_WORD,
     IN_EXPORT(async),
     .words = {"sync", "async"},
     .example = "sync",
     .help = "whether replies wait until changes are on disk"},
    {.name = "squash",
     .kind = CONFIG_WORD,
     IN_EXPORT(squash),
     .words = {[EXPORT_ROOT_SQUASH] = "root_squash",
               [EXPORT_NO_ROOT_SQUASH] = "no_root_squash",
               [EXPORT_ALL_SQUASH] = "all_squash"},
     .usual = EXPORT_ROOT_SQUASH,
     .example = "all_squash",
     .help = "which users become `anonuid` and `anongid`"},
    {.name = "anonuid",
     .kind = CONFIG_NUMBER,
     IN_EXPORT(anon_uid),
     .max = UINT32_MAX,
     .usual = 65534,
     .example = "65534",
     .help = "the user that they become"},
    {.name = "anongid",
     .kind = CONFIG_NUMBER,
     IN_EXPORT(anon_gid),
     .max = UINT32_MAX,
     .usual = 65534,
     .example = "65534",
     .help = "the group that they become"},
    {.name = "ports",
     .kind = CONFIG_WORD,
     IN_EXPORT(ports),
     .words = {[EXPORT_PORTS_DEFAULT] = "default",
               [EXPORT_PORTS_SECURE] = "secure",
               [EXPORT_PORTS_INSECURE] = "insecure"},
     .usual = EXPORT_PORTS_DEFAULT,
     .example = "secure",
     .help = "accept calls only from ports below 1024, or from any; the default depends on the "
             "export"},
    {.name = "sec",
     .kind = CONFIG_FLAVORS,
     IN_EXPORT(security),
     .usual_text = "sys",
     .example = "krb5p:krb5i",
     .help = "the security flavors of callers, the preferred one first"},
    {.name = "xprtsec",
     .kind = CONFIG_XPRTSECS,
     IN_EXPORT(security),
     .usual_text = "none",
     .example = "mtls:tls",
     .help = "the security of connections; the weakest one decides, and takes those that are "
             "stronger"},
    {.name = "tls_peer",
     .kind = CONFIG_RULE_LIST,
     .usual_text = "every certificate",
     .example = "[\"SAN=DNS:*.lab.example\"]",
     .help = "rules of which a client's certificate must match one, up to 64; `xprtsec` is `mtls` "
             "then"},
    {.name = "tls_user",
     .kind = CONFIG_RULE_LIST,
     .usual_text = "whoever the call names",
     .example = "[\"CN=web1.example=1000:1000\"]",
     .help = "users as which clients with a certificate act, RULE=USER or RULE=UID:GID, up to 64; "
             "the first that matches counts"},
    {.name = "fsid",
     .kind = CONFIG_NUMBER,
     IN_EXPORT(fsid),
     .min = 1,
     .max = INT64_MAX,
     .usual_text = "derived from the path",
     .example = "7",
     .help = "the file system id that clients see"},
    {.name = "strict_utf8",
     .kind = CONFIG_FLAG,
     IN_EXPORT(strict_utf8),
     .words = {"false", "true"},
     .example = "true",
     .help = "refuse names that are not UTF-8"},
    {.name = "security_label",
     .kind = CONFIG_FLAG,
     IN_EXPORT(security_label),
     .words = {"false", "true"},
     .example = "true",
     .help = "clients see and set the security labels of its files, such as those of SELinux"},
    {.name = "attribute_cache",
     .kind = CONFIG_WORD,
     IN_EXPORT(attributes),
     .words = {[EXPORT_ATTRIBUTES_ASKED] = "off",
               [EXPORT_ATTRIBUTES_OWN] = "own",
               [EXPORT_ATTRIBUTES_WATCHED] = "watched"},
     .example = "own",
     .help = "attributes and names are answered from memory. `own`: as only this server ever "
             "changes the directory; wrong answers if that is not so. `watched`: as the kernel "
             "tells what local programs change"},
    {.name = "clients",
     .kind = CONFIG_CLIENT_LIST,
     .usual_text = "every address",
     .example = "[192.0.2.0/24, \"2001:db8::/32\"]",
     .help = "only these addresses may use the export, up to 64"},
};

/* ---- words for people ---- */

static const char *words_list(const struct config_key *key, char *text, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < CONFIG_WORDS_MAX && key->words[i]; i++) {
        bool is_last = i + 1 == CONFIG_WORDS_MAX || !key->words[i + 1];
        const char *between = i == 0 ? "" : is_last ? " or " : ", ";
        int more = snprintf(text + len, size - len, "%s%s", between, key->words[i]);

        CHECK(more > 0 && (size_t)more < size - len);
        len += (size_t)more;
    }
    return text;
}

const char *config_key_wants(const struct config_key *key, char text[CONFIG_WANTS_BYTES])
{
    const char *unit = key->unit ? key->unit : "";

    switch (key->kind) {
    case CONFIG_NUMBER:
        (void)snprintf(text, CONFIG_WANTS_BYTES, "%" PRIu64 " to %" PRIu64 "%s%s", key->min,
                       key->max, *unit ? " " : "", unit);
        return text;
    case CONFIG_WORD:
    case CONFIG_FLAG:
        return words_list(key, text, CONFIG_WANTS_BYTES);
    case CONFIG_TEXT:
        return "a text";
    case CONFIG_ABSOLUTE_PATH:
        return "an absolute path";
    case CONFIG_PATH:
        return "an absolute path without '.' and '..'";
    case CONFIG_LISTEN_LIST:
        return "a list of numeric addresses with ports";
    case CONFIG_ADMIN_LIST:
        return "a list of unix:PATH and numeric ADDR:PORT";
    case CONFIG_FLAVORS:
        return EXPORT_SEC_WANTS;
    case CONFIG_XPRTSECS:
        return EXPORT_XPRTSEC_WANTS;
    case CONFIG_RULE_LIST:
        return "a list of rules about certificates";
    case CONFIG_CLIENT_LIST:
        return "a list of numeric addresses";
    case CONFIG_EXPORT_LIST:
        return "a list of maps";
    case CONFIG_SETTING_MAP:
        return "a map of settings";
    }
    return "?";
}

const char *config_key_when(const struct config_key *key)
{
    switch (key->when) {
    case CONFIG_AT_START:
        return setting_when_name(SETTING_AT_START);
    case CONFIG_AT_ONCE:
        return setting_when_name(SETTING_AT_ONCE);
    case CONFIG_AS_SETTING:
        return setting_when_name(setting_table[key->setting].when);
    }
    return "?";
}

static size_t list_add(char *text, size_t size, size_t len, const char *item)
{
    int more = snprintf(text + len, size - len, "%s%s", len > 0 ? ", " : "", item);

    return more < 0 || (size_t)more >= size - len ? size - 1 : len + (size_t)more;
}

static void listen_print(const struct config *config, char *text, size_t size)
{
    char one[ADDRESS_TEXT_BYTES];
    size_t len = 0;

    for (uint32_t i = 0; i < config->listen_count; i++)
        len = list_add(
            text, size, len,
            address_format((const struct sockaddr *)&config->listen[i].addr, one, sizeof(one)));
}

static void exports_print(const struct config *config, char *text, size_t size)
{
    size_t len = 0;

    for (uint32_t i = 0; i < config->export_count; i++)
        len = list_add(text, size, len, config->exports[i].path);
}

static uint64_t number_get(const struct config_key *key, const void *in)
{
    const char *at = (const char *)in + key->offset;
    uint32_t narrow;
    uint64_t wide;
    bool flag;

    switch (key->bytes) {
    case sizeof(flag):
        memcpy(&flag, at, sizeof(flag));
        return flag;
    case sizeof(narrow):
        memcpy(&narrow, at, sizeof(narrow));
        return narrow;
    default:
        memcpy(&wide, at, sizeof(wide));
        return wide;
    }
}

static void number_set(const struct config_key *key, void *in, uint64_t value)
{
    char *at = (char *)in + key->offset;
    uint32_t narrow = (uint32_t)value;
    bool flag = value != 0;

    switch (key->bytes) {
    case 0:
        return;
    case sizeof(flag):
        memcpy(at, &flag, sizeof(flag));
        return;
    case sizeof(narrow):
        memcpy(at, &narrow, sizeof(narrow));
        return;
    default:
        CHECK(key->bytes == sizeof(value));
        memcpy(at, &value, sizeof(value));
        return;
    }
}

const char *config_key_print(enum config_key_id id, const struct config *config,
                             char text[CONFIG_PRINT_BYTES])
{
    const struct config_key *key = &config_keys[id];

    *text = '\0';
    switch (key->kind) {
    case CONFIG_NUMBER:
        if (key->usual_text && number_get(key, config) == key->usual)
            return key->usual_text;
        (void)snprintf(text, CONFIG_PRINT_BYTES, "%" PRIu64, number_get(key, config));
        return text;
    case CONFIG_WORD:
    case CONFIG_FLAG:
        return key->words[number_get(key, config)];
    case CONFIG_TEXT:
    case CONFIG_ABSOLUTE_PATH:
    case CONFIG_PATH: {
        char *value;

        memcpy(&value, (const char *)config + key->offset, sizeof(value));
        return value ? value : "";
    }
    case CONFIG_LISTEN_LIST:
        listen_print(config, text, CONFIG_PRINT_BYTES);
        return text;
    case CONFIG_ADMIN_LIST:
        return config_admin_print(&config->admin, text, CONFIG_PRINT_BYTES);
    case CONFIG_EXPORT_LIST:
        exports_print(config, text, CONFIG_PRINT_BYTES);
        return text;
    case CONFIG_FLAVORS:
    case CONFIG_XPRTSECS:
    case CONFIG_RULE_LIST:
    case CONFIG_CLIENT_LIST:
    case CONFIG_SETTING_MAP:
        return text;
    }
    return text;
}

/* ---- values ---- */

static bool number_parse(const struct config_key *key, const char *text, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 && *out >= key->min && *out <= key->max;
}

static bool word_parse(const struct config_key *key, const char *text, uint64_t *out)
{
    for (size_t i = 0; i < CONFIG_WORDS_MAX && key->words[i]; i++) {
        if (strcmp(key->words[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool is_number(const struct config_key *key)
{
    return key->kind == CONFIG_NUMBER || key->kind == CONFIG_WORD || key->kind == CONFIG_FLAG;
}

bool config_key_parse(const struct config_key *key, const char *text, void *in)
{
    uint64_t value;

    CHECK(is_number(key));
    if (!(key->kind == CONFIG_NUMBER ? number_parse : word_parse)(key, text, &value))
        return false;
    number_set(key, in, value);
    return true;
}

void config_keys_default(const struct config_key *keys, size_t count, void *in)
{
    for (size_t i = 0; i < count; i++) {
        if (is_number(&keys[i]))
            number_set(&keys[i], in, keys[i].usual);
    }
}

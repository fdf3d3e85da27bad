/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"
#include "daemon/daemon_manual.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/config_key.h"
#include "admin/config/config_manual.h"
#include "admin/config/config_reference.h"
#include "admin/event_reference.h"
#include "base/command_line.h"
#include "base/guess.h"
#include "daemon/console.h"
#include "daemon/version.h"

static const char usage[] =
    "usage: mainstayd --export 'PSEUDO=BACKEND[:ARG][,OPT...]' [option...]\n"
    "       mainstayd --config FILE [option...]\n"
    "example: mainstayd --export /data=local:/srv/data,ro\n"
    "\n"
    "Serves local directories and file systems in memory over NFSv4.0, 4.1 and 4.2. It runs in the\n"
    "foreground, and its log goes to stderr.\n"
    "\n"
    "  --config FILE         read all this from a YAML file, see mainstay.conf(5); options on the\n"
    "                        command line win\n"
    "  --export 'PSEUDO=BACKEND[:ARG][,OPT...]'   what to serve; repeatable.\n"
    "                        Backends: mem, local:DIRECTORY.\n"
    "                        Options: ro rw sync async secure insecure root_squash\n"
    "                        no_root_squash all_squash anonuid=N anongid=N client=ADDR[/BITS]\n"
    "                        sec=FLAVOR[:FLAVOR...] with krb5p krb5i krb5 sys none\n"
    "                        xprtsec=WORD[:WORD...] with mtls tls none\n"
    "                        tls_peer=RULE tls_user=RULE=USER strict_utf8\n"
    "                        security_label attribute_cache=off|own|watched\n"
    "                        fsid=N\n"
    "  --listen ADDR:PORT    numeric address to listen on (default 0.0.0.0:2049 and [::]:2049);\n"
    "                        repeatable\n"
    "  --state DIR           stable storage (default /var/lib/mainstay, or\n"
    "                        $XDG_STATE_HOME/mainstay without root)\n"
    "  --threads N           event loops, 1 to 64 (default: one for each CPU\n"
    "                        that the server may use)\n"
    "  --spin US             microseconds that an event loop stays awake without work, 0 to 1000\n"
    "                        (default: 50 if there is a CPU for each loop, else 0)\n"
    "  --descriptors N       file descriptors of the process (default: as many as permitted, up to\n"
    "                        524288; root may exceed ulimit -n)\n"
    "  --lease S             lease time in seconds, 1 to 3600 (default 90)\n"
    "  --grace S             how long clients may reclaim after a restart, in seconds, 0 to 3600;\n"
    "                        0: not at all (default: the longer lease of this and the last run)\n"
    "  --slots N             slots (concurrent requests) of a new session, 1 to 1024 (default 64);\n"
    "                        a client that uses them all is granted more\n"
    "  --reply-cache MIB     memory for replies kept for retries (default 1024)\n"
    "  --min-minor N, --max-minor N   lowest and highest minor version of NFSv4 to serve,\n"
    "                        0 to 2, for this run (default: as stored in settings.db, else all)\n"
    "  --set NAME=VALUE      a setting, for this run; repeatable; --set help lists them\n"
    "  --log-level error|warn|info|debug   (default info)\n"
    "  --log-format text|json              (default text)\n"
    "  --log-queue KIB       queue for log lines while their reader is slow (default 1024); lines\n"
    "                        that do not fit are dropped and counted; 0: requests wait instead\n"
    "  --config-reference    print what --config FILE can say, as docs/config.md\n"
    "  --event-reference     print what the log can say, as docs/events.md\n"
    "  --admin unix:PATH|ADDR:PORT|none    where the admin endpoint listens (default: the socket\n"
    "                        admin.sock in the state directory); repeatable\n"
    "  --admin-token FILE    tokens for --admin ADDR:PORT, a line each: full TOKEN or read TOKEN\n"
    "  --admin-open          --admin ADDR:PORT may be an address that other machines can reach\n"
    "  --admin-tls off|on|mutual    --admin ADDR:PORT speaks HTTPS, with the certificate of\n"
    "                        --tls-cert; mutual: clients need one, too (default off)\n"
    "  --keytab FILE         keys of nfs/HOST, for Kerberos (default: KRB5_KTNAME, then that of\n"
    "                        krb5.conf, then /etc/krb5.keytab)\n"
    "  --tls-cert FILE       the server's certificate (PEM, then the intermediate ones): clients may\n"
    "                        speak TLS (RFC 9289), on the same port\n"
    "  --tls-key FILE        its key, without a password\n"
    "  --tls-ca FILE         CAs that sign clients' certificates (default: none is accepted)\n"
    "  --tls-crl FILE        their revocation lists; SIGHUP reads all four again\n"
    "  --tls-offload auto|off   auto, the default: the kernel encrypts what is sent, if it can\n"
    "  --identity-map FILE   users and groups of Kerberos principals, and of users without accounts\n"
    "  --identity-domain DOMAIN   of owners of files, for clients that use Kerberos (default: that\n"
    "                        of /etc/idmapd.conf)\n"
    "  --identity-realms 'REALM...'   whose machines may be root (default: that of the keytab)\n"
    "  --identity-machine root|nobody|map   whom machines with Kerberos act as (default root)\n"
    "  --groups-ttl S        how long users and groups are remembered (default 600)\n"
    "  --identity-owners names|numbers   how clients with Kerberos see owners (default names)\n"
    "  --manage-gids         groups of callers without Kerberos are those that this machine knows,\n"
    "                        not what they say\n"
    "  --check               report what would keep the server from starting, and exit\n"
    "  --man                 print the manual page, mainstayd(8)\n"
    "  --config-man          print the manual page of the configuration file, mainstay.conf(5)\n"
    "  -h, --help            show this\n"
    "  --version             print the version, and what it was built from\n"
    "\n"
    "A value that settings.db in the state directory holds goes before the default of --lease,\n"
    "--grace, --slots, --reply-cache, --log-level and --log-format.\n";

enum option_id {
    OPT_KEY = 256, /* and the key of the configuration */
    OPT_MIN_MINOR = OPT_KEY + CONFIG_KEY_COUNT,
    OPT_MAX_MINOR,
    OPT_SET,
    OPT_CONFIG,
    OPT_CONFIG_REFERENCE,
    OPT_EVENT_REFERENCE,
    OPT_CHECK,
    OPT_HELP = 'h',
    OPT_VERSION = OPT_CHECK + 1,
    OPT_MAN,
    OPT_CONFIG_MAN,
};

static const char short_options[] = ":h"; /* ':' keeps getopt_long() silent */

static const struct option long_options[] = {
    {"listen", required_argument, NULL, OPT_KEY + CONFIG_LISTEN},
    {"export", required_argument, NULL, OPT_KEY + CONFIG_EXPORTS},
    {"state", required_argument, NULL, OPT_KEY + CONFIG_STATE},
    {"threads", required_argument, NULL, OPT_KEY + CONFIG_THREADS},
    {"spin", required_argument, NULL, OPT_KEY + CONFIG_SPIN},
    {"descriptors", required_argument, NULL, OPT_KEY + CONFIG_DESCRIPTORS},
    {"lease", required_argument, NULL, OPT_KEY + CONFIG_LEASE},
    {"grace", required_argument, NULL, OPT_KEY + CONFIG_GRACE},
    {"slots", required_argument, NULL, OPT_KEY + CONFIG_SLOTS},
    {"reply-cache", required_argument, NULL, OPT_KEY + CONFIG_REPLY_CACHE},
    {"min-minor", required_argument, NULL, OPT_MIN_MINOR},
    {"max-minor", required_argument, NULL, OPT_MAX_MINOR},
    {"set", required_argument, NULL, OPT_SET},
    {"log-level", required_argument, NULL, OPT_KEY + CONFIG_LOG_LEVEL},
    {"log-format", required_argument, NULL, OPT_KEY + CONFIG_LOG_FORMAT},
    {"log-queue", required_argument, NULL, OPT_KEY + CONFIG_LOG_QUEUE},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"config-reference", no_argument, NULL, OPT_CONFIG_REFERENCE},
    {"event-reference", no_argument, NULL, OPT_EVENT_REFERENCE},
    {"keytab", required_argument, NULL, OPT_KEY + CONFIG_GSS_KEYTAB},
    {"admin", required_argument, NULL, OPT_KEY + CONFIG_ADMIN},
    {"admin-token", required_argument, NULL, OPT_KEY + CONFIG_ADMIN_TOKEN},
    {"admin-open", no_argument, NULL, OPT_KEY + CONFIG_ADMIN_OPEN},
    {"admin-tls", required_argument, NULL, OPT_KEY + CONFIG_ADMIN_TLS},
    {"tls-cert", required_argument, NULL, OPT_KEY + CONFIG_TLS_CERT},
    {"tls-key", required_argument, NULL, OPT_KEY + CONFIG_TLS_KEY},
    {"tls-ca", required_argument, NULL, OPT_KEY + CONFIG_TLS_CA},
    {"tls-crl", required_argument, NULL, OPT_KEY + CONFIG_TLS_CRL},
    {"tls-offload", required_argument, NULL, OPT_KEY + CONFIG_TLS_OFFLOAD},
    {"identity-map", required_argument, NULL, OPT_KEY + CONFIG_IDENTITY_MAP},
    {"identity-domain", required_argument, NULL, OPT_KEY + CONFIG_IDENTITY_DOMAIN},
    {"identity-realms", required_argument, NULL, OPT_KEY + CONFIG_IDENTITY_REALMS},
    {"identity-machine", required_argument, NULL, OPT_KEY + CONFIG_IDENTITY_MACHINE},
    {"groups-ttl", required_argument, NULL, OPT_KEY + CONFIG_IDENTITY_GROUPS_TTL},
    {"identity-owners", required_argument, NULL, OPT_KEY + CONFIG_IDENTITY_OWNERS},
    {"manage-gids", no_argument, NULL, OPT_KEY + CONFIG_IDENTITY_MANAGE_GIDS},
    {"check", no_argument, NULL, OPT_CHECK},
    {"man", no_argument, NULL, OPT_MAN},
    {"config-man", no_argument, NULL, OPT_CONFIG_MAN},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

static bool complain(const char *what, const char *value)
{
    console_error("%s '%s'", what, value);
    return false;
}

static bool add_listen(struct config *config, const char *text)
{
    if (config->listen_count == LIMIT_LISTENERS) {
        console_error("--listen '%s': more than %u addresses", text, LIMIT_LISTENERS);
        return false;
    }
    if (!listen_address_parse(text, &config->listen[config->listen_count])) {
        console_error("--listen '%s': %s; for example 127.0.0.1:2049 or [::1]:2049", text,
                      listen_address_mistake(text));
        return false;
    }
    config->listen_count++;
    return true;
}

static bool add_export(struct config *config, const char *text)
{
    char error[512];

    if (config->export_count == LIMIT_EXPORTS) {
        console_error("--export '%s': more than %u exports", text, LIMIT_EXPORTS);
        return false;
    }
    if (!export_spec_parse(text, &config->exports[config->export_count], error, sizeof(error))) {
        console_error("--export '%s': %s", text, error);
        return false;
    }
    config->export_count++;
    return true;
}

static bool add_setting(struct config *config, enum setting_id id, const char *option,
                        const char *text)
{
    char what[128];

    config->setting_options[id] = NULL;
    if (setting_parse(id, text, &config->options[id].number)) {
        config->options[id].given = true;
        return true;
    }
    (void)snprintf(what, sizeof(what), "%s wants %s, not", option, setting_table[id].wants);
    return complain(what, text);
}

/* By an option of its own. */
static bool add_minor(struct config *config, enum setting_id id, const char *option,
                      const char *text)
{
    bool good = add_setting(config, id, option, text);

    config->setting_options[id] = option;
    return good;
}

static bool setting_unknown(const char *name, size_t len)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, name, len);
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        guess_offer(&guess, setting_table[i].name);
    console_error("--set: unknown setting '%.*s'%s (--set help lists them)", (int)len, name,
                  guess_hint(&guess, "", hint, sizeof(hint)));
    return false;
}

/* Parse NAME=VALUE. */
static bool set_setting(struct config *config, const char *text)
{
    char name[SETTING_NAME_BYTES], option[SETTING_NAME_BYTES + 8];
    const char *value = strchr(text, '=');
    enum setting_id id;

    if (!value)
        return complain("--set wants NAME=VALUE, for example nfs.delegations=0, not", text);
    (void)snprintf(name, sizeof(name), "%.*s", (int)(value - text), text);
    if ((size_t)(value - text) >= sizeof(name) || !setting_lookup(name, &id))
        return setting_unknown(text, (size_t)(value - text));
    (void)snprintf(option, sizeof(option), "--set %s", name);
    return add_setting(config, id, option, value + 1);
}

static void print_settings(void)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &setting_table[i];
        char usual[SETTING_TEXT_BYTES];

        setting_print((enum setting_id)i, setting->usual, usual);
        printf("%s=%s\n    %s: %s (%s)\n", setting->name, usual, setting->help, setting->wants,
               setting_when_name(setting->when));
    }
}

static bool set_state(struct config *config, const char *value)
{
    free(config->state_dir);
    config->state_dir = must_strdup(value);
    return *value ? true : complain("--state wants a directory, not", value);
}

static bool add_admin(struct config *config, const char *text)
{
    char error[256];

    if (config_admin_add(&config->admin, text, error, sizeof(error)))
        return true;
    console_error("--admin %s", error);
    return false;
}

/* A path, in a text of `config`. */
static bool set_path(char **path, const char *option, const char *value)
{
    char what[64];

    free(*path);
    *path = must_strdup(value);
    (void)snprintf(what, sizeof(what), "%s wants a file, not", option);
    return *value ? true : complain(what, value);
}

static bool set_tls(struct config *config, enum config_key_id id, const char *value)
{
    const struct config_key *key = &config_keys[id];
    char **path = (char **)(void *)((char *)config + key->offset);

    return set_path(path, key->option, value);
}

/* A text that is a name: of a file, a domain, realms. */
static bool set_text(const struct config_key *key, char **text, const char *value)
{
    free(*text);
    *text = must_strdup(value);
    if (*value)
        return true;
    console_error("%s wants a value, not ''", key->option);
    return false;
}

static bool set_identity(struct config *config, enum config_key_id id, const char *value)
{
    struct config_identity *identity = &config->identity;

    return set_text(&config_keys[id],
                    id == CONFIG_IDENTITY_MAP      ? &identity->map
                    : id == CONFIG_IDENTITY_DOMAIN ? &identity->domain
                                                   : &identity->realms,
                    value);
}

static bool set_key(struct config *config, enum config_key_id id, const char *value)
{
    const struct config_key *key = &config_keys[id];
    char wants[CONFIG_WANTS_BYTES];

    config->by_option[id] = true;
    if (id == CONFIG_LISTEN)
        return add_listen(config, value);
    if (id == CONFIG_EXPORTS)
        return add_export(config, value);
    if (id == CONFIG_STATE)
        return set_state(config, value);
    if (id == CONFIG_ADMIN)
        return add_admin(config, value);
    if (id == CONFIG_ADMIN_TOKEN)
        return set_path(&config->admin.token_file, "--admin-token", value);
    if (id == CONFIG_GSS_KEYTAB)
        return set_path(&config->keytab, "--keytab", value);
    if (id >= CONFIG_TLS_CERT && id <= CONFIG_TLS_CRL)
        return set_tls(config, id, value);
    if (id == CONFIG_IDENTITY_MAP || id == CONFIG_IDENTITY_DOMAIN || id == CONFIG_IDENTITY_REALMS)
        return set_identity(config, id, value);
    if (id == CONFIG_ADMIN_OPEN || id == CONFIG_IDENTITY_MANAGE_GIDS)
        value = "true";
    if (config_key_parse(key, value, config))
        return true;
    console_error("%s wants %s, not '%s'", key->option, config_key_wants(key, wants), value);
    return false;
}

static bool set_file(struct options *options, const char *value)
{
    free(options->config_file);
    options->config_file = must_strdup(value);
    return *value ? true : complain("--config wants a file, not", value);
}

static bool set_option(struct options *options, int id, const char *value)
{
    if (id >= OPT_KEY && id < OPT_KEY + CONFIG_KEY_COUNT)
        return set_key(options->config, (enum config_key_id)(id - OPT_KEY), value);
    switch (id) {
    case OPT_MIN_MINOR:
        return add_minor(options->config, SETTING_MIN_MINOR_VERSION, "--min-minor", value);
    case OPT_MAX_MINOR:
        return add_minor(options->config, SETTING_MAX_MINOR_VERSION, "--max-minor", value);
    case OPT_SET:
        return set_setting(options->config, value);
    case OPT_CONFIG:
        return set_file(options, value);
    case OPT_CHECK:
        options->check_only = true;
        return true;
    default:
        return false;
    }
}

/* Find --log-format first: errors in earlier options are reported in that format, too. */
static void find_log_format(int argc, char **argv)
{
    int id;

    while ((id = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        if (id == OPT_KEY + CONFIG_LOG_FORMAT)
            log_set_json(strcmp(optarg, "json") == 0);
    }
    optind = 0; /* glibc: start again from the first argument */
}

static enum options_result refuse_option(int result, char **argv)
{
    char text[512];

    console_error("%s (--help lists the options)",
                  command_line_mistake(result, argv, long_options, text, sizeof(text)));
    return OPTIONS_WRONG;
}

/* OPTIONS_RUN: continue with the next option. */
static enum options_result take_option(struct options *options, int id, char **argv)
{
    switch (id) {
    case '?':
    case ':':
        return refuse_option(id, argv);
    case OPT_HELP:
        (void)fputs(usage, stdout);
        return OPTIONS_DONE;
    case OPT_VERSION:
        version_print(stdout);
        return OPTIONS_DONE;
    case OPT_CONFIG_REFERENCE:
        config_reference_print(stdout);
        return OPTIONS_DONE;
    case OPT_EVENT_REFERENCE:
        event_reference_print(stdout);
        return OPTIONS_DONE;
    case OPT_MAN:
        daemon_manual_print(stdout, usage);
        return OPTIONS_DONE;
    case OPT_CONFIG_MAN:
        config_manual_print(stdout);
        return OPTIONS_DONE;
    case OPT_SET:
        if (strcmp(optarg, "help") == 0) {
            print_settings();
            return OPTIONS_DONE;
        }
        break;
    default:
        break;
    }
    return set_option(options, id, optarg) ? OPTIONS_RUN : OPTIONS_WRONG;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
    enum options_result result = OPTIONS_RUN;
    int id;

    *options = (struct options){.config = config_create()};
    find_log_format(argc, argv);
    while (result == OPTIONS_RUN &&
           (id = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
        result = take_option(options, id, argv);
    if (result != OPTIONS_RUN || optind == argc)
        return result;
    console_error("unexpected argument '%s'%s (--help lists the options)", argv[optind],
                  strchr(argv[optind], '=') ? "; is --export missing before it?" : "");
    return OPTIONS_WRONG;
}

void options_fini(struct options *options)
{
    config_destroy(options->config);
    free(options->config_file);
}

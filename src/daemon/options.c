/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/callback_setting.h"
#include "base/command_line.h"
#include "base/guess.h"
#include "daemon/console.h"
#include "proto/minor_range.h"
#include "state/recovery/recovery.h"
#include "transport/address.h"

static const char usage[] =
    "usage: mainstayd --export 'PSEUDO=BACKEND[:ARG][,OPT...]' [option...]\n"
    "example: mainstayd --export /data=local:/srv/data,ro\n"
    "\n"
    "  --export 'PSEUDO=BACKEND[:ARG][,OPT...]'   what to serve; repeatable\n"
    "                        backends: mem, local:DIRECTORY\n"
    "                        options: ro rw sync async secure insecure root_squash\n"
    "                        no_root_squash all_squash anonuid=N anongid=N client=ADDR[/BITS]\n"
    "                        sec=sys strict_utf8 fsid=N\n"
    "  --listen ADDR:PORT    numeric address to listen on (default 0.0.0.0:2049 and [::]:2049);\n"
    "                        repeatable\n"
    "  --state DIR           stable storage (default /var/lib/mainstay, or\n"
    "                        $XDG_STATE_HOME/mainstay without root)\n"
    "  --threads N           event loops, 1 to 64 (default: one for each CPU)\n"
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
    "  --check               report what would keep the server from starting, and exit\n"
    "  -h, --help            show this\n"
    "  --version\n";

enum {
    LEASE_S_DEFAULT = 90,
    LEASE_S_MIN = 1,
    THREADS_MAX = 64,
    REPLY_CACHE_MIB_MAX = 1 << 20,
    LOG_QUEUE_KIB_MAX = 64 << 10,
};

enum option_id {
    OPT_LISTEN = 256,
    OPT_EXPORT,
    OPT_STATE,
    OPT_THREADS,
    OPT_DESCRIPTORS,
    OPT_LEASE,
    OPT_GRACE,
    OPT_SLOTS,
    OPT_REPLY_CACHE,
    OPT_MIN_MINOR,
    OPT_MAX_MINOR,
    OPT_SET,
    OPT_LOG_LEVEL,
    OPT_LOG_FORMAT,
    OPT_LOG_QUEUE,
    OPT_CHECK,
    OPT_HELP = 'h',
    OPT_VERSION = OPT_CHECK + 1,
};

static const char short_options[] = ":h"; /* ':' keeps getopt_long() silent */

static const struct option long_options[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"export", required_argument, NULL, OPT_EXPORT},
    {"state", required_argument, NULL, OPT_STATE},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"descriptors", required_argument, NULL, OPT_DESCRIPTORS},
    {"lease", required_argument, NULL, OPT_LEASE},
    {"grace", required_argument, NULL, OPT_GRACE},
    {"slots", required_argument, NULL, OPT_SLOTS},
    {"reply-cache", required_argument, NULL, OPT_REPLY_CACHE},
    {"min-minor", required_argument, NULL, OPT_MIN_MINOR},
    {"max-minor", required_argument, NULL, OPT_MAX_MINOR},
    {"set", required_argument, NULL, OPT_SET},
    {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {"log-format", required_argument, NULL, OPT_LOG_FORMAT},
    {"log-queue", required_argument, NULL, OPT_LOG_QUEUE},
    {"check", no_argument, NULL, OPT_CHECK},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

static bool complain(const char *what, const char *value)
{
    console_error("%s '%s'", what, value);
    return false;
}

static bool parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
    char *end;
    unsigned long v;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    v = strtoul(text, &end, 10);
    if (*end != '\0' || errno != 0 || v < min || v > max)
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool listen_address_parse(const char *text, struct listen_address *out)
{
    return address_parse(text, &out->addr, &out->len);
}

/* What is wrong with an address that listen_address_parse() rejects. */
static const char *listen_mistake(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint32_t port;

    if (!colon || (*text == '[' && text[strlen(text) - 1] == ']'))
        return "the port is missing";
    if (!parse_number(colon + 1, 0, 65535, &port))
        return "a port is a number from 0 to 65535";
    if (*text != '[' && strchr(text, ':') != colon)
        return "an IPv6 address must be in brackets";
    return "the address must be numeric; names are not resolved";
}

static bool add_listen(struct options *options, const char *text)
{
    if (options->listen_count == LIMIT_LISTENERS) {
        console_error("--listen '%s': more than %u addresses", text, LIMIT_LISTENERS);
        return false;
    }
    if (!listen_address_parse(text, &options->listen[options->listen_count])) {
        console_error("--listen '%s': %s; for example 127.0.0.1:2049 or [::1]:2049", text,
                      listen_mistake(text));
        return false;
    }
    options->listen_count++;
    return true;
}

static bool add_export(struct options *options, const char *text)
{
    char error[512];

    if (options->export_count == LIMIT_EXPORTS) {
        console_error("--export '%s': more than %u exports", text, LIMIT_EXPORTS);
        return false;
    }
    if (!export_spec_parse(text, &options->exports[options->export_count], error, sizeof(error))) {
        console_error("--export '%s': %s", text, error);
        return false;
    }
    options->export_count++;
    return true;
}

static bool set_log_format(struct options *options, const char *text)
{
    options->log_json = strcmp(text, "json") == 0;
    if (!options->log_json && strcmp(text, "text") != 0)
        return complain("--log-format wants text or json, not", text);
    return true;
}

static bool add_setting(struct options *options, enum setting_id id, const char *option,
                        const char *text)
{
    char what[128];

    if (setting_parse(id, text, &options->settings[id].number)) {
        options->settings[id].given = true;
        return true;
    }
    (void)snprintf(what, sizeof(what), "%s wants %s, not", option, setting_table[id].wants);
    return complain(what, text);
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
static bool set_setting(struct options *options, const char *text)
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
    return add_setting(options, id, option, value + 1);
}

static void print_settings(void)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &setting_table[i];
        char usual[SETTING_TEXT_BYTES];

        setting_print((enum setting_id)i, setting->usual, usual);
        printf("%s=%s\n    %s: %s\n", setting->name, usual, setting->help, setting->wants);
    }
}

static bool set_option(struct options *options, int id, const char *value)
{
    switch (id) {
    case OPT_LISTEN:
        return add_listen(options, value);
    case OPT_EXPORT:
        return add_export(options, value);
    case OPT_STATE:
        free(options->state_dir);
        options->state_dir = must_strdup(value);
        return *value ? true : complain("--state wants a directory, not", value);
    case OPT_THREADS:
        return parse_number(value, 1, THREADS_MAX, &options->threads) ||
               complain("--threads wants 1 to 64, not", value);
    case OPT_DESCRIPTORS:
        return parse_number(value, 1, INT32_MAX, &options->descriptors) ||
               complain("--descriptors wants a number from 1, not", value);
    case OPT_LEASE:
        return parse_number(value, LEASE_S_MIN, LIMIT_LEASE_S, &options->lease_s) ||
               complain("--lease wants 1 to 3600 seconds, not", value);
    case OPT_GRACE:
        return parse_number(value, 0, LIMIT_LEASE_S, &options->grace_s) ||
               complain("--grace wants 0 to 3600 seconds, not", value);
    case OPT_SLOTS:
        return parse_number(value, 1, LIMIT_SLOTS, &options->slots) ||
               complain("--slots wants 1 to 1024, not", value);
    case OPT_REPLY_CACHE:
        return parse_number(value, 1, REPLY_CACHE_MIB_MAX, &options->reply_cache_mib) ||
               complain("--reply-cache wants 1 to 1048576 MiB, not", value);
    case OPT_MIN_MINOR:
        return add_setting(options, SETTING_MIN_MINOR_VERSION, "--min-minor", value);
    case OPT_MAX_MINOR:
        return add_setting(options, SETTING_MAX_MINOR_VERSION, "--max-minor", value);
    case OPT_SET:
        return set_setting(options, value);
    case OPT_LOG_LEVEL:
        return log_level_parse(value, &options->log_level) ||
               complain("--log-level wants error, warn, info or debug, not", value);
    case OPT_LOG_FORMAT:
        return set_log_format(options, value);
    case OPT_LOG_QUEUE:
        return parse_number(value, 0, LOG_QUEUE_KIB_MAX, &options->log_queue_kib) ||
               complain("--log-queue wants 0 to 65536 KiB, not", value);
    case OPT_CHECK:
        options->check_only = true;
        return true;
    default:
        return false;
    }
}

static char *default_state_dir(void)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char path[LIMIT_PATH_BYTES];

    if (geteuid() == 0)
        return must_strdup("/var/lib/mainstay");
    if (base && *base)
        snprintf(path, sizeof(path), "%s/mainstay", base);
    else
        snprintf(path, sizeof(path), "%s/.local/state/mainstay", home ? home : "/tmp");
    return must_strdup(path);
}

static void fill_defaults(struct options *options)
{
    if (options->listen_count == 0) {
        CHECK(listen_address_parse("0.0.0.0:2049", &options->listen[0]));
        CHECK(listen_address_parse("[::]:2049", &options->listen[1]));
        options->listen_count = 2;
    }
    if (!options->state_dir)
        options->state_dir = default_state_dir();
}

/* Check the callback settings as far as possible without the stored values. */
static bool check_callbacks(const struct options *options)
{
    struct setting_values values;
    struct callback_setting waits;
    char error[256];

    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting_option *option = &options->settings[i];

        values.of[i] = option->given
                           ? (struct setting_value){option->number, SETTING_OPTION}
                           : (struct setting_value){setting_table[i].usual, SETTING_DEFAULT};
    }
    if (callback_setting_fit(&values, options->lease_s, &waits, error, sizeof(error)))
        return true;
    console_error("--set: %s", error);
    return false;
}

/* The same for minor versions. */
static bool check_minors(const struct options *options)
{
    const struct setting_option *min = &options->settings[SETTING_MIN_MINOR_VERSION];
    const struct setting_option *max = &options->settings[SETTING_MAX_MINOR_VERSION];

    if (min->given && max->given && min->number > max->number) {
        console_error("--min-minor %u is above --max-minor %u", min->number, max->number);
        return false;
    }
    if (max->given && (int)max->number < MINOR_BUILT_FIRST) {
        console_error("--max-minor %u: this build has no NFSv4.0", max->number);
        return false;
    }
    return true;
}

/* Find --log-format first: errors in earlier options are reported in that format, too. */
static void find_log_format(int argc, char **argv)
{
    int id;

    while ((id = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        if (id == OPT_LOG_FORMAT)
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
    case OPT_VERSION:
        (void)fputs(id == OPT_HELP ? usage : "mainstayd " MAINSTAY_VERSION "\n", stdout);
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

/* Check the options together. */
static bool check_options(const struct options *options, int argc, char **argv)
{
    if (optind < argc) {
        console_error("unexpected argument '%s'%s (--help lists the options)", argv[optind],
                      strchr(argv[optind], '=') ? "; is --export missing before it?" : "");
        return false;
    }
    if (options->export_count == 0) {
        console_error("nothing to serve: give at least one --export, for example "
                      "--export /data=local:/srv/data");
        return false;
    }
    return check_minors(options) && check_callbacks(options);
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
    enum options_result result = OPTIONS_RUN;
    int id;

    *options = (struct options){.lease_s = LEASE_S_DEFAULT,
                                .grace_s = RECOVERY_GRACE_BY_LEASE,
                                .log_level = LOG_LEVEL_INFO,
                                .log_queue_kib = LIMIT_LOG_QUEUE_BYTES >> 10};
    find_log_format(argc, argv);
    while (result == OPTIONS_RUN &&
           (id = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
        result = take_option(options, id, argv);
    if (result == OPTIONS_RUN && !check_options(options, argc, argv))
        result = OPTIONS_WRONG;
    if (result == OPTIONS_RUN)
        fill_defaults(options);
    return result;
}

void options_fini(struct options *options)
{
    for (uint32_t i = 0; i < options->export_count; i++)
        export_spec_fini(&options->exports[i]);
    free(options->state_dir);
}

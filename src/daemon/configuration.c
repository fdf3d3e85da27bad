/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/configuration.h"
#include "daemon/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/callback_setting.h"
#include "admin/config/config_reader.h"
#include "admin/http/http_tls.h"
#include "admin/http/http_token.h"
#include "base/errand.h"
#include "daemon/admin_options.h"
#include "daemon/backends.h"
#include "daemon/console.h"
#include "daemon/state_dir.h"
#include "daemon/tls_setup.h"
#include "proto/minor_range.h"

enum {
    FAULT_BYTES = 1024
};

/* ---- the file ---- */

static void tell_faults(const char *path, const struct config_faults *faults,
                        const struct export_report *report)
{
    char text[FAULT_BYTES];

    for (uint32_t i = 0; i < faults->kept; i++) {
        const struct config_fault *fault = &faults->of[i];

        if (fault->line > 0)
            (void)snprintf(text, sizeof(text), "%s:%u: %s", path, fault->line, fault->text);
        else
            (void)snprintf(text, sizeof(text), "%s: %s", path, fault->text);
        report->line(report->context, text);
    }
    if (faults->count > faults->kept) {
        (void)snprintf(text, sizeof(text), "%s: %u more mistakes", path,
                       faults->count - faults->kept);
        report->line(report->context, text);
    }
}

/* NULL, and each mistake is a line of `report`.  `paths` may be NULL. */
static struct config *read_file(const char *path, const struct config_path_check *paths,
                                const struct export_report *report)
{
    struct config_faults faults = {0};
    struct config *config;

    errand_place(path);
    config = config_read(path, backend_look, paths, &faults);
    errand_place(NULL);
    if (!config)
        tell_faults(path, &faults, report);
    config_faults_fini(&faults);
    return config;
}

static void to_console(void *context, const char *text)
{
    (void)context;
    console_error("%s", text);
}

static void tell_conflict(const struct config_conflict *conflict)
{
    log_info("daemon.config_overruled", LOG_STR("option", conflict->option),
             LOG_STR("value", conflict->value), LOG_STR("configured", conflict->configured),
             LOG_U64("line", conflict->line));
}

/* --check prints nothing but warnings. */
static void set_log(const struct config *file, const struct options *options)
{
    const struct config *said = options->config;
    enum log_level level = said->by_option[CONFIG_LOG_LEVEL] ? said->log_level : file->log_level;

    if (options->check_only && level > LOG_LEVEL_WARN)
        level = LOG_LEVEL_WARN;
    log_set_level(level);
    log_set_json(said->by_option[CONFIG_LOG_FORMAT] ? said->log_json : file->log_json);
}

/* What is wrong before anything is started or locked, and unless an option names another one, or
 * none is needed. */
static bool look_at_path(const void *options, enum config_key_id id, const char *path, char *error,
                         size_t size)
{
    const struct config *said = options;
    struct http_tokens tokens;

    if (said->by_option[id] || (id == CONFIG_ADMIN_TOKEN && said->admin.none))
        return true;
    if (id == CONFIG_STATE)
        return state_dir_look(path, error, size);
    if (id == CONFIG_IDENTITY_MAP)
        return identities_look(path, error, size);
    return http_tokens_read(&tokens, path, error, size);
}

/* What the file says moves to `config`, and what options said over it. */
static bool lay_over_file(struct options *options, struct config *config)
{
    const struct config_path_check paths = {look_at_path, options->config};
    struct config *file =
        read_file(options->config_file, &paths, &(struct export_report){.line = to_console});

    if (!file)
        return false;
    *config = *file;
    free(file);
    config->file = options->config_file;
    set_log(config, options);
    log_info("daemon.config", LOG_STR("file", options->config_file));
    config_overlay(config, options->config, tell_conflict);
    return true;
}

/* The options alone. */
static void take_options(struct options *options, struct config *config)
{
    *config = *options->config;
    free(options->config);
    options->config = NULL;
}

/* ---- all together ---- */

/* What can be told without knowing what is stored, of the options alone: the file was checked. */
static bool check_callbacks(const struct config *config)
{
    struct setting_values values;
    struct callback_setting waits;
    uint32_t lease_s = 0; /* unknown: it may be stored */
    char error[256];

    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting_option *option = &config->options[i];

        values.of[i] = option->given
                           ? (struct setting_value){option->number, SETTING_OPTION}
                           : (struct setting_value){setting_table[i].usual, SETTING_DEFAULT};
    }
    if (config->options[SETTING_LEASE_S].given)
        lease_s = config->options[SETTING_LEASE_S].number;
    if (callback_setting_fit(&values, lease_s, &waits, error, sizeof(error)))
        return true;
    console_error("--set: %s", error);
    return false;
}

/* The same of minor versions. */
static bool check_minors(const struct config *config)
{
    const struct setting_option *min = &config->options[SETTING_MIN_MINOR_VERSION];
    const struct setting_option *max = &config->options[SETTING_MAX_MINOR_VERSION];

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

/* A file may say that there is nothing to serve yet; one without a word of it is not finished. */
static bool names_exports(const struct config *config)
{
    return config->export_count > 0 || config->lines[CONFIG_EXPORTS] > 0;
}

static bool check_exports(const struct config *config, const char *file)
{
    if (names_exports(config))
        return true;
    if (file)
        console_error("%s: nothing to serve: name at least one export, for example exports: "
                      "[{ path: /data, backend: local, argument: /srv/data }]",
                      file);
    else
        console_error("nothing to serve: give at least one --export, for example "
                      "--export /data=local:/srv/data");
    return false;
}

static bool check_admin(struct config *config, const char *file)
{
    uint32_t line = config->lines[CONFIG_ADMIN];
    char error[512];

    config->admin.name = line > 0 ? "admin" : "--admin";
    config->admin.token_name =
        config->lines[CONFIG_ADMIN_TOKEN] > 0 ? "admin_token" : "--admin-token";
    if (admin_options_check(&config->admin, error, sizeof(error)))
        return true;
    if (line > 0)
        console_error("%s:%u: admin %s", file, line, error);
    else
        console_error("--admin %s", error);
    return false;
}

/* NULL: nothing is wrong. */
static const char *admin_tls_wrong(const struct config *config)
{
    if (config->admin.tls == ADMIN_TLS_OFF)
        return NULL;
    if (!config->tls.cert)
        return "needs a certificate: name one with --tls-cert and --tls-key, or as tls.cert and "
               "tls.key in the configuration file";
    if (config->admin.tls == ADMIN_TLS_MUTUAL && !config->tls.ca)
        return "mutual needs the CAs that sign clients' certificates: name them with --tls-ca, or "
               "as tls.ca in the configuration file";
    return http_tls_is_built() ? NULL : "cannot be: this libmicrohttpd was built without TLS";
}

static bool check_admin_tls(const struct config *config, const char *file)
{
    const char *wrong = admin_tls_wrong(config);

    if (wrong && config->lines[CONFIG_ADMIN_TLS] > 0)
        console_error("%s:%u: admin_tls %s", file, config->lines[CONFIG_ADMIN_TLS], wrong);
    else if (wrong)
        console_error("--admin-tls %s", wrong);
    return !wrong;
}

/* NULL: there is none, for a user without a home. */
static char *default_state_dir(void)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char path[LIMIT_PATH_BYTES];

    if (geteuid() == 0)
        return must_strdup("/var/lib/mainstay");
    if (base && *base)
        (void)snprintf(path, sizeof(path), "%s/mainstay", base);
    else if (home && *home)
        (void)snprintf(path, sizeof(path), "%s/.local/state/mainstay", home);
    else
        return NULL;
    return must_strdup(path);
}

static void fill_defaults(struct config *config)
{
    if (config->listen_count == 0) {
        CHECK(listen_address_parse("0.0.0.0:2049", &config->listen[0]));
        CHECK(listen_address_parse("[::]:2049", &config->listen[1]));
        config->listen_count = 2;
    }
    if (!config->state_dir)
        config->state_dir = default_state_dir();
}

/* A place that others can write to, such as /tmp, does not keep what clients hold. */
static bool check_state_dir(const struct config *config)
{
    if (!config->state_dir)
        console_error("HOME is not set: name a directory for stable storage, for example "
                      "--state /srv/mainstay-state");
    return config->state_dir != NULL;
}

/* All of them are told in one run. */
static bool check_all(struct config *config, const char *file)
{
    bool good = check_exports(config, file);

    good &= check_minors(config);
    good &= check_callbacks(config);
    good &= check_admin(config, file);
    good &= check_admin_tls(config, file);
    good &= check_state_dir(config);
    good &= tls_setup_fits(config);
    return good;
}

bool configuration_make(struct options *options, struct config *config)
{
    if (!options->config_file)
        take_options(options, config);
    else if (!lay_over_file(options, config))
        return false;
    fill_defaults(config);
    config_share_settings(config);
    if (check_all(config, options->config_file))
        return true;
    config_fini(config);
    return false;
}

/* They were told at the start. */
static void keep_conflict(const struct config_conflict *conflict)
{
    (void)conflict;
}

struct config *configuration_again(const char *file, const struct config *options,
                                   const struct export_report *report)
{
    struct config *config = read_file(file, NULL, report);
    struct config *over;

    if (!config)
        return NULL;
    over = config_copy(options);
    config_overlay(config, over, keep_conflict);
    config_destroy(over);
    fill_defaults(config);
    config_share_settings(config);
    if (names_exports(config))
        return config;
    report->line(report->context, "nothing to serve: the file names no export");
    config_destroy(config);
    return NULL;
}

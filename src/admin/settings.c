/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database is open only while it is read or changed.  So a file that has been replaced is
 * noticed, and the file can be copied at any time.
 */
#include "admin/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/callback_setting.h"
#include "admin/minor_setting.h"
#include "admin/setting_message.h"
#include "admin/settings_db.h"
#include "database/database.h"

/* What was read, and the values that result. */
struct snapshot {
    struct settings_rows rows;
    struct setting_option options[SETTING_COUNT]; /* those not overridden since */
    struct setting_values values;
    struct setting_values restart; /* after a start with the same options */
};

struct settings {
    struct settings_config config;
    pthread_mutex_t change_lock; /* serializes access to the database, and calls to config.apply */
    pthread_mutex_t lock;        /* guards `now` */
    struct snapshot now;         /* written with both locks held */
};

static bool row_same(const struct settings_row *a, const struct settings_row *b)
{
    return a->there == b->there && a->usual == b->usual && a->revision == b->revision &&
           strcmp(a->text, b->text) == 0;
}

/* A value that was stored after the start overrides the option of the start. */
static void drop_options(const struct settings_rows *before, struct snapshot *next)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (next->rows.of[i].there && !row_same(&before->of[i], &next->rows.of[i]))
            next->options[i].given = false;
    }
}

/* Without a row: what the file says, or the default. */
static bool stored_value(enum setting_id id, const struct setting_option *initial,
                         const struct settings_row *row, struct setting_value *value, char *error,
                         size_t size)
{
    *value = initial->given ? (struct setting_value){initial->number, SETTING_FILE}
                            : (struct setting_value){setting_table[id].usual, SETTING_DEFAULT};
    if (!row->there || row->usual)
        return true;
    value->origin = SETTING_STORED;
    if (setting_parse(id, row->text, &value->number))
        return true;
    (void)snprintf(error, size, "settings.db: %s wants %s, not '%s'", setting_table[id].name,
                   setting_table[id].wants, row->text);
    return false;
}

/* Are these values, with the options applied, consistent? */
static bool fit(const struct setting_values *values, char *error, size_t size)
{
    uint32_t lease_s = values->of[SETTING_LEASE_S].number;
    struct callback_setting waits;

    return minor_setting_ordered(values, error, size) && minor_setting_built(values, error, size) &&
           callback_setting_fit(values, lease_s, &waits, error, size);
}

/* What is stored, or the file says, or the default. */
static bool stored_values(const struct settings_config *config, const struct settings_rows *rows,
                          struct setting_values *values, char *error, size_t size)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (!stored_value((enum setting_id)i, &config->initial[i], &rows->of[i], &values->of[i],
                          error, size))
            return false;
    }
    return true;
}

static void take_options(const struct setting_option options[SETTING_COUNT],
                         struct setting_values *values)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (options[i].given)
            values->of[i] = (struct setting_value){options[i].number, SETTING_OPTION};
    }
}

/* Settings that take effect at the start keep their values.  NULL: this is the start. */
static void keep_started(const struct setting_values *running, struct setting_values *values)
{
    for (uint32_t i = 0; running && i < SETTING_COUNT; i++) {
        if (setting_table[i].when == SETTING_AT_START)
            values->of[i] = running->of[i];
    }
}

/* Compute the values from rows and options.  The stored values must also be consistent without the
 * options, because the next start may not have them. */
static enum settings_status evaluate(const struct settings_config *config,
                                     const struct setting_values *running, struct snapshot *next,
                                     char *error, size_t size)
{
    if (!stored_values(config, &next->rows, &next->values, error, size))
        return SETTINGS_UNREADABLE;
    if (!minor_setting_ordered(&next->values, error, size))
        return SETTINGS_REFUSED;
    next->restart = next->values;
    take_options(next->options, &next->values);
    keep_started(running, &next->values);
    take_options(config->options, &next->restart);
    return fit(&next->values, error, size) ? SETTINGS_OK : SETTINGS_REFUSED;
}

static bool values_same(const struct setting_values *a, const struct setting_values *b)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (a->of[i].number != b->of[i].number)
            return false;
    }
    return true;
}

/* With change_lock held. */
static void enforce(struct settings *settings, const struct snapshot *next)
{
    bool same = values_same(&settings->now.values, &next->values);

    CHECK(pthread_mutex_lock(&settings->lock) == 0);
    settings->now = *next;
    CHECK(pthread_mutex_unlock(&settings->lock) == 0);
    if (!same && settings->config.apply)
        settings->config.apply(settings->config.context, &next->values);
}

static enum settings_status read_rows(int dir, struct settings_rows *rows, char *error, size_t size)
{
    struct database *db = settings_db_open(dir, error, size);
    bool done = db && settings_db_load(db, rows, error, size);

    database_close(db);
    return done ? SETTINGS_OK : SETTINGS_UNREADABLE;
}

struct settings *settings_open(const struct settings_config *config, enum settings_status *status,
                               char *error, size_t size)
{
    struct settings *settings = must_calloc(1, sizeof(*settings));

    settings->config = *config;
    memcpy(settings->now.options, config->options, sizeof(config->options));
    *status = read_rows(config->dir, &settings->now.rows, error, size);
    if (*status == SETTINGS_OK)
        *status = evaluate(config, NULL, &settings->now, error, size);
    if (*status != SETTINGS_OK) {
        free(settings);
        return NULL;
    }
    CHECK(pthread_mutex_init(&settings->change_lock, NULL) == 0);
    CHECK(pthread_mutex_init(&settings->lock, NULL) == 0);
    if (config->apply)
        config->apply(config->context, &settings->now.values);
    return settings;
}

enum settings_status settings_check(const struct settings_config *config, char *error, size_t size)
{
    struct snapshot would = {0};

    memcpy(would.options, config->options, sizeof(config->options));
    if (config->dir >= 0 && !settings_db_peek(config->dir, &would.rows, error, size))
        return SETTINGS_UNREADABLE;
    return evaluate(config, NULL, &would, error, size);
}

void settings_close(struct settings *settings)
{
    if (!settings)
        return;
    CHECK(pthread_mutex_destroy(&settings->change_lock) == 0);
    CHECK(pthread_mutex_destroy(&settings->lock) == 0);
    free(settings);
}

void settings_get(struct settings *settings, struct setting_values *values)
{
    CHECK(pthread_mutex_lock(&settings->lock) == 0);
    *values = settings->now.values;
    CHECK(pthread_mutex_unlock(&settings->lock) == 0);
}

static void state_of(const struct settings *settings, const struct snapshot *now,
                     enum setting_id id, struct setting_state *state)
{
    const struct setting_option *option = &settings->config.options[id];
    const struct settings_row *row = &now->rows.of[id];
    uint32_t stored;

    memset(state, 0, sizeof(*state));
    state->setting = &setting_table[id];
    setting_print(id, now->values.of[id].number, state->value);
    state->origin = now->values.of[id].origin;
    state->revision = row->revision;
    setting_print(id, now->restart.of[id].number, state->restart);
    if (option->given)
        setting_print(id, option->number, state->option);
    if (row->there && !row->usual && setting_parse(id, row->text, &stored))
        setting_print(id, stored, state->stored);
}

uint64_t settings_list(struct settings *settings, struct setting_state states[SETTING_COUNT])
{
    uint64_t revision;

    CHECK(pthread_mutex_lock(&settings->lock) == 0);
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        state_of(settings, &settings->now, (enum setting_id)i, &states[i]);
    revision = settings->now.rows.revision;
    CHECK(pthread_mutex_unlock(&settings->lock) == 0);
    return revision;
}

/* What the disk makes of the settings if the file says what `config` has.  With change_lock. */
static enum settings_status reread(const struct settings *settings,
                                   const struct settings_config *config, struct snapshot *next,
                                   char *error, size_t size)
{
    enum settings_status status;

    *next = settings->now;
    status = read_rows(config->dir, &next->rows, error, size);
    if (status != SETTINGS_OK)
        return status;
    drop_options(&settings->now.rows, next);
    return evaluate(config, &settings->now.values, next, error, size);
}

enum settings_status settings_reload(struct settings *settings, char *error, size_t size)
{
    enum settings_status status;
    struct snapshot next;

    CHECK(pthread_mutex_lock(&settings->change_lock) == 0);
    status = reread(settings, &settings->config, &next, error, size);
    if (status == SETTINGS_OK)
        enforce(settings, &next);
    CHECK(pthread_mutex_unlock(&settings->change_lock) == 0);
    return status;
}

enum settings_status settings_reconfigure(struct settings *settings,
                                          const struct setting_option initial[SETTING_COUNT],
                                          char *error, size_t size)
{
    struct settings_config config;
    enum settings_status status;
    struct snapshot next;

    CHECK(pthread_mutex_lock(&settings->change_lock) == 0);
    config = settings->config;
    memcpy(config.initial, initial, sizeof(config.initial));
    status = reread(settings, &config, &next, error, size);
    if (status == SETTINGS_OK) {
        enforce(settings, &next);
        memcpy(settings->config.initial, initial, sizeof(config.initial));
    }
    CHECK(pthread_mutex_unlock(&settings->change_lock) == 0);
    return status;
}

enum settings_status settings_foresee(struct settings *settings,
                                      const struct setting_option *initial,
                                      struct setting_state states[SETTING_COUNT], char *error,
                                      size_t size)
{
    struct settings_config config;
    enum settings_status status;
    struct snapshot next;

    CHECK(pthread_mutex_lock(&settings->change_lock) == 0);
    config = settings->config;
    if (initial)
        memcpy(config.initial, initial, sizeof(config.initial));
    status = reread(settings, &config, &next, error, size);
    for (uint32_t i = 0; i < SETTING_COUNT && status == SETTINGS_OK; i++)
        state_of(settings, &next, (enum setting_id)i, &states[i]);
    CHECK(pthread_mutex_unlock(&settings->change_lock) == 0);
    return status;
}

/* Turn one change into a row.  Its text is in the form of setting_print(). */
static enum settings_status change_row(const struct settings_change *change,
                                       struct settings_rows *rows, bool changed[SETTING_COUNT],
                                       char *error, size_t size)
{
    struct settings_row row = {.there = true, .usual = !change->value, .revision = rows->revision};
    char quoted[SETTING_QUOTE_BYTES];
    enum setting_id id;
    uint32_t value;

    if (!setting_lookup(change->name, &id)) {
        setting_unknown(change->name, error, size);
        return SETTINGS_UNKNOWN;
    }
    if (changed[id]) {
        (void)snprintf(error, size, "%s is given twice", change->name);
        return SETTINGS_REFUSED;
    }
    if (change->value && !setting_parse(id, change->value, &value)) {
        (void)snprintf(error, size, "%s wants %s, not '%s'", change->name, setting_table[id].wants,
                       setting_quote(change->value, quoted));
        return SETTINGS_REFUSED;
    }
    if (change->value)
        setting_print(id, value, row.text);
    rows->of[id] = row;
    changed[id] = true;
    return SETTINGS_OK;
}

/* Check the expected revision, and count up to that of the change. */
static enum settings_status change_begin(const struct settings_request *request,
                                         struct settings_rows *rows, char *error, size_t size)
{
    if (request->expected != SETTINGS_REVISION_ANY && request->expected != rows->revision) {
        (void)snprintf(error, size, "the settings are at revision %llu, not %llu: read them again",
                       (unsigned long long)rows->revision, (unsigned long long)request->expected);
        return SETTINGS_CONFLICT;
    }
    if (request->count == 0) {
        (void)snprintf(error, size, "the change names no setting");
        return SETTINGS_REFUSED;
    }
    if (rows->revision >= (uint64_t)SETTINGS_REVISION_MAX) {
        (void)snprintf(error, size, "settings.db: there are no revisions left");
        return SETTINGS_UNREADABLE;
    }
    rows->revision++;
    return SETTINGS_OK;
}

/* Could the server start again with the same options?  If it could not before the change, the
 * change is not refused for that. */
static enum settings_status check_restart(const struct snapshot *now, const struct snapshot *next,
                                          char *error, size_t size)
{
    char why[256];

    if (fit(&next->restart, why, sizeof(why)))
        return SETTINGS_OK;
    (void)snprintf(error, size, "%s: the server could not start again with the same options", why);
    return fit(&now->restart, why, sizeof(why)) ? SETTINGS_REFUSED : SETTINGS_OK;
}

static bool put_changed(struct database *db, const struct settings_rows *rows,
                        const bool changed[SETTING_COUNT], char *error, size_t size)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (changed[i] && !settings_db_put(db, (enum setting_id)i, &rows->of[i], error, size))
            return false;
    }
    return true;
}

/* Make the change in a transaction that has begun.  With change_lock held. */
static enum settings_status change_stored(const struct settings *settings, struct database *db,
                                          const struct settings_request *request,
                                          struct snapshot *next, char *error, size_t size)
{
    bool changed[SETTING_COUNT] = {false};
    enum settings_status status;

    if (!settings_db_load(db, &next->rows, error, size))
        return SETTINGS_UNREADABLE;
    status = change_begin(request, &next->rows, error, size);
    for (uint32_t i = 0; i < request->count && status == SETTINGS_OK; i++)
        status = change_row(&request->changes[i], &next->rows, changed, error, size);
    if (status != SETTINGS_OK)
        return status;
    drop_options(&settings->now.rows, next);
    status = evaluate(&settings->config, &settings->now.values, next, error, size);
    if (status == SETTINGS_OK)
        status = check_restart(&settings->now, next, error, size);
    if (status == SETTINGS_OK && (!put_changed(db, &next->rows, changed, error, size) ||
                                  !settings_db_commit(db, error, size)))
        status = SETTINGS_UNREADABLE;
    return status;
}

enum settings_status settings_change(struct settings *settings,
                                     const struct settings_request *request, uint64_t *revision,
                                     char *error, size_t size)
{
    enum settings_status status = SETTINGS_UNREADABLE;
    struct snapshot next;
    struct database *db;
    bool busy;

    CHECK(pthread_mutex_lock(&settings->change_lock) == 0);
    next = settings->now;
    db = settings_db_open_soon(settings->config.dir, &busy, error, size);
    if (db && settings_db_begin(db, error, size))
        status = change_stored(settings, db, request, &next, error, size);
    else if (db ? settings_db_is_busy(db) : busy)
        status = SETTINGS_BUSY;
    database_close(db);
    if (status == SETTINGS_OK) {
        enforce(settings, &next);
        *revision = next.rows.revision;
    }
    CHECK(pthread_mutex_unlock(&settings->change_lock) == 0);
    return status;
}

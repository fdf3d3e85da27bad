/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database is open only while it is read.  So a file that has been replaced is noticed, and the
 * file can be copied at any time.
 */
#include "admin/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/callback_setting.h"
#include "admin/minor_setting.h"
#include "admin/settings_db.h"
#include "database/database.h"

/* What was read, and the values that result. */
struct snapshot {
    struct settings_rows rows;
    struct setting_option options[SETTING_COUNT]; /* those not overridden since */
    struct setting_values values;
};

struct settings {
    struct settings_config config;
    pthread_mutex_t reload_lock; /* serializes access to the database, and calls to config.apply */
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
static bool fit(const struct setting_values *values, uint32_t lease_s, char *error, size_t size)
{
    struct callback_setting waits;

    return minor_setting_ordered(values, error, size) && minor_setting_built(values, error, size) &&
           callback_setting_fit(values, lease_s, &waits, error, size);
}

/* Compute the values from rows and options.  The stored values must also be consistent without the
 * options, because the next start may not have them. */
static enum settings_status evaluate(const struct settings_config *config, struct snapshot *next,
                                     char *error, size_t size)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (!stored_value((enum setting_id)i, &config->initial[i], &next->rows.of[i],
                          &next->values.of[i], error, size))
            return SETTINGS_UNREADABLE;
    }
    if (!minor_setting_ordered(&next->values, error, size))
        return SETTINGS_REFUSED;
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (next->options[i].given)
            next->values.of[i] = (struct setting_value){next->options[i].number, SETTING_OPTION};
    }
    return fit(&next->values, config->lease_s, error, size) ? SETTINGS_OK : SETTINGS_REFUSED;
}

static bool values_same(const struct setting_values *a, const struct setting_values *b)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (a->of[i].number != b->of[i].number)
            return false;
    }
    return true;
}

/* With reload_lock held. */
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
        *status = evaluate(config, &settings->now, error, size);
    if (*status != SETTINGS_OK) {
        free(settings);
        return NULL;
    }
    CHECK(pthread_mutex_init(&settings->reload_lock, NULL) == 0);
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
    return evaluate(config, &would, error, size);
}

void settings_close(struct settings *settings)
{
    if (!settings)
        return;
    CHECK(pthread_mutex_destroy(&settings->reload_lock) == 0);
    CHECK(pthread_mutex_destroy(&settings->lock) == 0);
    free(settings);
}

void settings_get(struct settings *settings, struct setting_values *values)
{
    CHECK(pthread_mutex_lock(&settings->lock) == 0);
    *values = settings->now.values;
    CHECK(pthread_mutex_unlock(&settings->lock) == 0);
}

static void state_of(const struct snapshot *now, enum setting_id id, struct setting_state *state)
{
    const struct settings_row *row = &now->rows.of[id];

    memset(state, 0, sizeof(*state));
    state->setting = &setting_table[id];
    setting_print(id, now->values.of[id].number, state->value);
    state->origin = now->values.of[id].origin;
    state->revision = row->revision;
    if (row->there && !row->usual)
        memcpy(state->stored, row->text, sizeof(state->stored));
}

void settings_list(struct settings *settings, struct setting_state states[SETTING_COUNT])
{
    CHECK(pthread_mutex_lock(&settings->lock) == 0);
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        state_of(&settings->now, (enum setting_id)i, &states[i]);
    CHECK(pthread_mutex_unlock(&settings->lock) == 0);
}

enum settings_status settings_reload(struct settings *settings, char *error, size_t size)
{
    enum settings_status status;
    struct snapshot next;

    CHECK(pthread_mutex_lock(&settings->reload_lock) == 0);
    next = settings->now;
    status = read_rows(settings->config.dir, &next.rows, error, size);
    if (status == SETTINGS_OK) {
        drop_options(&settings->now.rows, &next);
        status = evaluate(&settings->config, &next, error, size);
    }
    if (status == SETTINGS_OK)
        enforce(settings, &next);
    CHECK(pthread_mutex_unlock(&settings->reload_lock) == 0);
    return status;
}

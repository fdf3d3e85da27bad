/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export_shelf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/config/config_json.h"
#include "base/log.h"
#include "daemon/backends.h"
#include "daemon/export_store.h"

struct export_shelved *export_shelf_find(const struct exports *exports, const char *path)
{
    for (uint32_t i = 0; i < exports->shelved_count; i++) {
        if (strcmp(exports->shelf[i]->path, path) == 0)
            return exports->shelf[i];
    }
    return NULL;
}

/* What the JSON says, whether it can be served or not. */
static void spec_read(struct export_spec *spec, const char *path, const char *json)
{
    struct config_faults faults = {0};
    struct config *said = config_json_read(json, NULL, &faults);

    export_spec_init(spec);
    if (said->export_count == 1)
        export_spec_copy(spec, &said->exports[0]);
    free(spec->path);
    spec->path = must_strdup(path);
    spec->backend = spec->backend ? spec->backend : must_strdup("");
    spec->arg = spec->arg ? spec->arg : must_strdup("");
    config_faults_fini(&faults);
    config_destroy(said);
}

static void shelf_add(struct exports *exports, const char *path, const char *json, const char *why)
{
    struct export_shelved *shelved;

    if (exports->shelved_count == LIMIT_EXPORTS)
        return; /* the log has it */
    shelved = must_calloc(1, sizeof(*shelved));
    *shelved = (struct export_shelved){
        .path = must_strdup(path), .json = must_strdup(json), .why = must_strdup(why)};
    spec_read(&shelved->spec, path, json);
    exports->shelf[exports->shelved_count++] = shelved;
}

void export_shelf_drop(struct exports *exports, const char *path)
{
    struct export_shelved *shelved = export_shelf_find(exports, path);

    if (!shelved)
        return;
    for (uint32_t i = 0; i < exports->shelved_count; i++) {
        if (exports->shelf[i] == shelved)
            exports->shelf[i] = exports->shelf[--exports->shelved_count];
    }
    exports->revision++;
    export_spec_fini(&shelved->spec);
    free(shelved->path);
    free(shelved->json);
    free(shelved->why);
    free(shelved);
}

/* ---- service ---- */

struct text {
    char of[EXPORT_TEXT_BYTES];
};

/* The first line counts. */
static void take_line(void *context, const char *line)
{
    struct text *text = context;

    if (*text->of == '\0')
        (void)snprintf(text->of, sizeof(text->of), "%s", line);
}

enum service {
    SERVED,
    NOT_SERVED,
    NOT_SHELVED /* it was removed or served by another thread meanwhile */
};

/* Its backend is created without the lock.  NOT_SERVED, with `why`. */
static enum service serve(struct exports *exports, const char *path, const char *json, bool shelved,
                          struct text *why)
{
    const struct export_report report = {.line = take_line, .context = why};
    struct export_built built = {.fs = NULL};
    struct config *said;
    enum service done = NOT_SERVED;

    *why->of = '\0';
    said = export_json_read(json, &report);
    if (said && export_built_create(exports, &said->exports[0], &built, &report)) {
        CHECK(pthread_mutex_lock(&exports->lock) == 0);
        if (shelved && !export_shelf_find(exports, path))
            done = NOT_SHELVED;
        else if (export_built_put_up(exports, &said->exports[0], &built, &report))
            done = SERVED;
        if (done == SERVED)
            export_shelf_drop(exports, path);
        export_unlock(exports);
    }
    export_built_drop(exports, &built);
    config_destroy(said);
    return done;
}

void export_shelf_open(void *context, const char *path, const char *json)
{
    struct exports *exports = context;
    struct text why = {""};

    if (export_entry_find(exports, path)) {
        log_warn("export.overruled", LOG_STR("path", path),
                 LOG_STR("note", "the configuration has it: what is stored does not count"));
    } else {
        if (serve(exports, path, json, false, &why) == SERVED)
            return;
        log_error("export.failed", LOG_STR("error", why.of),
                  LOG_STR("note", "it is stored, but not exported"));
    }
    shelf_add(exports, path, json, why.of);
}

/* One whose path is free now.  NULL: there is none. */
static struct export_shelved *find_free_locked(const struct exports *exports)
{
    for (uint32_t i = 0; i < exports->shelved_count; i++) {
        if (*exports->shelf[i]->why == '\0' && !export_entry_find(exports, exports->shelf[i]->path))
            return exports->shelf[i];
    }
    return NULL;
}

/* Copies of it, to be freed.  False: there is none. */
static bool take_free(struct exports *exports, char **path, char **json)
{
    const struct export_shelved *shelved;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    shelved = find_free_locked(exports);
    *path = shelved ? must_strdup(shelved->path) : NULL;
    *json = shelved ? must_strdup(shelved->json) : NULL;
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
    return shelved != NULL;
}

/* It is not tried again by itself. */
static void note_why(struct exports *exports, const char *path, const char *why)
{
    struct export_shelved *shelved;

    CHECK(pthread_mutex_lock(&exports->lock) == 0);
    shelved = export_shelf_find(exports, path);
    if (shelved) {
        free(shelved->why);
        shelved->why = must_strdup(*why ? why : "it was not possible");
    }
    CHECK(pthread_mutex_unlock(&exports->lock) == 0);
}

void export_shelf_serve(struct exports *exports, const struct export_report *report)
{
    enum service service;
    struct text why;
    char *path, *json;

    while (take_free(exports, &path, &json)) {
        service = serve(exports, path, json, true, &why);
        if (service == SERVED) {
            export_say(report, "export %s added as it is stored", path);
        } else if (service == NOT_SERVED) {
            export_say(report, "export %s is stored, but not exported: %s", path, why.of);
            note_why(exports, path, why.of);
        }
        free(path);
        free(json);
    }
}

static void look_for_machine(void *context, const char *path, const char *json)
{
    struct export_spec spec;
    bool *found = context;

    spec_read(&spec, path, json);
    *found |= backend_serves_machine(&spec, 1);
    export_spec_fini(&spec);
}

bool exports_serve_machine(const struct config *said)
{
    bool found = backend_serves_machine(said->exports, said->export_count);
    int dir;

    if (found || said->export_count == 0) /* those that will be added may be */
        return true;
    dir = open(said->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return false; /* nothing is stored */
    if (!export_store_peek(dir, look_for_machine, &found))
        found = true; /* it may be one */
    close(dir);
    return found;
}

static bool sets_labels(const struct export_spec *spec)
{
    return spec->security_label && backend_serves_machine(spec, 1);
}

static bool watches_changes(const struct export_spec *spec)
{
    return spec->attributes == EXPORT_ATTRIBUTES_WATCHED && backend_serves_machine(spec, 1);
}

struct need {
    bool (*of)(const struct export_spec *spec);
    bool found;
};

static void look_for_need(void *context, const char *path, const char *json)
{
    struct export_spec spec;
    struct need *need = context;

    spec_read(&spec, path, json);
    need->found |= need->of(&spec);
    export_spec_fini(&spec);
}

static bool any_needs(const struct config *said, bool (*of)(const struct export_spec *spec))
{
    struct need need = {.of = of};
    int dir;

    for (uint32_t i = 0; i < said->export_count; i++)
        need.found |= of(&said->exports[i]);
    dir = need.found ? -1 : open(said->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return need.found;
    if (!export_store_peek(dir, look_for_need, &need))
        need.found = false; /* what cannot be read gets no rights */
    close(dir);
    return need.found;
}

bool exports_set_labels(const struct config *said)
{
    return any_needs(said, sets_labels);
}

bool exports_watch_changes(const struct config *said)
{
    return any_needs(said, watches_changes);
}

/* ---- what is shown ---- */

/* The backend that would know does not exist: the stricter answer. */
static bool is_secure(const struct export_spec *spec)
{
    if (spec->ports != EXPORT_PORTS_DEFAULT)
        return spec->ports == EXPORT_PORTS_SECURE;
    return backend_serves_machine(spec, 1) && spec->squash != EXPORT_ALL_SQUASH;
}

uint32_t export_shelf_visit(struct exports *exports, const char *path,
                            void (*show)(const struct export_shown *shown, void *arg), void *arg)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < exports->shelved_count; i++) {
        const struct export_shelved *shelved = exports->shelf[i];
        bool overruled = export_entry_find(exports, shelved->path);

        if (path && strcmp(shelved->path, path) != 0)
            continue;
        count++;
        show(
            &(struct export_shown){
                .spec = &shelved->spec,
                .origin = EXPORT_BY_ADMIN,
                .service = overruled ? EXPORT_OVERRULED : EXPORT_NOT_SERVED,
                .why = overruled ? "the configuration has an export at this path" : shelved->why,
                .secure = is_secure(&shelved->spec),
                .revision = exports->revision,
            },
            arg);
    }
    return count;
}

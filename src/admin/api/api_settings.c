/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/api/api_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api/api_body.h"
#include "admin/api/api_revision.h"
#include "admin/endpoint.h"
#include "admin/http/http_request.h"
#include "admin/setting_message.h"
#include "admin/settings.h"
#include "base/log.h"

enum {
    ERROR_BYTES = 256,
    NUMBER_BYTES = 32,
};

static const char *kind_name(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_NUMBER:
        return "number";
    case SETTING_WORD:
        return "word";
    case SETTING_FLAG:
        return "flag";
    }
    return "?";
}

/* A value in the form of setting_print(); null for none.  A number may have a word instead. */
static json_t *value_json(const struct setting *setting, const char *text)
{
    if (*text == '\0')
        return json_null();
    if (setting->kind == SETTING_FLAG)
        return json_boolean(strcmp(text, "true") == 0);
    if (setting->kind == SETTING_NUMBER && text[strspn(text, "0123456789")] == '\0')
        return json_integer(strtoll(text, NULL, 10));
    return json_string(text);
}

static json_t *setting_json(const struct setting_state *state)
{
    const struct setting *setting = state->setting;
    char usual[SETTING_TEXT_BYTES];

    setting_print((enum setting_id)(setting - setting_table), setting->usual, usual);
    return json_pack(
        "{s:s, s:o, s:o, s:s?, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "name", setting->name,
        "value", value_json(setting, state->value), "default", value_json(setting, usual), "unit",
        setting->unit, "kind", kind_name(setting->kind), "origin",
        setting_origin_name(state->origin), "stored", value_json(setting, state->stored), "option",
        value_json(setting, state->option), "restart", value_json(setting, state->restart), "when",
        setting_when_name(setting->when), "wants", setting->wants, "help", setting->help);
}

static bool is_pending(const struct setting_state *state)
{
    return strcmp(state->value, state->restart) != 0;
}

/* All, or those that a restart would change. */
static void reply_list(struct http_request *request, struct settings *settings, bool pending)
{
    struct setting_state states[SETTING_COUNT];
    uint64_t revision = settings_list(settings, states);
    json_t *list = json_array();

    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (pending && !is_pending(&states[i]))
            continue;
        if (json_array_append_new(list, setting_json(&states[i])) != 0) { /* no memory */
            json_decref(list);
            list = NULL;
            break;
        }
    }
    api_revision_tag(request, revision);
    http_reply_json(&request->reply,
                    json_pack("{s:I, s:o}", "revision", (json_int_t)revision, "settings", list));
}

void api_settings_list(struct http_request *request, void *context)
{
    static const char *const names[] = {"pending"};
    const struct endpoint *endpoint = context;
    bool pending;

    if (http_query_check(request, names, ARRAY_SIZE(names)) &&
        http_query_flag(request, "pending", &pending))
        reply_list(request, endpoint->settings, pending);
}

void api_settings_show(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    struct setting_state states[SETTING_COUNT];
    char error[ERROR_BYTES];
    enum setting_id id;

    if (!http_query_check(request, NULL, 0))
        return;
    if (!setting_lookup(request->args.of[0], &id)) {
        setting_unknown(request->args.of[0], error, sizeof(error));
        http_reply_problem(&request->reply, 404, error, NULL);
        return;
    }
    api_revision_tag(request, settings_list(endpoint->settings, states));
    http_reply_json(&request->reply, setting_json(&states[id]));
}

/* ---- changes ---- */

/* One more than there are settings: among so many names, all different, one is not known. */
struct changes {
    uint32_t count;
    struct settings_change of[SETTING_COUNT + 1];
    char numbers[SETTING_COUNT + 1][NUMBER_BYTES];
};

/* The text of a value for setting_parse(); NULL with *valid for null. */
static const char *value_text(const json_t *value, char number[NUMBER_BYTES], bool *valid)
{
    *valid = true;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
        (void)snprintf(number, NUMBER_BYTES, "%lld", (long long)json_integer_value(value));
        return number;
    case JSON_REAL:
        (void)snprintf(number, NUMBER_BYTES, "%.17g", json_real_value(value));
        return number;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return NULL;
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    *valid = false;
    return NULL;
}

/* False: the reply is a problem.  Names and texts stay with the body. */
static bool changes_read(struct http_request *request, json_t *body, struct changes *changes)
{
    char detail[ERROR_BYTES], quoted[SETTING_QUOTE_BYTES];
    const char *name;
    json_t *value;
    bool valid;

    changes->count = 0;
    json_object_foreach(body, name, value)
    {
        struct settings_change *change = &changes->of[changes->count];

        change->name = name;
        change->value = value_text(value, changes->numbers[changes->count], &valid);
        if (!valid) {
            (void)snprintf(detail, sizeof(detail),
                           "body: %s wants a number, a string, a boolean or null",
                           setting_quote(name, quoted));
            http_reply_problem(&request->reply, 422, detail, NULL);
            return false;
        }
        if (++changes->count == ARRAY_SIZE(changes->of))
            break;
    }
    return true;
}

static unsigned status_of(enum settings_status status)
{
    switch (status) {
    case SETTINGS_OK:
        return 200;
    case SETTINGS_UNKNOWN:
        return 404;
    case SETTINGS_REFUSED:
        return 422;
    case SETTINGS_CONFLICT:
        return 412;
    case SETTINGS_BUSY:
        return 503;
    case SETTINGS_UNREADABLE:
        break;
    }
    return 500;
}

static void log_changes(const struct changes *changes, uint64_t revision)
{
    for (uint32_t i = 0; i < changes->count; i++)
        log_info("admin.setting", LOG_STR("name", changes->of[i].name),
                 LOG_STR("value", changes->of[i].value ? changes->of[i].value : "not stored"),
                 LOG_U64("revision", revision));
}

static void change(struct http_request *request, struct settings *settings, json_t *body)
{
    struct settings_request wanted;
    enum settings_status status;
    struct changes changes;
    char error[ERROR_BYTES];
    uint64_t revision;

    if (!api_revision_expected(request, "settings", SETTINGS_REVISION_ANY, &wanted.expected) ||
        !changes_read(request, body, &changes))
        return;
    wanted.changes = changes.of;
    wanted.count = changes.count;
    status = settings_change(settings, &wanted, &revision, error, sizeof(error));
    if (status != SETTINGS_OK) {
        http_reply_problem(&request->reply, status_of(status), error, NULL);
        return;
    }
    log_changes(&changes, revision);
    reply_list(request, settings, false);
}

void api_settings_change(struct http_request *request, void *context)
{
    const struct endpoint *endpoint = context;
    json_t *body;

    if (!http_query_check(request, NULL, 0))
        return;
    body = api_body_object(request, NULL, 0);
    if (!body)
        return;
    change(request, endpoint->settings, body);
    json_decref(body);
}

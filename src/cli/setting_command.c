/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/setting_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guess.h"
#include "cli/complaint.h"
#include "cli/json_print.h"
#include "cli/listing.h"
#include "cli/printable.h"
#include "cli/record.h"
#include "cli/resource_command.h"

static const char path[] = "/settings", member[] = "settings";

static json_t *setting_lookup(const json_t *list, const char *name)
{
    json_t *settings = json_object_get(list, member);

    for (size_t i = 0; i < json_array_size(settings); i++) {
        json_t *one = json_array_get(settings, i);
        const char *known = json_string_value(json_object_get(one, "name"));

        if (known && strcmp(known, name) == 0)
            return one;
    }
    return NULL;
}

static void refuse_name(const json_t *list, const char *name)
{
    const json_t *settings = json_object_get(list, member);
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, name, strlen(name));
    for (size_t i = 0; i < json_array_size(settings); i++) {
        const char *known = json_string_value(json_object_get(json_array_get(settings, i), "name"));

        if (known)
            guess_offer(&guess, known);
    }
    complaint_print("unknown setting '%s'%s (`mainstay setting list` shows all)", name,
                    guess_hint(&guess, "", hint, sizeof(hint)));
}

/* Are all of these settings?  Every `step`-th argument is a name. */
static bool names_check(const struct invocation *call, const json_t *list, uint32_t step)
{
    bool ok = true;

    for (uint32_t i = 0; i < call->count; i += step) {
        if (setting_lookup(list, call->arguments[i]))
            continue;
        refuse_name(list, call->arguments[i]);
        ok = false;
    }
    return ok;
}

/* ---- show ---- */

static void settings_print(const struct invocation *call, const json_t *list)
{
    json_t *chosen = json_array();

    for (uint32_t i = 0; i < call->count; i++)
        CHECK(json_array_append(chosen, setting_lookup(list, call->arguments[i])) == 0);
    if (call->globals[GLOBAL_JSON]) {
        json_print(call->count == 1 ? json_array_get(chosen, 0) : chosen, stdout, false);
    } else {
        for (uint32_t i = 0; i < call->count; i++) {
            if (i > 0)
                (void)putchar('\n');
            record_print(json_array_get(chosen, i), stdout);
        }
    }
    json_decref(chosen);
}

int setting_show(const struct invocation *call)
{
    struct admin_client *client = resource_client(call);
    json_t *list = client ? listing_get(client, path, member) : NULL;
    int code = COMMAND_FAILED;

    if (list && names_check(call, list, 1)) {
        settings_print(call, list);
        code = COMMAND_OK;
    }
    json_decref(list);
    admin_client_destroy(client);
    return code;
}

/* ---- set, unset ---- */

/* What JSON has of this value: a number, a flag (as it is given or shown), else a text. */
static json_t *value_make(const char *text)
{
    char *end;
    long long number;

    if (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0)
        return json_true();
    if (strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
        return json_false();
    errno = 0;
    number = strtoll(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0)
        return json_integer(number);
    return json_string(text);
}

/* The body of the request.  NULL after telling why. */
static json_t *changes_make(const struct invocation *call, bool is_unset)
{
    uint32_t step = is_unset ? 1 : 2;
    json_t *changes = json_object();

    for (uint32_t i = 0; i < call->count; i += step) {
        const char *name = call->arguments[i];
        json_t *value = is_unset ? json_null() : value_make(call->arguments[i + 1]);

        if (!value)
            complaint_print("%s: the value is not UTF-8", name);
        else if (json_object_get(changes, name))
            complaint_print("%s is given twice", name);
        else if (json_object_set_new(changes, name, json_incref(value)) != 0)
            complaint_print("the name of a setting is not UTF-8");
        else {
            json_decref(value);
            continue;
        }
        json_decref(value);
        json_decref(changes);
        return NULL;
    }
    return changes;
}

/* "nfs.max_minor_version: 1, was 2", and when that takes effect. */
static void change_write(FILE *out, const json_t *before, const json_t *after, const char *name)
{
    char *was = value_text(json_object_get(before, "value"), VALUE_PLAIN);
    char *is = value_text(json_object_get(after, "value"), VALUE_PLAIN);
    char *restart = value_text(json_object_get(after, "restart"), VALUE_PLAIN);
    char *when = value_text(json_object_get(after, "when"), VALUE_PLAIN);

    (void)fprintf(out, "%s: %s", name, is ? is : "?");
    if (was && is && strcmp(was, is) != 0)
        (void)fprintf(out, ", was %s", was);
    if (restart && is && strcmp(restart, is) != 0)
        (void)fprintf(out, "; %s after the next start", restart);
    else if (when && strcmp(when, "at the next start") == 0)
        (void)fputs(", also after the next start", out);
    else if (when && strcmp(when, "at once") != 0)
        (void)fprintf(out, "; takes effect %s", when);
    free(was);
    free(is);
    free(restart);
    free(when);
}

static void change_print(const json_t *before, const json_t *after, const char *name)
{
    char *text, *shown;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    CHECK(out);
    change_write(out, setting_lookup(before, name), setting_lookup(after, name), name);
    CHECK(fclose(out) == 0);
    shown = printable_text(text);
    (void)puts(shown);
    free(shown);
    free(text);
}

/* The reply, with those that were named alone. */
static void changed_print(const struct invocation *call, const json_t *after, uint32_t step)
{
    json_t *shown = json_copy((json_t *)after), *chosen = json_array();

    for (uint32_t i = 0; i < call->count; i += step) {
        json_t *one = setting_lookup(after, call->arguments[i]);

        CHECK(!one || json_array_append(chosen, one) == 0);
    }
    CHECK(shown && json_object_set_new(shown, member, chosen) == 0);
    json_print(shown, stdout, false);
    json_decref(shown);
}

static void changes_print(const struct invocation *call, const json_t *before, const json_t *after,
                          bool is_unset)
{
    uint32_t step = is_unset ? 1 : 2;

    if (call->globals[GLOBAL_JSON]) {
        changed_print(call, after, step);
        return;
    }
    for (uint32_t i = 0; i < call->count; i += step)
        change_print(before, after, call->arguments[i]);
}

/* False after telling why. */
static bool settings_get(struct admin_client *client, struct admin_reply *reply)
{
    if (!admin_client_call(client, &(struct admin_request){.method = "GET", .path = path}, reply))
        return false;
    if (*reply->etag && json_is_array(json_object_get(reply->json, member)))
        return true;
    complaint_print("%s: the answer has no list of settings with an entity tag",
                    admin_client_name(client));
    return false;
}

/* Never tries again: whoever changed the settings meanwhile may have meant something else. */
static int change(const struct invocation *call, struct admin_client *client, const json_t *changes,
                  bool is_unset)
{
    struct admin_reply before = {0}, after = {0};
    int code = COMMAND_FAILED;

    if (settings_get(client, &before) && names_check(call, before.json, is_unset ? 1 : 2)) {
        struct admin_request request = {
            .method = "PATCH", .path = path, .body = changes, .if_match = before.etag};

        if (admin_client_call(client, &request, &after)) {
            changes_print(call, before.json, after.json, is_unset);
            code = COMMAND_OK;
        } else if (after.status == 412) {
            complaint_add("somebody else changed settings at the same time; look at them with "
                          "`mainstay setting list`, and repeat the command if it is still right");
        }
    }
    json_decref(before.json);
    json_decref(after.json);
    return code;
}

static int change_command(const struct invocation *call, bool is_unset)
{
    json_t *changes = changes_make(call, is_unset);
    struct admin_client *client;
    int code;

    if (!changes)
        return COMMAND_USAGE;
    client = resource_client(call);
    code = client ? change(call, client, changes, is_unset) : COMMAND_FAILED;
    admin_client_destroy(client);
    json_decref(changes);
    return code;
}

int setting_set(const struct invocation *call)
{
    if (call->count % 2 == 0)
        return change_command(call, false);
    complaint_print("setting set: %s has no value; for example %s",
                    call->arguments[call->count - 1], call->command->example);
    return COMMAND_USAGE;
}

int setting_unset(const struct invocation *call)
{
    return change_command(call, true);
}

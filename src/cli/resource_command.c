/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resource_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client_name.h"
#include "cli/complaint.h"
#include "cli/json_print.h"
#include "cli/listing.h"
#include "cli/printable.h"
#include "cli/record.h"
#include "cli/text_table.h"

enum {
    NAME_COLUMNS = 48, /* of a name in a table; a client may choose one of 1,024 bytes */
    NAME_COLUMNS_MIN = 24,
    TABLE_COLUMNS = 100 /* of one that has to fit */
};

struct admin_client *resource_client(const struct invocation *call)
{
    return admin_client_create(&(struct admin_access){
        .endpoint = call->globals[GLOBAL_ADMIN],
        .token_file = call->globals[GLOBAL_ADMIN_TOKEN],
        .ca = call->globals[GLOBAL_ADMIN_CA],
        .cert = call->globals[GLOBAL_ADMIN_CERT],
        .key = call->globals[GLOBAL_ADMIN_KEY],
    });
}

/* ---- the path of the request ---- */

/* `text` encoded, or the id of the client that it names.  NULL after telling why. */
static char *value_encode(struct admin_client *client, const char *text, enum command_value kind,
                          bool by_part)
{
    char id[CLIENT_ID_CHARS + 1];

    if (kind != COMMAND_CLIENT)
        return admin_client_encode(client, text);
    return client_name_resolve(client, text, by_part, id) ? must_strdup(id) : NULL;
}

static void query_print(FILE *out, const char *query, const char *value, bool *has_query)
{
    (void)fprintf(out, "%c%s", *has_query ? '&' : '?', query);
    if (value)
        (void)fprintf(out, "=%s", value);
    *has_query = true;
}

static bool options_print(const struct invocation *call, struct admin_client *client, FILE *out)
{
    const struct command_option *option = call->command->options;
    bool has_query = false;

    for (uint32_t i = 0; option[i].name; i++) {
        char *value = NULL;

        if (!call->options[i] || !option[i].query)
            continue;
        if (option[i].value) {
            value = value_encode(client, call->options[i], option[i].kind, true);
            if (!value)
                return false;
        }
        query_print(out, option[i].query, value, &has_query);
        free(value);
    }
    return true;
}

/* {} becomes the first argument.  What changes a client wants its whole name. */
static bool path_print(const struct invocation *call, struct admin_client *client, FILE *out)
{
    const struct command *command = call->command;
    const char *hole = strstr(command->path, "{}");
    char *value;

    if (!hole) {
        (void)fputs(command->path, out);
        return true;
    }
    value = value_encode(client, call->arguments[0], command->kind,
                         strcmp(command->method, "GET") == 0);
    if (!value)
        return false;
    (void)fprintf(out, "%.*s%s%s", (int)(hole - command->path), command->path, value, hole + 2);
    free(value);
    return true;
}

char *resource_path(const struct invocation *call, struct admin_client *client)
{
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);
    bool ok;

    CHECK(out);
    ok = path_print(call, client, out) && options_print(call, client, out);
    CHECK(fclose(out) == 0);
    if (ok)
        return text;
    free(text);
    return NULL;
}

/* ---- lists ---- */

static void row_add(struct text_table *table, const struct command_column *columns,
                    const json_t *item)
{
    char *cells[COMMAND_COLUMNS_MAX];
    uint32_t count = 0;

    for (; columns[count].title; count++)
        cells[count] = value_text(value_member(item, columns[count].member), columns[count].kind);
    text_table_add(table, (const char *const *)cells);
    for (uint32_t i = 0; i < count; i++)
        free(cells[i]);
}

/* ---- their order: that of the server is that of its tables ---- */

struct sorted {
    const json_t *item;
    const char *name, *path;
    size_t at; /* in the reply; locks of a file come in the order of their ranges */
};

static int compare(const void *a, const void *b)
{
    const struct sorted *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    if (order == 0)
        order = strcmp(left->path, right->path);
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

static const char *text_of(const json_t *item, const char *member)
{
    const char *text = member ? json_string_value(value_member(item, member)) : NULL;

    return text ? text : "";
}

/* By the first name of a client or an owner, then by path. */
static struct sorted *sort(const struct command_column *columns, const json_t *items)
{
    size_t count = json_array_size(items);
    struct sorted *all = must_calloc(count + 1, sizeof(*all));
    const char *name = NULL;

    for (uint32_t i = 0; columns[i].title && !name; i++)
        name = columns[i].kind == VALUE_NAME ? columns[i].member : NULL;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(items, i);

        all[i] = (struct sorted){item, text_of(item, name), text_of(item, "path"), i};
    }
    qsort(all, count, sizeof(*all), compare);
    return all;
}

/* The wide ones, too, or without them. */
static uint32_t columns_choose(const struct command_column *all, bool fit,
                               struct command_column *columns)
{
    uint32_t count = 0;

    for (; all->title; all++) {
        if (!fit || !all->wide)
            columns[count++] = *all;
    }
    columns[count] = (struct command_column){.title = NULL};
    return count;
}

void resource_table_print(const struct command_column *all, bool fit, const json_t *items)
{
    struct command_column columns[COMMAND_COLUMNS_MAX + 1];
    const char *titles[COMMAND_COLUMNS_MAX] = {NULL};
    uint32_t count = columns_choose(all, fit, columns);
    struct text_table *table;
    struct sorted *rows;

    for (uint32_t i = 0; i < count; i++)
        titles[i] = columns[i].title;
    table = text_table_create(titles, count);
    for (uint32_t i = 0; i < count; i++) {
        if (value_kind_is_number(columns[i].kind))
            text_table_align_right(table, i);
        if (columns[i].kind == VALUE_NAME)
            text_table_shorten(table, i, NAME_COLUMNS);
    }
    rows = sort(columns, items);
    for (size_t i = 0; i < json_array_size(items); i++)
        row_add(table, columns, rows[i].item);
    if (fit)
        text_table_fit(table, TABLE_COLUMNS, NAME_COLUMNS_MIN);
    text_table_print(table, stdout, 0, true);
    text_table_destroy(table);
    free(rows);
}

/* Has the command --wide, and was it not given? */
static bool has_to_fit(const struct invocation *call)
{
    const struct command_option *option = call->command->options;

    for (uint32_t i = 0; option[i].name; i++) {
        if (strcmp(option[i].name, "wide") == 0)
            return !call->options[i];
    }
    return false;
}

static void list_print(const struct invocation *call, const json_t *list, const char *member)
{
    const json_t *items = json_object_get(list, member);

    if (call->globals[GLOBAL_JSON])
        json_print(list, stdout, false);
    else if (json_array_size(items) == 0)
        (void)printf("none\n");
    else
        resource_table_print(call->command->columns, has_to_fit(call), items);
}

int resource_list(const struct invocation *call)
{
    const char *member = call->command->items ? call->command->items : "items";
    struct admin_client *client = resource_client(call);
    char *path = client ? resource_path(call, client) : NULL;
    json_t *list = path ? listing_get(client, path, member) : NULL;
    int code = list ? COMMAND_OK : COMMAND_FAILED;

    if (list)
        list_print(call, list, member);
    json_decref(list);
    free(path);
    admin_client_destroy(client);
    return code;
}

/* ---- one thing, and actions ---- */

static void lines_print(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char *text = value_text(json_array_get(list, i), VALUE_PLAIN);
        char *shown = printable_text(text ? text : "-");

        (void)puts(shown);
        free(shown);
        free(text);
    }
}

static void reply_print(const struct invocation *call, const struct admin_reply *reply)
{
    const struct command *command = call->command;
    json_t *part = command->items ? json_object_get(reply->json, command->items) : reply->json;

    if (call->globals[GLOBAL_JSON]) {
        json_t *nothing = json_object();

        json_print(part ? part : nothing, stdout, false);
        json_decref(nothing);
        return;
    }
    if (json_is_object(part) && json_object_size(part) > 0) {
        record_print(part, stdout);
        return;
    }
    if (json_array_size(part) > 0) {
        lines_print(part);
        return;
    }
    if (command->done) {
        char *shown = printable_text(call->count > 0 ? call->arguments[0] : "");

        (void)printf("%s%s%s\n", shown, *shown ? " " : "", command->done);
        free(shown);
    }
}

/* What the export is used for, and how it goes all the same. */
static void force_advise(const struct command *command, const json_t *problem)
{
    const char *detail = json_string_value(json_object_get(problem, "detail"));

    if (!detail || !strstr(detail, "force"))
        return;
    complaint_add(
        "`mainstay open list` and `mainstay delegation list` show with --export what they "
        "have");
    for (const struct command_option *o = command->options; o->name; o++) {
        if (strcmp(o->name, "force") == 0)
            complaint_add("the option --force does it all the same");
    }
}

int resource_request(const struct invocation *call)
{
    struct admin_client *client = resource_client(call);
    char *path = client ? resource_path(call, client) : NULL;
    struct admin_request request = {
        .method = call->command->method, .path = path, .at_root = call->command->at_root};
    struct admin_reply reply = {0};
    int code = COMMAND_FAILED;

    if (path && admin_client_call(client, &request, &reply)) {
        reply_print(call, &reply);
        code = COMMAND_OK;
    } else if (reply.status == 409) {
        force_advise(call->command, reply.json);
    }
    json_decref(reply.json);
    free(path);
    admin_client_destroy(client);
    return code;
}

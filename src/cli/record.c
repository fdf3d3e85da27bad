/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/printable.h"
#include "cli/text_table.h"
#include "cli/value_text.h"

enum {
    DEPTH_MAX = 4, /* of objects in objects; what is deeper is shown as JSON */
    LABEL_BYTES = 64,
    STEP = 4,
};

struct label {
    char text[LABEL_BYTES];
};

/* "CB_RECALL" is the name of a value, and not one of the words of members. */
static bool is_value_name(const char *member)
{
    return strpbrk(member, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
}

/* "lease_age_s" is `lease age`.  Names of members are ASCII; whatever is not could harm a terminal.
 */
static const char *label_print(const char *member, struct label *label)
{
    enum value_kind kind = value_kind_of(member);
    size_t len;

    (void)snprintf(label->text, LABEL_BYTES, "%s", member);
    len = strlen(label->text);
    if (kind == VALUE_SECONDS)
        label->text[len - strlen("_s")] = '\0';
    else if (kind == VALUE_BYTES && len < LABEL_BYTES - 1)
        label->text[len - strlen("_bytes")] = '\0';
    for (char *c = label->text; *c; c++) {
        if (*c == '_' && !is_value_name(member))
            *c = ' ';
        else if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return label->text;
}

/* ---- a list of objects: its columns are the members of the first ---- */

struct columns {
    uint32_t count;
    const char *members[TEXT_TABLE_COLUMNS_MAX], *titles[TEXT_TABLE_COLUMNS_MAX];
    struct label labels[TEXT_TABLE_COLUMNS_MAX];
};

static void columns_init(struct columns *columns, json_t *first)
{
    const char *name;
    json_t *value;

    columns->count = 0;
    json_object_foreach(first, name, value)
    {
        uint32_t i = columns->count;

        if (i == TEXT_TABLE_COLUMNS_MAX)
            return;
        columns->members[i] = name;
        columns->titles[i] = label_print(name, &columns->labels[i]);
        columns->count++;
    }
}

static void row_add(struct text_table *table, const struct columns *columns, const json_t *object)
{
    char *cells[TEXT_TABLE_COLUMNS_MAX];

    for (uint32_t i = 0; i < columns->count; i++)
        cells[i] = value_text(json_object_get(object, columns->members[i]),
                              value_kind_of(columns->members[i]));
    text_table_add(table, (const char *const *)cells);
    for (uint32_t i = 0; i < columns->count; i++)
        free(cells[i]);
}

static void objects_print(const json_t *list, FILE *out, int indent)
{
    struct text_table *table;
    struct columns columns;

    columns_init(&columns, json_array_get(list, 0));
    if (columns.count == 0)
        return;
    table = text_table_create(columns.titles, columns.count);
    for (size_t i = 0; i < json_array_size(list); i++)
        row_add(table, &columns, json_array_get(list, i));
    text_table_print(table, out, indent, true);
    text_table_destroy(table);
}

/* ---- an object ---- */

/* Lists with several texts have a line for each. */
static bool has_lines(const json_t *value)
{
    return json_array_size(value) > 1 && json_is_string(json_array_get(value, 0));
}

static bool is_simple(const json_t *value, int depth)
{
    if (json_is_object(value))
        return depth == DEPTH_MAX || json_object_size(value) == 0;
    return !json_is_object(json_array_get(value, 0)) && !has_lines(value);
}

static void lines_print(const json_t *list, FILE *out, int indent)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char *text = value_text(json_array_get(list, i), VALUE_PLAIN);
        char *shown = printable_text(text ? text : "-");

        (void)fprintf(out, "%*s%s\n", indent, "", shown);
        free(shown);
        free(text);
    }
}

/* Members that fit into a line, up to the first that does not: below each other. */
static void *simple_print(json_t *object, void *at, FILE *out, int depth)
{
    static const char *const no_titles[] = {"", ""};
    struct text_table *table = text_table_create(no_titles, ARRAY_SIZE(no_titles));

    for (; at && is_simple(json_object_iter_value(at), depth);
         at = json_object_iter_next(object, at)) {
        const char *member = json_object_iter_key(at);
        char *text = value_text(json_object_iter_value(at), value_kind_of(member));
        struct label label;

        text_table_add(table, (const char *[]){label_print(member, &label), text});
        free(text);
    }
    text_table_print(table, out, depth * STEP, false);
    text_table_destroy(table);
    return at;
}

static void object_print(json_t *object, FILE *out, int depth);

static void nested_print(const char *member, json_t *value, FILE *out, int depth)
{
    struct label label;

    (void)fprintf(out, "%*s%s:\n", depth * STEP, "", label_print(member, &label));
    if (json_is_object(value))
        object_print(value, out, depth + 1);
    else if (has_lines(value))
        lines_print(value, out, (depth + 1) * STEP);
    else
        objects_print(value, out, (depth + 1) * STEP);
}

static void object_print(json_t *object, FILE *out, int depth)
{
    void *at = json_object_iter(object);

    while (at) {
        at = simple_print(object, at, out, depth);
        if (!at)
            return;
        nested_print(json_object_iter_key(at), json_object_iter_value(at), out, depth);
        at = json_object_iter_next(object, at);
    }
}

void record_print(json_t *object, FILE *out)
{
    object_print(object, out, 0);
}
